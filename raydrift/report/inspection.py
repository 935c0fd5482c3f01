"""What is in an output folder, and whether it is whole."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from isal import isal_zlib

from raydrift.drift.written import parameters_of
from raydrift.errors import reason
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.accepted import rows_there
from raydrift.storage.crc32 import combine
from raydrift.storage.damage import find_damage
from raydrift.storage.damaged import DamagedError
from raydrift.storage.finishers.chosen import finisher_of
from raydrift.storage.parallel_map import in_threads
from raydrift.storage.record import JobRecord, require_record
from raydrift.text import plural

_BLOCK = 2**22
_LARGE_BLOCK = 2**25
_READERS = 4
_ROWS = 8_192  # of a table in memory

FIRST: Final = 10
"""Rejected images that are told one by one."""


@dataclass
class ValueStats:
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
        """The mean of the values; 0 where there is none."""
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
        rejected: How many rows ``rejected.parquet`` has.
        first_rejected: The first few of them.
        problems: What is not as it should be; none: the output is whole.
    """

    record: JobRecord
    files: dict[str, int]
    shards_done: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    drifted: int = 0
    drawn: dict[tuple[int, str, str, str], ValueStats] = field(default_factory=dict)
    rejected: int = 0
    first_rejected: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def inspect_output(output: StoragePath, quick: bool = False) -> Inspection:
    """Reads an output folder and checks that its files are whole and belong together.

    It takes the same memory however many samples there are.

    Args:
        output: The folder.
        quick: Do not read the files for their checksums.

    Raises:
        OutputError: It is not the output of a run.
    """
    record = require_record(output)
    names = output.names()
    found = Inspection(
        record, {name: size for name, size in names.items() if layout.is_result(name)}
    )
    found.shards_done = len(rows_there(output, record))
    if record.status != "complete":
        too_many_rejected = layout.REJECTED in found.files  # written before the merge only then
        if too_many_rejected:
            _read_rejected(output, found)
        found.problems.append(_unfinished(record, found.shards_done, too_many_rejected))
        return found
    found.problems += find_damage(output, record, names)
    if not found.problems and not quick:
        _check_bytes(output, found)
    if record.views:
        _inspect_views(output, found, quick)
        return found
    if not found.problems:
        _read_rejected(output, found)
        _summarize(output, found)
        _check_tables(output, found)
    if not found.problems:
        _check_members(output, found)
    return found


def _inspect_views(output: StoragePath, found: Inspection, quick: bool) -> None:
    """Whether each view is whole; they have the same samples."""
    for code in found.record.views:
        if found.problems:
            return
        name = layout.view_folder(code)
        view = inspect_output(output / name, quick)
        found.problems += [f"{name}/{problem}" for problem in view.problems]
        found.classes = view.classes
        found.rejected, found.first_rejected = view.rejected, view.first_rejected


def _unfinished(record: JobRecord, done: int, too_many_rejected: bool) -> str:
    missing = record.shards - done
    if missing > 0:
        verb = "is" if missing == 1 else "are"
        return (
            f"{missing} of {plural(record.shards, 'shard')} {verb} missing: "
            "run the same generate command again"
        )
    if too_many_rejected:
        return (
            "the shards are not merged, too many images were rejected: run raydrift finalize "
            "--accept-rejected, or the same generate command with a higher --max-rejected"
        )
    return "the shards are not merged yet: run raydrift finalize"


@contextmanager
def _reading(name: str, found: Inspection) -> Iterator[None]:
    """That a file cannot be read is a problem of the output, and no crash."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        found.problems.append(f"{name} cannot be read: {reason(error)}")


def _read_rejected(output: StoragePath, found: Inspection) -> None:
    with _reading(layout.REJECTED, found):
        for batch in _batches(output, layout.REJECTED):
            found.rejected += len(batch)
            found.first_rejected += batch.slice(0, FIRST - len(found.first_rejected)).to_pylist()


def _check_tables(output: StoragePath, found: Inspection) -> None:
    """Whether all tables have the same samples in the same order."""
    names = [layout.INPUT_MAPPING, layout.TARGET, layout.PROVENANCE]
    names += [layout.EMBEDDINGS] if found.record.has_embeddings else []
    names += finisher_of(found.record).tables
    samples = {}
    for name in names:
        with _reading(name, found):
            samples[name] = _samples(output, name)
    first = samples.get(layout.INPUT_MAPPING)
    found.problems += [
        f"{name} has other samples than {layout.INPUT_MAPPING}"
        for name, its in samples.items()
        if first is not None and its != first
    ]


def _samples(output: StoragePath, name: str) -> str:
    """SHA-256 of a table's sample ids; what no other check reads of it is read as well."""
    total = sha256()
    columns = ["sample_id"] if name in (layout.PROVENANCE, layout.EMBEDDINGS) else None
    for batch in _batches(output, name, columns):
        total.update(batch["sample_id"].to_numpy(zero_copy_only=False).astype(np.int64))
    return total.hexdigest()


