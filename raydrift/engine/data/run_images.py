"""The images of a whole run, some at a time: all in order, or any of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from raydrift.catalog import Catalog
from raydrift.catalog.stream import sample_order
from raydrift.engine.data.drifter import Drifter, Originals
from raydrift.settings.generate import GenerateSettings

_TAKER = "the task's model"


@dataclass(frozen=True)
class SomeImages:
    """Some images of a run that could be used.

    Attributes:
        tasks: A row each (``schemas.TASK``).
        images: They as they are, and what became of the others.
    """

    tasks: pa.Table
    images: Originals

    def __len__(self) -> int:
        """How many there are."""
        return int(self.tasks.num_rows)

    @property
    def labels(self) -> list[int]:
        """Theirs."""
        labels: list[int] = self.tasks["label"].to_pylist()
        return labels


class RunImages:
    """Reads the images of a run as they are asked for, and keeps none.

    Args:
        settings: The run's settings.
        catalog: The input.
        samples: How many samples the run has.
        drifter: Reads them.
    """

    def __init__(
        self, settings: GenerateSettings, catalog: Catalog, samples: int, drifter: Drifter
    ) -> None:
        self._settings, self._catalog, self._drifter = settings, catalog, drifter
        self._order = sample_order(settings, catalog).rows
        self._samples = samples

    def __len__(self) -> int:
        """How many samples there are, those that cannot be used among them."""
        return self._samples

    def batches(self, size: int) -> Iterator[SomeImages]:
        """All of them, so many at a time."""
        first = self._settings.start
        for start in range(0, self._samples, size):
            count = min(size, self._samples - start)
            yield self._read(self._tasks(first + start, count))

    def some(self, places: Sequence[int]) -> SomeImages:
        """Some of them, by their places among the run's samples, which rise."""
        rows = [self._tasks(self._settings.start + place, 1) for place in places]
        return self._read(pa.concat_tables(rows).combine_chunks())

    def _tasks(self, first: int, count: int) -> pa.Table:
        settings = self._settings
        return self._catalog.samples(
            self._order,
            first,
            count,
            shard=0,
            first_timestamp=settings.first_timestamp,
            delta_timestamp=settings.delta_timestamp,
        )

    def _read(self, tasks: pa.Table) -> SomeImages:
        images = self._drifter.originals(tasks, _TAKER)
        return SomeImages(tasks.take(pa.array(images.taken.rows, pa.int64())), images)
