"""Shards and their commit.

A shard is committed by two files: ``part-N-ATTEMPT.parquet`` with its samples, then
``part-N-ATTEMPT.json``, its ledger entry, with the parquet's checksum and the shard's rejected
images. Each appears whole or not at all. Every attempt at a shard has files of its own: a task that
is retried, or a worker that commits late, overwrites nothing.
"""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib

from raydrift.errors import ShardError
from raydrift.paths import Sink, StoragePath, Sync, retrying, unfinished_of
from raydrift.storage import layout
from raydrift.storage.remarks import Remark

STAGES: Final = ("read", "drift", "embed", "write")
"""What is done with a shard, one after the other."""

READERS: Final = 16
"""Ledger entries that are read at once."""

_BLOCK_BYTES = 2**18  # of a file in memory: a core keeps it in its own cache
_PAGE_ROWS = 8  # of images, which are large


@dataclass(frozen=True)
class Rejected:
    """One image that could not be used."""

    sample_id: int
    path: str
    stage: str
    error: str
    content_crc: int | None = None


@dataclass(frozen=True)
class LedgerRow:
    """What the driver knows of a committed shard.

    Attributes:
        shard: Its number.
        fingerprint: The fingerprint of the run that it belongs to.
        asked: Samples that it was asked for.
        written: Samples in it.
        rejected: Images that could not be used; ``asked == written + rejected``.
        unread: Those of them that could not be read, which may be there another time.
        interrupted: Those of the unread that failed by what may pass, as a broken connection.
        content_bytes: Bytes of the files in it, as PNGs.
        names_size: Bytes of their names.
        mask_bytes: Bytes of their masks, as PNGs; -1: they have none.
        tar_size: Bytes that its samples take in a tar file; -1: no tar file was asked for.
        size: Bytes of its parquet file.
        crc32: The CRC-32 of its parquet file; a SHA-256 would cost more than all else in the merge.
        first_rejected: ``path: reason`` of the first rejected image, else empty.
        attempt: Which of the attempts at the shard this is: a part of its files' names.
        remarks: On images in it, which are worth a look.
        worker: Where it was made, ``HOST:PID``.
        pixels_on: The kind of machine that its images were made on.
        embedded_on: The kind of machine that its embeddings were made on; empty without them.
        listing: CRC-32 of its files' states in the listing that it was made by.
        started: When, in seconds since 1970.
        read_seconds: Waited for input.
        drift_seconds: Decoded, drifted and encoded.
        embed_seconds: In the network.
        write_seconds: Writing the shard.
    """

    shard: int
    fingerprint: str
    asked: int
    written: int
    rejected: int
    unread: int
    content_bytes: int
    names_size: int
    size: int
    crc32: int
    first_rejected: str = ""
    interrupted: int = 0
    tar_size: int = -1
    mask_bytes: int = -1
    attempt: str = ""
    remarks: tuple[Remark, ...] = ()
    worker: str = ""
    pixels_on: str = ""
    embedded_on: str = ""
    listing: int = -1
    started: float = 0.0
    read_seconds: float = 0.0
    drift_seconds: float = 0.0
    embed_seconds: float = 0.0
    write_seconds: float = 0.0

    @property
    def made_on(self) -> dict[str, str]:
        """The kinds of machines that it was made on, as ``JobRecord.made_on`` has them."""
        kinds = {"pixels": self.pixels_on, "embeddings": self.embedded_on}
        return {name: kind for name, kind in kinds.items() if kind}

    @property
    def shard_name(self) -> str:
        """The name of the file with its samples, in ``_shards/``."""
        return layout.shard_name(self.shard, self.attempt)

    @property
    def ledger_name(self) -> str:
        """The name of the file with its ledger entry, in ``_shards/``."""
        return layout.ledger_name(self.shard, self.attempt)

    @property
    def unusable(self) -> tuple[int, int]:
        """How many images it lacks, the unread ones first: the lowest attempt is the best."""
        return self.unread, self.rejected

    @property
    def stage_seconds(self) -> dict[str, float]:
        """What it took, by stage."""
        return {stage: getattr(self, f"{stage}_seconds") for stage in STAGES}

    @property
    def seconds(self) -> float:
        """What it took in all; the way from one worker to the next is left out."""
        return sum(self.stage_seconds.values())

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Reads the row from plain values; keys of later versions are passed over."""
        known = {item.name: values[item.name] for item in fields(cls) if item.name in values}
        remarks = (
            Remark(one["text"], one["images"], tuple(one["examples"]))
            for one in known.pop("remarks", ())
        )
        return cls(**known, remarks=tuple(remarks))


class SampleFile:
    """The parquet file of a shard in the making.

    Attributes:
        size: Its bytes, once it is whole.
        crc32: Its CRC-32, once it is whole.
    """

    def __init__(self, schema: pa.Schema, sink: Any) -> None:
        self._writer = pq.ParquetWriter(
            sink,
            schema,
            compression="NONE",
            use_dictionary=["class_name"],
            write_statistics=["sample_id"],
            write_batch_size=_PAGE_ROWS,
        )
        self.size = self.crc32 = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._writer.close()

    def add(self, part: pa.Table) -> None:
        """Writes some samples, a row group."""
        if part.num_rows:
            self._writer.write_table(part, row_group_size=part.num_rows)


@contextmanager
def writing_samples(
    output: StoragePath, shard: int, attempt: str, schema: pa.Schema
) -> Iterator[SampleFile]:
    """Opens the parquet file of a shard; it appears whole when the block ends, or not at all.

    Nothing is compressed: nearly all of it is PNG. To this machine's disks parts go as they come,
    page by page: a worker has no room for all of them.
    """
    place = output / layout.SHARDS / layout.shard_name(shard, attempt)
    if place.is_local:
        with place.writing(sync=Sync.BYTES) as file:  # its ledger entry makes its name last
            sink = ChecksumSink(file)
            with SampleFile(schema, pa.PythonFile(sink, "w")) as samples:
                yield samples
        samples.size, samples.crc32 = sink.size, sink.crc32
        return
    buffer = pa.BufferOutputStream()
    with SampleFile(schema, buffer) as samples:
        yield samples
    data = buffer.getvalue()
    place.write_bytes(data)
    samples.size, samples.crc32 = data.size, isal_zlib.crc32(data)


def write_samples(
    output: StoragePath, shard: int, attempt: str, schema: pa.Schema, parts: Iterable[pa.Table]
) -> tuple[int, int]:
    """Writes a shard as parquet, see ``writing_samples``; returns its size and CRC-32."""
    with writing_samples(output, shard, attempt, schema) as samples:
        for part in parts:
            samples.add(part)
    return samples.size, samples.crc32


class ChecksumSink:
    """Counts what it passes on, and keeps its CRC-32; as much of a file as Arrow asks for."""

    closed = False

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.size = 0
        self.crc32 = 0

    def write(self, data: bytes) -> None:
        """Takes the next bytes."""
        self._sink.write(data)
        self.size += len(data)
        self.crc32 = isal_zlib.crc32(data, self.crc32)

    def tell(self) -> int:
        """How many bytes there were."""
        return self.size

    def flush(self) -> None:
        """Nothing waits here."""


def commit(output: StoragePath, row: LedgerRow, rejected: Iterable[Rejected]) -> None:
    """Commits a shard whose samples are written: writes its ledger entry.

    An entry that a power cut left in pieces is no JSON, and none.
    """
    entry = asdict(row) | {"rejected_images": [asdict(one) for one in rejected]}
    place = output / layout.SHARDS / row.ledger_name
    place.write_bytes(json.dumps(entry).encode(), Sync.AT_ONCE)


def read_ledger(output: StoragePath, fingerprint: str) -> dict[int, LedgerRow]:
    """The committed shards of a run by number; of several attempts at one the best."""
    return best(read_attempts(output, fingerprint))


def read_attempts(output: StoragePath, fingerprint: str) -> list[LedgerRow]:
    """All committed attempts at the shards of a run.

    Left out are those whose files have another size than their ledger entry says, and those of
    another run: a worker that outlived its own run may have written them.
    """
    folder = output / layout.SHARDS
    sizes = folder.names()
    ledgers = [name for name in sizes if layout.is_shard_file(name) and name.endswith(".json")]

    def read(name: str) -> LedgerRow | None:
        try:
            row = LedgerRow.from_dict(json.loads((folder / name).read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):  # cut off while written, or deleted
            return None
        return row if row.ledger_name == name else None

    with ThreadPoolExecutor(READERS) as pool:
        rows = [row for row in pool.map(read, ledgers) if row is not None]
    return [
        row
        for row in rows
        if row.fingerprint == fingerprint and sizes.get(row.shard_name) == row.size
    ]


def best(rows: Iterable[LedgerRow]) -> dict[int, LedgerRow]:
    """The best attempt at each shard, in order.

    That is the one with the fewest images unread, then with the fewest rejected, then the one that
    was begun first: the choice depends on nothing but the attempts that there are.
    """
    chosen: dict[int, LedgerRow] = {}
    for row in sorted(rows, key=lambda row: (row.shard, row.unusable, row.started, row.attempt)):
        chosen.setdefault(row.shard, row)
    return chosen


def intact(output: StoragePath, rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """Those of the shards whose bytes are still the ones that were committed."""
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda row: (row, _committed_file(output, row) is not None), rows)
        return [row for row, whole in found if whole]


def open_shard(output: StoragePath, row: LedgerRow) -> pq.ParquetFile:
    """Opens a committed shard, to be read at once or, since images are large, in batches.

    Raises:
        ShardError: It is gone, or its bytes are not those that were committed.
    """
    file = _committed_file(output, row)
    if file is None:
        raise ShardError(
            f"{output / layout.SHARDS / row.shard_name} was altered since it was "
            "written: run the same generate command again, it redoes this shard"
        )
    return pq.ParquetFile(file, buffer_size=_BLOCK_BYTES)


def _committed_file(output: StoragePath, row: LedgerRow) -> pa.NativeFile | None:
    """The file of a shard; None if it is gone, or its bytes are not those that were committed."""
    try:
        file = (output / layout.SHARDS / row.shard_name).open()
    except FileNotFoundError:
        return None
    return file if retrying(soon=True)(_crc32, file) == row.crc32 else None


def _crc32(file: pa.NativeFile) -> int:
    """The CRC-32 of its bytes; they pass through a little memory, which the next ones find warm."""
    block, crc = memoryview(bytearray(_BLOCK_BYTES)), 0
    file.seek(0)
    while size := file.readinto(block):
        crc = isal_zlib.crc32(block[:size], crc)
    return crc


def read_rejected(output: StoragePath, row: LedgerRow) -> list[Rejected]:
    """The rejected images of a committed shard, by sample id.

    Raises:
        ShardError: Its ledger entry is gone, or is not the one that was committed.
    """
    place = output / layout.SHARDS / row.ledger_name
    try:
        entry = json.loads(place.read_bytes())
        found = [Rejected(**one) for one in entry["rejected_images"]]
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        found = None
    if found is None or len(found) != row.rejected:
        raise ShardError(
            f"{place} is gone or was altered since it was written: "
            "run the same generate command again, it redoes this shard"
        )
    return found


def remove_unfinished(output: StoragePath) -> None:
    """Deletes what killed workers left of shards; on S3 they leave nothing."""
    if output.s3 is None:
        folder = output / layout.SHARDS
        folder.delete_files(name for name in folder.names() if _is_unfinished(name))


def remove_other_attempts(output: StoragePath, rows: Iterable[LedgerRow]) -> None:
    """Deletes all attempts at shards but some; what is not raydrift's stays."""
    kept = {name for row in rows for name in (row.shard_name, row.ledger_name)}
    _remove(output, kept | {layout.ACCEPTED})


def remove_shards(output: StoragePath) -> None:
    """Deletes all that raydrift wrote to ``_shards/``, and the folder if nothing else is there."""
    _remove(output, set())
    (output / layout.SHARDS).delete_if_empty()


def remove_earlier_shards(output: StoragePath) -> None:
    """Deletes the shards of a run of an earlier format, which only its ``run.json`` vouches for."""
    folder, ours = output / layout.SHARDS, layout.is_earlier_shard_file
    folder.delete_files([name for name in folder.names() if ours(unfinished_of(name) or name)])


def _remove(output: StoragePath, kept: set[str]) -> None:
    folder = output / layout.SHARDS
    folder.delete_files(
        [
            name
            for name in folder.names()
            if (layout.is_shard_file(name) and name not in kept) or _is_unfinished(name)
        ]
    )


def _is_unfinished(name: str) -> bool:
    return layout.is_shard_file(unfinished_of(name) or "")
