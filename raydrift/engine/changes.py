"""Has the input changed since a run saw it? Its listing says where to look, checksums decide.

A run keeps the CRC-32 of every file that it read, and for every shard a checksum of what the
listing told of its files: sizes and times. Where the listing tells the same, nothing is read. Where
it does not, the shard's files are read and compared. A copy of the same files, or files that were
merely touched, are no change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib

from raydrift.catalog import Catalog
from raydrift.catalog.replaced import Replaced
from raydrift.catalog.stream import sample_order
from raydrift.engine.address import address_of
from raydrift.engine.cluster_map import cluster_map
from raydrift.engine.data.companions import (
    CompanionReader,
    File,
    MaskReader,
    TwinReader,
    TwinsWanted,
    content_crc,
)
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.shard_images import Source, source_files
from raydrift.engine.jobs.maker import InputChanges
from raydrift.engine.session import connect
from raydrift.errors import OutputError, ShardError, reason
from raydrift.paths import StoragePath, redacted
from raydrift.schedules.where import Masks
from raydrift.settings.generate import GenerateSettings
from raydrift.storage import layout
from raydrift.storage.listing import pack, unpack
from raydrift.storage.parallel_map import ParallelMap, in_threads
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow, open_shard, read_rejected

_NONE = -1
_FEW_SHARDS = 64  # are looked at by this process; a cluster takes seconds to connect to
_CHECKED = ["sample_id", "content_crc"]

Checksums = npt.NDArray[np.int64]
"""CRC-32s of files; -1 of those that could not be read."""


Key = tuple[File, ...]
"""The path of an image, and where what belongs to it is."""


@dataclass(frozen=True)
class ShardFiles:
    """The files of a shard, and what they were.

    Attributes:
        shard: Its number.
        paths: The paths of the files, as the catalog has them, or where their replacements are.
        checksums: That they had.
        beside: The files of what belongs to them, as masks, each kind by itself.
    """

    shard: int
    paths: Sequence[Source]
    checksums: Checksums
    beside: Sequence[Sequence[File]] = ()

    @property
    def keys(self) -> list[Key]:
        """The path of each sample and what belongs to it, of which several may be the same."""
        return list(zip(self.paths, *self.beside, strict=True))


def compare_files(
    reader: Reader, companions: Sequence[CompanionReader], files: ShardFiles
) -> tuple[int, int, bool]:
    """Reads a shard's files, each once.

    Args:
        reader: What reads them.
        companions: What reads what belongs to them, each kind.
        files: The shard's.

    Returns:
        The shard's number, how many files have another content, and whether all that could be read
        then can be now.
    """
    changed, unread = 0, 0
    checksums = _checksums_now(reader, companions, files)
    for key, before in zip(files.keys, files.checksums.tolist(), strict=True):
        now = checksums[key]
        unread += now is None and before != _NONE
        changed += now is not None and before not in (_NONE, now)
    return files.shard, changed, not unread


def _checksums_now(
    reader: Reader, companions: Sequence[CompanionReader], files: ShardFiles
) -> dict[Key, int | None]:
    """The checksum of each file and what belongs to it, read once."""
    keys = dict.fromkeys(files.keys)
    paths, *beside = zip(*keys, strict=True)
    contents = reader.fetch(paths)
    fetched = [one.fetch(own) for one, own in zip(companions, beside, strict=True)]
    return dict(zip(keys, map(content_crc, contents, *fetched), strict=True))


class InputNow:
    """The files of a run's shards, as the input is now.

    Args:
        settings: The run's settings.
        catalog: The input, listed now.
        samples: The samples of the run.
        size: Samples a shard.
        where: For each drift, of which rows of the catalog it is meant.
        wanted: Which samples are blended with their twins; None: all that have one.
        replaced: Which samples are replaced by images of other sets; None: none are.
    """

    def __init__(
        self,
        settings: GenerateSettings,
        catalog: Catalog,
        samples: int,
        size: int,
        *,
        where: Masks = (),
        wanted: TwinsWanted | None = None,
        replaced: Replaced | None = None,
    ) -> None:
        self.first, self._size = settings.start, size
        self._catalog, self._where, self._replaced = catalog, where, replaced
        self._order = sample_order(settings, catalog).rows
        self._rows = self._order[self.first : self.first + samples]
        states, size = catalog.states(self._rows), self._size
        if replaced is not None:
            states = replaced.states(states, self.first)
        self.listing = [
            isal_zlib.crc32(states[start : start + size]) for start in range(0, len(states), size)
        ]
        self._cluster = settings.cluster
        image = settings.image
        self._companions: list[CompanionReader] = []
        if catalog.masks is not None:
            self._companions.append(MaskReader(catalog.masks, image))
        if catalog.twins is not None:
            self._companions.append(TwinReader(catalog.twins.root, image, wanted))
        reader = Reader(catalog.root, image.max_bytes)
        alone = [one.alone() for one in self._companions]
        self._compare = partial(compare_files, reader, alone)

    def samples(self, shard: int) -> slice:
        """The places of a shard's samples among those of the run."""
        return slice(shard * self._size, min((shard + 1) * self._size, len(self._rows)))

    def compare(
        self, shards: Iterable[tuple[int, Checksums]], count: int
    ) -> Iterator[tuple[int, int, bool]]:
        """Reads the files of some shards; if they are many, on the cluster that the run is for.

        Args:
            shards: Their numbers, and the checksums that their files had.
            count: How many there are, about.

        Yields:
            What ``compare_files`` tells of each.
        """
        files = (self._files_of(shard, then) for shard, then in shards)
        yield from self._parallel_map(count)(
            self._compare, files, 1
        )  # which reads some files at once

    def _files_of(self, shard: int, then: Checksums) -> ShardFiles:
        own = self.samples(shard)
        tasks = self._catalog.samples(
            self._order,
            self.first + own.start,
            own.stop - own.start,
            shard=shard,
            first_timestamp=0.0,
            delta_timestamp=0.0,
            where=self._where,
        )
        sets: Sequence[StoragePath | None] = ()
        if self._replaced is not None:
            tasks, sets = self._replaced.put_on(tasks), self._replaced.roots
        beside = [one.files(tasks) for one in self._companions]
        return ShardFiles(shard, source_files(tasks, sets), then, beside)

    def _parallel_map(self, count: int) -> ParallelMap:
        if count <= _FEW_SHARDS or address_of(self._cluster) == "local":
            return in_threads
        connect(self._cluster)
        return cluster_map()


