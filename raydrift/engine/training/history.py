"""What was found of a training step by step: the rows of ``progress.parquet``."""

import math
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from raydrift import schemas
from raydrift.gan.measures import Measure
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.tables import parquet_bytes

SPEED: Final = "images_per_second"

_Row = tuple[int, int, float, str, float, float | None, float | None]


class History:
    """The rows of a training (``schemas.GAN_PROGRESS``).

    Args:
        table: Those of earlier sessions.
    """

    def __init__(self, table: pa.Table | None = None) -> None:
        self._table = schemas.GAN_PROGRESS.empty_table() if table is None else table
        self._rows: list[_Row] = []

    @classmethod
    def read(cls, output: StoragePath) -> "History":
        """What a folder has; a file of other columns is nothing."""
        try:
            table = pq.read_table(BytesIO((output / layout.PROGRESS).read_bytes()))
            return cls(table.select(schemas.GAN_PROGRESS.names).cast(schemas.GAN_PROGRESS))
        except (FileNotFoundError, pa.ArrowInvalid, KeyError):
            return cls()

    def add(self, at: tuple[int, int, float], values: Mapping[str, float]) -> None:
        """Adds numbers by name.

        Args:
            at: The step, the real images and the seconds so far.
            values: The numbers.
        """
        self._rows += [(*at, name, value, None, None) for name, value in values.items()]

    def add_measures(self, at: tuple[int, int, float], measures: Iterable[Measure]) -> None:
        """Adds measures with their intervals."""
        self._rows += [(*at, one.name, one.value, one.low, one.high) for one in measures]

    def drop_after(self, step: int) -> None:
        """Forgets what came after a step: the training goes on there."""
        table = self.table
        self._table = table.filter(pc.less_equal(table["step"], step))

    @property
    def table(self) -> pa.Table:
        """All rows, in the order in which they were added."""
        if self._rows:
            columns = list(zip(*self._rows, strict=True))
            new = pa.table([list(one) for one in columns], schema=schemas.GAN_PROGRESS)
            self._table = pa.concat_tables([self._table, new]).combine_chunks()
            self._rows = []
        return self._table

    def last(self, step: int) -> dict[str, float]:
        """The numbers of a step by name, those that are defined."""
        rows = self.table.filter(pc.equal(self.table["step"], step))
        pairs = zip(rows["name"].to_pylist(), rows["value"].to_pylist(), strict=True)
        return {name: value for name, value in pairs if math.isfinite(value)}

    def parquet(self) -> bytes:
        """The content of ``progress.parquet``."""
        return parquet_bytes(self.table)
