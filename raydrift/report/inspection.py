"""What is in an output folder, and whether it is whole."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from isal import isal_zlib

from raydrift.errors import reason
from raydrift.place import Place
from raydrift.storage import layout
from raydrift.storage.crc32 import combine
from raydrift.storage.record import RunRecord, require_record
from raydrift.storage.shards import read_ledger
from raydrift.storage.spread import in_threads

_BLOCK = 2**22
_LARGE_BLOCK = 2**25
_READERS = 4


@dataclass
class Spread:
    """The values of one drawn parameter: how many, and where they lie."""

    count: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, values: pa.Array) -> None:
        """Counts some values in."""
        if not len(values):
            return
        ends = pc.min_max(values).as_py()
        self.count += len(values)
        self.total += pc.sum(values).as_py()
        self.least, self.most = min(self.least, ends["min"]), max(self.most, ends["max"])

    @property
    def mean(self) -> float:
        """Of the values; 0 where there is none."""
        return self.total / self.count if self.count else 0.0


@dataclass
class Inspection:
    """What ``inspect_output`` found.

    Attributes:
        record: The run's ``run.json``.
        files: Size of each file that is there, by name.
        shards_done: Shards that are there (0 after they were merged).
        classes: Samples written, by class name.
        drifted: Samples that drifted.
        drawn: (position, what was asked for, kernel, parameter) to the values drawn. What was asked
            for is a transform with its level, or with the lowest and the highest.
        rejected: Rows of ``rejected.parquet``.
        problems: What is not as it should be; none: the output is whole.
    """

    record: RunRecord
    files: dict[str, int]
    shards_done: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    drifted: int = 0
    drawn: dict[tuple[int, str, str, str], Spread] = field(default_factory=dict)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def inspect_output(output: Place, quick: bool = False) -> Inspection:
    """Reads an output folder and checks that its files are whole and belong together.

    Args:
        output: The folder.
        quick: Do not read the files for their checksums.

    Raises:
        OutputError: It is not the output of a run.
    """
    record = require_record(output)
    found = Inspection(record, {n: s for n, s in output.names().items() if n in layout.RESULTS})
    found.shards_done = len(read_ledger(output, record.fingerprint))
    _check_readable(output, found)
    if layout.REJECTED in found.files and not found.problems:
        found.rejected = _table(output, layout.REJECTED).to_pylist()
    if record.status != "complete":
        found.problems.append(_unfinished(record, found.shards_done))
        return found
    for name in _expected(record):
        if name not in found.files:
            found.problems.append(f"{name} is missing")
    if not found.problems:
        _check_bytes(output, found, quick)
        _summarize(output, found)
    if not found.problems:
        _check_tables(output, found)
        _check_zip(output, found)
    return found


def _unfinished(record: RunRecord, done: int) -> str:
    if done < record.shards:
        return (
            f"{record.shards - done} of {record.shards} shards are missing: "
            "run the same generate command again"
        )
    return "the shards are not merged yet: run raydrift finalize"


def _expected(record: RunRecord) -> list[str]:
    return [name for name in layout.RESULTS if name != layout.EMBEDDINGS or record.has_embeddings]


def _check_readable(output: Place, found: Inspection) -> None:
    for name in found.files:
        try:
            if name.endswith(".parquet"):
                for _ in _batches(output, name):
                    pass
        except (pa.ArrowException, OSError) as error:
            found.problems.append(f"{name} cannot be read: {reason(error)}")


def _check_tables(output: Place, found: Inspection) -> None:
    ids = _table(output, layout.INPUT_MAPPING, ["sample_id"])["sample_id"]
    names = [layout.TARGET, layout.PROVENANCE]
    names += [layout.EMBEDDINGS] if found.record.has_embeddings else []
    for name in names:
        if not _table(output, name, ["sample_id"])["sample_id"].equals(ids):
            found.problems.append(f"{name} has other samples than {layout.INPUT_MAPPING}")
    counts = found.record.counts
    if len(ids) != counts["written"] or len(found.rejected) != counts["rejected"]:
        found.problems.append(
            f"{len(ids)} samples and {len(found.rejected)} rejected are there, "
            f"{counts['written']} and {counts['rejected']} were written"
        )


def _check_bytes(output: Place, found: Inspection, quick: bool) -> None:
    """Whether the files still have the bytes that were written."""
    for name, wanted in found.record.files.items():
        if found.files[name] != wanted["size"]:
            found.problems.append(
                f"{name} has {found.files[name]} bytes, {wanted['size']} were written"
            )
        elif quick:
            continue
        elif name == layout.ZIP:
            if f"{_crc32(output / name):08x}" != wanted["crc32"]:
                found.problems.append(f"{name} was altered: its CRC-32 is not the one in run.json")
        elif _sha256(output / name) != wanted["sha256"]:
            found.problems.append(f"{name} was altered: its SHA-256 is not the one in run.json")


def _check_zip(output: Place, found: Inspection) -> None:
    place = output / layout.ZIP
    names = _table(output, layout.INPUT_MAPPING, ["file_name"])["file_name"].to_pylist()
    try:
        with place.open_here_and_there() as file, ZipFile(file) as archive:
            if archive.namelist() != names:
                found.problems.append(f"{layout.ZIP} has other members than {layout.INPUT_MAPPING}")
    except BadZipFile as error:
        found.problems.append(f"{layout.ZIP} cannot be opened: {error}")


def _crc32(place: Place) -> int:
    """Of a large file, some blocks of which are read at once."""

    def read(offset: int) -> tuple[int, int]:
        block = place.read_part(_LARGE_BLOCK, offset)
        return isal_zlib.crc32(block), len(block)

    total = 0
    starts = range(0, place.info().size, _LARGE_BLOCK)
    with closing(in_threads(read, starts, _READERS)) as blocks:
        for crc, size in blocks:
            total = combine(total, crc, size)
    return total


def _sha256(place: Place) -> str:
    total = sha256()
    with place.open_here_and_there() as stream:
        while block := stream.read(_BLOCK):
            total.update(block)
    return total.hexdigest()


def _summarize(output: Place, found: Inspection) -> None:
    found.classes = dict.fromkeys(found.record.classes, 0)
    drawn: dict[tuple[int, str, str, str], tuple[Spread, Spread]] = {}
    for batch in _batches(output, layout.PROVENANCE):
        for count in pc.value_counts(batch["class_name"]).to_pylist():
            found.classes[count["values"]] += count["counts"]
        found.drifted += pc.sum(batch["drifted"]).as_py()
        _add_drawn(batch["transforms"], drawn)
    for (position, name, kernel, parameter), (levels, values) in drawn.items():
        asked = f"{name}:{levels.least!r}"
        if levels.most > levels.least:
            asked = f"{name}:{levels.least:.3g} to {levels.most:.3g}"
        found.drawn[position, asked, kernel, parameter] = values


def _add_drawn(
    chains: pa.ListArray, drawn: dict[tuple[int, str, str, str], tuple[Spread, Spread]]
) -> None:
    lengths = pc.list_value_length(chains)
    for position in range(pc.max(lengths).as_py() or 0):
        steps = pc.list_element(chains.filter(pc.greater(lengths, position)), position)
        parameters = steps.field("parameters")
        parents = np.repeat(np.arange(len(parameters)), np.diff(parameters.offsets.to_numpy()))
        table = pa.table(
            {
                "type": steps.field("type").take(parents),
                "level": steps.field("level").take(parents),
                "kernel": steps.field("kernel").take(parents),
                "name": parameters.keys,
                "value": parameters.items,
            }
        )
        keys = ["type", "kernel", "name"]
        for key in table.group_by(keys, use_threads=False).aggregate([]).to_pylist():
            chosen = table
            for name in keys:
                chosen = chosen.filter(pc.equal(chosen[name], key[name]))
            place = (position, key["type"], key["kernel"], key["name"])
            levels, values = drawn.setdefault(place, (Spread(), Spread()))
            levels.add(chosen["level"])
            values.add(chosen["value"])


def _table(output: Place, name: str, columns: list[str] | None = None) -> pa.Table:
    place = output / name
    with place.open_here_and_there() as file:
        return pq.read_table(file, columns=columns)


def _batches(output: Place, name: str) -> Iterator[pa.RecordBatch]:
    place = output / name
    with place.open_here_and_there() as file:
        yield from pq.ParquetFile(file).iter_batches()
