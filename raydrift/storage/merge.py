"""The one pass over a run's shards, in which its files of images and its tables are written."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Final

from raydrift import schemas
from raydrift.paths import PartFile, PartWriter, StoragePath
from raydrift.storage import layout
from raydrift.storage.crc32 import combine
from raydrift.storage.finishers.finisher import (
    FileEnd,
    FilledPart,
    Finisher,
    Part,
    PlannedFile,
    fill_part,
)
from raydrift.storage.parallel_map import ParallelMap, in_threads
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow
from raydrift.storage.tables import HashingSink, TableSink

Facts = dict[str, int | str]
"""What ``run.json`` says of a file."""

_TABLES: Final = {
    layout.INPUT_MAPPING: schemas.INPUT_MAPPING,
    layout.TARGET: schemas.TARGET,
    layout.EMBEDDINGS: schemas.EMBEDDINGS,
    layout.PROVENANCE: schemas.PROVENANCE,
}
_TABLE_ROW_BYTES: Final = 6_000  # of an embedding and a bit; an upper bound is enough


def merge(
    output: StoragePath,
    record: JobRecord,
    finisher: Finisher,
    planned: Sequence[PlannedFile],
    on_shard: Callable[[LedgerRow], None] | None,
    check: Callable[[], None],
    spread: ParallelMap,
) -> dict[str, Facts]:
    """Writes the files that hold the images, and the tables beside them.

    A file of images appears when it is whole, the tables when all is.

    Args:
        output: The run's folder.
        record: The run's record.
        finisher: Whose files they are.
        planned: As it planned them.
        on_shard: Called after each shard.
        check: Called before whatever cannot be taken back; raises if the lock was lost.
        spread: Runs the writers of the parts, where their filesystem takes several at once.

    Returns:
        What there is to know of each file, by its name.
    """
    provenance = schemas.provenance(record.is_raw, record.has_copies, record.has_replaced)
    tables = _TABLES | {layout.PROVENANCE: provenance}
    schema_of = {
        name: schema
        for name, schema in (tables | dict(finisher.tables)).items()
        if name != layout.EMBEDDINGS or record.has_embeddings
    }
    rows = sum(row.written for file in planned for part in file.parts for row in part.rows)
    with ExitStack() as stack:
        sinks = {
            name: HashingSink(stack.enter_context((output / name).writing(_TABLE_ROW_BYTES * rows)))
            for name in schema_of
        }
        sinks_of_tables = [
            stack.enter_context(TableSink(sinks[name], schema))
            for name, schema in schema_of.items()
        ]
        files = _Files(output, finisher, planned, stack)
        spread = spread if files.anywhere else in_threads
        work = partial(fill_part, output, finisher)
        with closing(spread(work, files.tasks(), files.at_once)) as done:
            for filled in done:
                check()
                part = files.take(filled)
                for shard in filled.shards:
                    for table in sinks_of_tables:
                        table.add(shard)
                if on_shard is not None and filled.shards:  # not once more of masks
                    for row in part.rows:
                        on_shard(row)
                check()
                files.close_whole()
        check()
    return files.facts | {name: sink.facts for name, sink in sinks.items()}


class _OpenFile:
    """A file of images in the making.

    Args:
        planned: What it is going to be.
        file: What its parts are written to.
        end: What ends the file.
        stack: Closes the file.
    """

    def __init__(
        self, planned: PlannedFile, file: PartFile, end: FileEnd, stack: ExitStack
    ) -> None:
        self.planned = planned
        self.file = file
        self._end = end
        self._stack = stack
        self._crc = self._parts = self._images = 0
        self._ids: list[int] = []  # of the first sample and of the last

    def take(self, part: Part, filled: FilledPart) -> None:
        """Hears what is known of the next part."""
        self._parts += 1
        self.file.take(filled.result)
        self._end.add(filled.directory)
        self._crc = combine(self._crc, filled.crc, part.size)
        for shard in filled.shards:
            if shard.num_rows:
                ids = shard["sample_id"]
                self._ids = [*self._ids[:1], ids[0].as_py(), ids[-1].as_py()]
                self._images += shard.num_rows

    @property
    def is_whole(self) -> bool:
        """Whether all parts are there."""
        return self._parts == len(self.planned.parts)

    def close(self) -> Facts:
        """Completes the file; returns what there is to know of it."""
        crc = self._end.close(self._crc)
        self._stack.close()
        facts: Facts = {"size": self.planned.size, "crc32": f"{crc:08x}"}
        if self.planned.name not in (layout.ZIP, layout.MASKS):  # which have all
            facts["images"] = self._images
            if self._ids:
                facts |= {"first_sample": self._ids[0], "last_sample": self._ids[-1]}
        return facts


class _Files:
    """The files of a merge: each is opened for its first part, and closed after its last.

    Args:
        output: The run's folder.
        finisher: Whose files they are.
        planned: As it planned them.
        stack: Closes those that are open when the merge fails.

    Attributes:
        facts: What there is to know of those that are whole, by name.
    """

    def __init__(
        self,
        output: StoragePath,
        finisher: Finisher,
        planned: Sequence[PlannedFile],
        stack: ExitStack,
    ) -> None:
        self._output = output
        self._finisher = finisher
        self._coming = deque(planned)
        self._stack = stack
        self._open: deque[_OpenFile] = deque()
        self._under_way: deque[tuple[_OpenFile, Part]] = deque()
        self.facts: dict[str, Facts] = {}
        self._open_next()

    @property
    def anywhere(self) -> bool:
        """Whether other processes can write the parts well; the first file speaks for all."""
        return self._open[0].file.anywhere

    @property
    def at_once(self) -> int:
        """How many parts one process does well to write side by side."""
        return self._open[0].file.at_once

    def tasks(self) -> Iterator[tuple[PartWriter, Part]]:
        """Which writer writes which part; files are opened as their parts are asked for."""
        while True:
            opened = self._open[-1]
            for part in opened.planned.parts:
                self._under_way.append((opened, part))
                yield opened.file.writer, part
            if not self._coming:
                return
            self._open_next()

    def take(self, filled: FilledPart) -> Part:
        """Hears of the next part; returns which one that is."""
        opened, part = self._under_way.popleft()
        opened.take(part, filled)
        return part

    def close_whole(self) -> None:
        """Completes the first file, if it has all of its parts."""
        if self._open[0].is_whole:
            opened = self._open.popleft()
            facts = opened.close()
            if opened.planned.name is not None:
                self.facts[opened.planned.name] = facts

    def _open_next(self) -> None:
        planned = self._coming.popleft()
        stack = self._stack.enter_context(ExitStack())
        file = stack.enter_context(self._finisher.opened(self._output, planned))
        self._open.append(_OpenFile(planned, file, self._finisher.end(file, planned), stack))
