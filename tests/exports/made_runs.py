"""Finished runs of any kind, written without Ray: each sample has pixels of its own."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.engine.identity import run_identity
from raydrift.paths import StoragePath
from raydrift.settings.output import OutputSettings
from raydrift.settings.toml import as_dict, generate_settings
from raydrift.storage import layout
from raydrift.storage.accepted import accept
from raydrift.storage.finalize import finalize
from raydrift.storage.finishers.chosen import finisher_for
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow, commit, write_samples
from raydrift.storage.tar_members import samples_size

SIDE = 16
_EACH = 7  # samples a shard
_ATTEMPT = "0123abcd"


def png_of(number: int, side: int = SIDE) -> bytes:
    """A smooth picture of its own for each number."""
    drawn = np.random.default_rng(number).integers(0, 256, (2, 2, 3), np.uint8)
    _, png = cv2.imencode(".png", cv2.resize(drawn, (side, side)))
    return bytes(png)


def finished_run(
    output: StoragePath,
    samples: Sequence[tuple[str, str]],
    *,
    container: str = "zip",
    network: str | None = None,
    masks: bool = False,
    split: str | None = None,
) -> StoragePath:
    """Writes a finished run.

    Args:
        output: The folder.
        samples: The class and the source's path of each sample.
        container: What the images are in.
        network: Which network made them; None: none did.
        masks: Whether they have masks.
        split: The part of the input that was used.
    """
    settings = replace(
        generate_settings({"input": "in", "output": "out", "split": split}),
        write=OutputSettings(container=container),
    )
    names = sorted({name for name, _ in samples})
    classes = {name: label for label, name in enumerate(names)}
    identity = run_identity(settings, len(samples), "", None)
    if network is not None:
        identity["network"] = network
    record = JobRecord(identity, as_dict(settings), _EACH, len(samples), classes)
    (output / layout.SHARDS).create()
    record.save(output)
    schema = schemas.shard(embeddings=False, masks=masks)
    ledger = []
    for shard in range(record.shards):
        ids = range(shard * _EACH, min((shard + 1) * _EACH, len(samples)))
        rows = [_row(number, *samples[number], classes, masks) for number in ids]
        table = pa.Table.from_pylist(rows, schema=schema)
        content = sum(len(row["image"]["bytes"]) for row in rows)
        size, crc = write_samples(output, shard, _ATTEMPT, schema, [table])
        ledger.append(
            LedgerRow(
                shard,
                record.fingerprint,
                len(ids),
                len(ids),
                0,
                0,
                content,
                sum(len(row["file_name"]) for row in rows),
                size,
                crc,
                attempt=_ATTEMPT,
                tar_size=samples_size(table),
                mask_bytes=sum(len(row["mask"]["bytes"]) for row in rows) if masks else -1,
            )
        )
        commit(output, ledger[-1], [])
    accept(output, record, ledger)
    finalize(output, finisher=finisher_for(settings.write))
    return output


def _row(number: int, name: str, source: str, classes: dict[str, int], masks: bool) -> dict:
    file = layout.member_name(number, None)
    row = {
        "sample_id": number,
        "timestamp": 60.0 * number,
        "label": classes[name],
        "class_name": name,
        "source_path": source,
        "file_name": file,
        "image": {"bytes": png_of(number), "path": file},
        "transforms": [],
        "drifted": number % 2 == 0,
        "level": 0.5,
        "reason": "",
    }
    if masks:
        row["mask"] = {"bytes": png_of(1000 + number), "path": file}
    return row
