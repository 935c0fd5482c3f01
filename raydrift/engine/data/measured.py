"""What is measured: a batch of originals and their drifted copies, or of views."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.camera import View
from raydrift.schedules.schedule import Schedule
from raydrift.schemas import EMBEDDING_SIZE
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import Rejected
from raydrift.tasks.answers import AnyAnswers
from raydrift.transforms import TransformInfo

Embeddings = npt.NDArray[np.float64]
"""float64 of shape (n, 512)."""

Chain = tuple[TransformInfo, ...]
"""Transforms in the order in which they are applied."""

Corruption = tuple[str, int]
"""A name in ``drift.corruptions.CORRUPTIONS``, and a severity."""


class MeasuredBatch(Protocol):
    """What the ledger tells of a batch that is measured."""

    @property
    def batch(self) -> int:
        """Its number, from 0."""

    @property
    def sample_ids(self) -> tuple[int, ...]:
        """Its samples; images that cannot be used are left out."""

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Those images."""

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """On those that can."""

    @property
    def started(self) -> float:
        """When its worker began with it, seconds since 1970."""


@dataclass(frozen=True)
class LevelBatch:
    """The embeddings of one batch: of its images as they are, and drifted by each chain.

    Row i of all of them is sample i.

    Attributes:
        batch: Its number, from 0.
        sample_ids: Its n samples; images that cannot be used are left out.
        labels: The labels of the samples.
        class_names: The class names of the samples.
        originals: float64 of shape (n, 512).
        drifted: One float64 array of shape (n, 512) a chain, in the chains' order.
        rejected: The images that cannot be used.
        remarks: On those that can.
        started: When its worker began with it, seconds since 1970.
        answers: What the user's model says of the originals, and then of each chain's copies;
            empty where none is asked.
    """

    batch: int
    sample_ids: tuple[int, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]
    originals: Embeddings
    drifted: tuple[Embeddings, ...]
    rejected: tuple[Rejected, ...] = ()
    remarks: tuple[Remark, ...] = ()
    started: float = 0.0
    answers: tuple[AnyAnswers, ...] = ()

    def table(self) -> pa.Table:
        """The batch as a table of one row; ``rejected`` and ``remarks`` are left to the ledger.

        The answers of the user's model are not in it: who asks for them measures with them.
        """
        return pa.table(
            {
                "batch": [self.batch],
                "sample_ids": pa.array([self.sample_ids], pa.list_(pa.int64())),
                "labels": pa.array([self.labels], pa.list_(pa.int64())),
                "class_names": pa.array([self.class_names], pa.list_(pa.string())),
                "originals": _listed(self.originals),
                "drifted": _listed(np.array(self.drifted)),
                "started": [self.started],
            }
        )

    @classmethod
    def of(
        cls, table: pa.Table, rejected: Sequence[Rejected] = (), remarks: Sequence[Remark] = ()
    ) -> Self:
        """The batch of a table that ``table`` made, and what the ledger tells of it."""
        (row,) = table.select(
            ["batch", "sample_ids", "labels", "class_names", "started"]
        ).to_pylist()
        shape = (-1, len(row["sample_ids"]), EMBEDDING_SIZE)
        originals, drifted = (
            table[name].combine_chunks().flatten().to_numpy() for name in ("originals", "drifted")
        )
        levels = drifted.reshape(shape) if originals.size else []
        return cls(
            row["batch"],
            tuple(row["sample_ids"]),
            tuple(row["labels"]),
            tuple(row["class_names"]),
            originals.reshape(shape[1:]),
            tuple(levels),
            tuple(rejected),
            tuple(remarks),
            row["started"],
        )


@dataclass(frozen=True)
class ViewBatch:
    """The embeddings of one batch: of what each view makes of its images.

    Row i of all of them is sample i.

    Attributes:
        batch: Its number, from 0.
        sample_ids: Its n samples; images that cannot be used are left out.
        labels: The labels of the samples.
        class_names: The class names of the samples.
        paths: The paths of their files.
        views: One float64 array of shape (n, 512) a view, in the views' order.
        corrupted: As many of the same pictures under each corruption (name and severity).
        rejected: The images that cannot be used.
        remarks: On those that can.
        started: When its worker began with it, seconds since 1970.
    """

    batch: int
    sample_ids: tuple[int, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    views: tuple[Embeddings, ...]
    rejected: tuple[Rejected, ...] = ()
    remarks: tuple[Remark, ...] = ()
    started: float = 0.0
    corrupted: Mapping[Corruption, tuple[Embeddings, ...]] = field(default_factory=dict)

    def columns(self, codes: Sequence[str]) -> Mapping[str, pa.Array]:
        """The embeddings as a column a view, of one row, see ``view_embeddings``.

        They are float32, which is what the network makes. Those of corrupted pictures have columns
        of their own, see ``corrupted_column``.
        """
        found = dict(zip(codes, self.views, strict=True))
        for corruption, views in self.corrupted.items():
            names = [corrupted_column(code, corruption) for code in codes]
            found |= zip(names, views, strict=True)
        return {name: _listed(one, np.float32) for name, one in found.items()}


def corrupted_column(code: str, corruption: Corruption) -> str:
    """The column that the embeddings of a view's corrupted pictures are in."""
    name, severity = corruption
    return f"{code} {name}:{severity}"


def view_embeddings(table: pa.Table, code: str) -> Embeddings:
    """The embeddings in a column, float64 of shape (n, 512), of a table that has ``columns``."""
    values: npt.NDArray[np.float32] = table[code].combine_chunks().flatten().to_numpy()
    return values.astype(np.float64).reshape(-1, EMBEDDING_SIZE)


def _listed(values: npt.NDArray[np.float64], kind: Any = np.float64) -> pa.Array:
    """All values as one row of a column of lists."""
    flat = np.ascontiguousarray(values, kind).reshape(-1)
    return pa.LargeListArray.from_arrays(pa.array([0, flat.size], pa.int64()), pa.array(flat))


@dataclass(frozen=True)
class MeasureJob:
    """What a worker that measures drift is told.

    Attributes:
        schedules: Each makes a drifted copy of every image.
        measure: What the worker makes of a batch. Its result has to be picklable; where it is to be
            committed, it is an Arrow table.
    """

    schedules: tuple[Schedule, ...]
    measure: Callable[[LevelBatch], Any]


@dataclass(frozen=True)
class MeasureViewsJob:
    """What a worker that measures views is told.

    Attributes:
        views: The views.
        compat: Whether they are as published.
        measure: As of ``MeasureJob``.
        corruptions: What is also done to each picture, each by itself.
    """

    views: tuple[View, ...]
    compat: bool
    measure: Callable[[ViewBatch], Any]
    corruptions: tuple[Corruption, ...] = ()