def _check_bytes(output: StoragePath, found: Inspection) -> None:
    """Whether the files still have the bytes that were written."""
    for name, wanted in found.record.files.items():
        with _reading(name, found):
            if "crc32" in wanted:
                if _crc32(output / name) != wanted["crc32"]:
                    found.problems.append(
                        f"{name} was altered: its CRC-32 is not the one in run.json"
                    )
            elif _sha256(output / name) != wanted["sha256"]:
                found.problems.append(f"{name} was altered: its SHA-256 is not the one in run.json")


def _check_members(output: StoragePath, found: Inspection) -> None:
    """Whether the files with images name the members of the mapping."""
    names = (
        name
        for batch in _batches(output, layout.INPUT_MAPPING, ["file_name"])
        for name in batch["file_name"].to_pylist()
    )
    with _reading("the images", found):
        try:
            finisher_of(found.record).check_members(output, found.record, names)
        except DamagedError as error:
            found.problems.append(str(error))


def _crc32(place: StoragePath) -> str:
    """The CRC-32 of a large file, some blocks of which are read at once."""

    def read(offset: int) -> tuple[int, int]:
        block = place.read_part(_LARGE_BLOCK, offset)
        return isal_zlib.crc32(block), len(block)

    total = 0
    starts = range(0, place.info().size, _LARGE_BLOCK)
    with closing(in_threads(read, starts, _READERS)) as blocks:
        for crc, size in blocks:
            total = combine(total, crc, size)
    return f"{total:08x}"


def _sha256(place: StoragePath) -> str:
    total = sha256()
    with place.open_here_and_there() as stream:
        while block := stream.read(_BLOCK):
            total.update(block)
    return total.hexdigest()


def _summarize(output: StoragePath, found: Inspection) -> None:
    found.classes = dict.fromkeys(found.record.classes, 0)
    drawn: dict[tuple[int, str, str, str], tuple[ValueStats, ValueStats]] = {}
    with _reading(layout.PROVENANCE, found):
        for batch in _batches(output, layout.PROVENANCE):
            for count in pc.value_counts(batch["class_name"]).to_pylist():
                name = count["values"]
                found.classes[name] = found.classes.get(name, 0) + count["counts"]
            found.drifted += pc.sum(batch["drifted"], min_count=0).as_py()
            _add_drawn(batch["transforms"], drawn)
    for (position, name, kernel, parameter), (levels, values) in drawn.items():
        asked = f"{name}:{levels.least!r}"
        if levels.most > levels.least:
            asked = f"{name}:{levels.least:.3g} to {levels.most:.3g}"
        found.drawn[position, asked, kernel, parameter] = values


def _add_drawn(
    chains: pa.ListArray, drawn: dict[tuple[int, str, str, str], tuple[ValueStats, ValueStats]]
) -> None:
    lengths = pc.list_value_length(chains)
    for position in range(pc.max(lengths).as_py() or 0):
        steps = pc.list_element(chains.filter(pc.greater(lengths, position)), position)
        table = _numbers(steps)
        keys = ["type", "kernel", "name"]
        for key in table.group_by(keys, use_threads=False).aggregate([]).to_pylist():
            chosen = table
            for name in keys:
                chosen = chosen.filter(pc.equal(chosen[name], key[name]))
            place = (position, key["type"], key["kernel"], key["name"])
            levels, values = drawn.setdefault(place, (ValueStats(), ValueStats()))
            levels.add(chosen["level"])
            values.add(chosen["value"])


def _numbers(steps: pa.StructArray) -> pa.Table:
    """One row for each number among the parameters of some transforms."""
    parents: list[int] = []
    found: dict[str, list[Any]] = {"name": [], "value": []}
    for row, kept in enumerate(steps.field("parameters").to_pylist()):
        for name, value in parameters_of(kept).items():
            if type(value) in (int, float):  # a truth value is an int too
                parents.append(row)
                found["name"].append(name)
                found["value"].append(float(value))
    rows = pa.array(parents, pa.int64())
    columns = {name: steps.field(name).take(rows) for name in ("type", "level", "kernel")}
    columns["name"] = pa.array(found["name"], pa.string())
    columns["value"] = pa.array(found["value"], pa.float64())
    return pa.table(columns)


def _batches(
    output: StoragePath, name: str, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """A table, of which little is in memory at a time."""
    place = output / name
    with place.open_here_and_there() as file:
        yield from pq.ParquetFile(file).iter_batches(_ROWS, columns=columns)