def compared(now: InputNow, shards: Iterable[tuple[int, Checksums]], count: int) -> InputChanges:
    """Compares the files of some shards, given with the checksums that these had.

    Args:
        now: The input.
        shards: Their numbers and checksums.
        count: How many there are, about.
    """
    found = InputChanges()
    for shard, changed, whole in now.compare(shards, count):
        found.files += changed
        if changed:
            found.shards.add(shard)
        elif whole:
            found.listing[shard] = now.listing[shard]
    return found


def changes_of_shards(
    output: StoragePath, ledger: Mapping[int, LedgerRow], now: InputNow
) -> InputChanges:
    """Compares the files of those shards that were made by another listing.

    Args:
        output: The run's folder.
        ledger: The shards that are there.
        now: The input.
    """
    damaged: dict[int, ShardError] = {}
    other = [row for shard, row in ledger.items() if row.listing != now.listing[shard]]

    def checksums() -> Iterator[tuple[int, Checksums]]:
        for row in other:
            try:
                yield row.shard, _of_shard(output, row, now)
            except ShardError as error:
                damaged[row.shard] = error

    return replace(compared(now, checksums(), len(other)), damaged=damaged)


def note_listing(record: JobRecord, now: Mapping[int, int]) -> None:
    """Has a complete run remember the listing of some shards, as it is now."""
    listing = unpack(record.listing)
    for shard, state in now.items():
        listing[shard] = state
    record.listing = pack(listing)


def changes_of_results(output: StoragePath, record: JobRecord, now: InputNow) -> InputChanges:
    """Compares the files of a complete run's shards that were made by another listing.

    Args:
        output: The run's folder.
        record: The run's record.
        now: The input.

    Raises:
        OutputError: A table of the results cannot be read.
    """
    pairs = zip(unpack(record.listing), now.listing, strict=False)
    other = [shard for shard, (then, here) in enumerate(pairs) if then != here]
    if not other:
        return InputChanges()
    checksums = np.full(record.samples, _NONE)
    for name in (layout.PROVENANCE, layout.REJECTED):
        place = output / name
        try:
            with place.open_here_and_there() as file:
                for batch in pq.ParquetFile(file).iter_batches(columns=_CHECKED):
                    _put(checksums, batch, now.first)
        except (OSError, pa.ArrowException) as error:
            raise OutputError(
                f"{place} cannot be read ({redacted(reason(error))}): if it stays so, delete it "
                "and run the same generate command again, it makes what is missing"
            ) from error
    shards = ((shard, checksums[now.samples(shard)]) for shard in other)
    return compared(now, shards, len(other))


def _of_shard(output: StoragePath, row: LedgerRow, now: InputNow) -> Checksums:
    places = now.samples(row.shard)
    checksums = np.full(places.stop - places.start, _NONE)
    table = open_shard(output, row).read(_CHECKED)
    first = now.first + places.start
    for batch in table.to_batches():
        _put(checksums, batch, first)
    for one in read_rejected(output, row) if row.rejected else ():
        if one.content_crc is not None:
            checksums[one.sample_id - first] = one.content_crc
    return checksums


def _put(checksums: Checksums, batch: pa.RecordBatch, first: int) -> None:
    values = batch["content_crc"].fill_null(_NONE).to_numpy()
    checksums[batch["sample_id"].to_numpy() - first] = values
