"""A finished run of very many samples, whose images are a single byte each."""

import sys
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.drift.written import as_text
from raydrift.paths import StoragePath
from raydrift.settings.toml import as_dict, generate_settings
from raydrift.storage import layout
from raydrift.storage.record import JobRecord
from raydrift.storage.tables import HashingSink, TableSink
from raydrift.storage.zip_layout import directory_entry, end_records, member_header

IMAGE = b"x"
_AT_ONCE = 16_384


def write_run(folder: Path, samples: int) -> None:
    """Writes the run's files: half as many rejected images as samples, two classes."""
    settings = generate_settings({"input": "in", "output": str(folder)})
    record = JobRecord(
        identity={}, settings=as_dict(settings), shard_size=256, samples=samples,
        classes={"boat": 0, "house": 1}, status="complete",
        counts={"asked": samples + samples // 2, "written": samples, "rejected": samples // 2},
    )  # fmt: skip
    output = StoragePath.of(folder)
    tables = {
        layout.INPUT_MAPPING: schemas.INPUT_MAPPING,
        layout.TARGET: schemas.TARGET,
        layout.PROVENANCE: schemas.PROVENANCE,
        layout.REJECTED: schemas.REJECTED,
    }
    for name, schema in tables.items():
        rows = samples // 2 if name == layout.REJECTED else samples
        with (output / name).writing() as file:
            sink = HashingSink(file)
            with TableSink(sink, schema) as table:
                for part in _parts(rows):
                    table.add(part)
        record.files[name] = sink.facts
    record.files[layout.ZIP] = _write_zip(folder / layout.ZIP, samples)
    record.save(output)


def _parts(rows: int) -> Iterator[pa.Table]:
    for begin in range(0, rows, _AT_ONCE):
        ids = np.arange(begin, min(rows, begin + _AT_ONCE))
        names = [layout.member_name(one, None) for one in ids.tolist()]
        step = {"type": "rotate", "level": 0.5, "kernel": "rotate"}
        chains = [
            [step | {"parameters": as_text({"degrees": float(one % 90)})}] for one in ids.tolist()
        ]
        columns = {
            "sample_id": ids,
            "timestamp": ids * 1800.0,
            "file_name": names,
            "label": ids % 2,
            "source_path": names,
            "class_name": [("boat", "house")[one % 2] for one in ids.tolist()],
            "drifted": ids % 2 == 0,
            "level": np.full(len(ids), 0.5),
            "reason": ["always"] * len(ids),
            "transforms": pa.array(chains, schemas.TRANSFORMS),
            "content_crc": ids,
            "profile": pa.nulls(len(ids), pa.string()),
            "path": names,
            "stage": ["decode"] * len(ids),
            "error": ["not an image"] * len(ids),
        }
        yield pa.table(columns)


def _write_zip(path: Path, samples: int) -> dict[str, int | str]:
    crc, total, offset, directory = crc32(IMAGE), 0, 0, 0
    with path.open("wb") as file, path.with_suffix(".directory").open("w+b") as entries:
        for number in range(samples):
            name = layout.member_name(number, None).encode()
            header = member_header(name, crc, len(IMAGE))
            file.write(header + IMAGE)
            directory += entries.write(directory_entry(name, crc, len(IMAGE), offset, zip64=False))
            offset += len(header) + len(IMAGE)
        entries.seek(0)
        while block := entries.read(2**20):
            file.write(block)
        file.write(end_records(samples, offset, directory))
    path.with_suffix(".directory").unlink()
    with path.open("rb") as file:
        while block := file.read(2**20):
            total = crc32(block, total)
    return {"size": path.stat().st_size, "crc32": f"{total:08x}"}


if __name__ == "__main__":
    write_run(Path(sys.argv[1]), int(sys.argv[2]))
