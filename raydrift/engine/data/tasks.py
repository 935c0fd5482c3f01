"""Which samples a run has, and the tasks of its shards."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.catalog import Catalog
from raydrift.catalog.replaced import Replaced
from raydrift.catalog.stream import Stream, sample_order, stream_length
from raydrift.errors import SettingsError
from raydrift.schedules.where import Masks
from raydrift.settings.generate import GenerateSettings
from raydrift.text import plural


def run_samples(settings: GenerateSettings, catalog: Catalog) -> tuple[int, str | None]:
    """How many samples the run has on its input.

    Returns:
        The number, and the class that ran out where a label shift ends the stream there.

    Raises:
        SettingsError: (a ``ValueError``) More are asked for than there are.
    """
    if not settings.label_shift:
        return count_samples(settings, stream_length(settings, catalog)), None
    order = sample_order(settings, catalog)
    samples = count_samples(settings, len(order.rows), order.ended_by)
    last = settings.start + samples == len(order.rows)
    return samples, order.ended_by if last else None


def count_samples(settings: GenerateSettings, available: int, ended_by: str | None = None) -> int:
    """How many samples the run has.

    Args:
        settings: The run's settings.
        available: How many there are.
        ended_by: The class that ran out there, if one did.

    Raises:
        SettingsError: (a ``ValueError``) More are asked for than remain.
    """
    remain = available - settings.start
    asked = remain if settings.num_samples is None else settings.num_samples
    if remain < 1:
        raise SettingsError(
            f"none of {plural(available, 'sample')} remain: start again with reset()"
        )
    if asked > remain and ended_by is not None:
        raise SettingsError(
            f"{plural(asked, 'sample')} asked for, {remain} fit: the label shift needs more "
            f"images of the class {ended_by!r} than there are: ask for {remain}, "
            "or for less of that class"
        )
    if asked > remain:
        of = f" of {available}" if settings.start else ""
        raise SettingsError(f"{plural(asked, 'sample')} asked for, {remain}{of} remain")
    return asked


def notes_of(
    settings: GenerateSettings, stream: Stream, samples: int, ended_by: str | None
) -> list[str]:
    """What of its timeline a run does not reach, as plain sentences."""
    stop = settings.start + samples
    notes = [
        f"{drift}: begins after the last sample, {stop - 1}"
        for drift in stream.schedule.drifts
        if drift.start >= stop
    ]
    if ended_by is not None:
        notes.append(f"the stream ends at sample {stop}: the class {ended_by!r} has run out")
    return notes


@dataclass(frozen=True)
class ShardTasks:
    """The tasks of some shards; each is made when it is asked for, however many there are.

    Attributes:
        settings: The run's settings.
        catalog: Its input.
        samples: How many samples the whole run has.
        size: Samples a shard; the last one has what is left.
        shards: The numbers of the shards.
        where: For each drift, of which rows of the catalog it is meant.
        replaced: Which samples are replaced; None: none are.
    """

    settings: GenerateSettings
    catalog: Catalog
    samples: int
    size: int
    shards: npt.NDArray[np.int64]
    where: Masks = ()
    replaced: Replaced | None = None

    def __len__(self) -> int:
        return len(self.shards)

    def __iter__(self) -> Iterator[pa.Table]:
        """The shards' tables (``schemas.TASK``)."""
        settings = self.settings
        order = sample_order(settings, self.catalog)
        for shard in self.shards.tolist():
            tasks = self.catalog.samples(
                order.rows,
                settings.start + shard * self.size,
                self.asked(shard),
                shard=shard,
                first_timestamp=settings.first_timestamp,
                delta_timestamp=settings.delta_timestamp,
                where=self.where,
                epochs=order.epochs,
            )
            yield tasks if self.replaced is None else self.replaced.put_on(tasks)

    def asked(self, shard: int) -> int:
        """How many samples a shard has."""
        return min(self.size, self.samples - shard * self.size)


@dataclass(frozen=True)
class NumberedTasks:
    """The tasks of shards whose numbers say all: what else is to be done, workers are told once.

    Attributes:
        shards: The numbers.
    """

    shards: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.shards)

    def __iter__(self) -> Iterator[pa.Table]:
        """A table of one row for each, with its number."""
        for shard in self.shards:
            yield pa.table({"shard": [shard]})
