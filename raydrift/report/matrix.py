"""What a matrix found: what is learned on one view and tested on another, and how far both are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift import schemas
from raydrift.report.input_summary import InputSummary
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import Rejected

if TYPE_CHECKING:
    from raydrift.report.corruptions import CorruptionScores

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ViewMeasures:
    """What was measured of one batch in V views; its embeddings are left to the workers.

    Attributes:
        batch: Its number, from 0.
        sample_ids: The n samples that could be used.
        labels: Theirs.
        class_names: Theirs.
        paths: The paths of their files.
        values: The divergence of each view (column) from each view (row), float64 of shape (V, V),
            NaN where the batch is too small; None: none was asked for.
        left_out: The images that could not be used.
        remarks: On those that could.
        unmeasured: Why there is no value; empty where there is.
        embed_seconds: For reading, decoding, developing and embedding.
        measure_seconds: For the divergences.
    """

    batch: int
    sample_ids: tuple[int, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    values: Numbers | None
    left_out: tuple[Rejected, ...] = ()
    remarks: tuple[Remark, ...] = ()
    unmeasured: str = ""
    embed_seconds: float = 0.0
    measure_seconds: float = 0.0

    def table(self) -> pa.Table:
        """The measures as a table of one row; what the ledger tells is left to it."""
        values = None if self.values is None else self.values.reshape(-1)
        return pa.table(
            {
                "batch": [self.batch],
                "sample_ids": pa.array([self.sample_ids], pa.list_(pa.int64())),
                "labels": pa.array([self.labels], pa.list_(pa.int64())),
                "class_names": pa.array([self.class_names], pa.list_(pa.string())),
                "paths": pa.array([self.paths], pa.list_(pa.string())),
                "values": pa.array([values], pa.list_(pa.float64())),
                "unmeasured": [self.unmeasured],
                "embed_seconds": [self.embed_seconds],
                "measure_seconds": [self.measure_seconds],
            }
        )

    @classmethod
    def of(
        cls, table: pa.Table, left_out: Sequence[Rejected] = (), remarks: Sequence[Remark] = ()
    ) -> Self:
        """The measures of a table that has ``table``, and what the ledger tells of the batch."""
        names = cls(0, (), (), (), (), None).table().column_names
        (row,) = table.select(names).to_pylist()
        values = row.pop("values")
        for name in ("sample_ids", "labels", "class_names", "paths"):
            row[name] = tuple(row[name])
        if values is not None:
            views = round(len(values) ** 0.5)
            values = np.array(values, np.float64).reshape(views, views)
        return cls(**row, values=values, left_out=tuple(left_out), remarks=tuple(remarks))


@dataclass(frozen=True)
class ProbeScores:
    """What probes or trained networks got right, of S splits and V views.

    Attributes:
        table: A row a train view, test view and split (``schemas.MATRIX``, ``MATRIX_IOU``), in that
            order.
        values: ``accuracy`` and ``f1``, the mean over the classes, or ``iou``, by these names:
            float64 of shape (S, V, V), split, train view, test view. The first is the one that
            counts.
    """

    table: pa.Table
    values: Mapping[str, Numbers]

    @classmethod
    def of(cls, fits: Sequence[pa.Table], views: int) -> Self:
        """The scores of all fits, which come by train view and split."""
        whole = pa.concat_tables(fits)
        splits = len(fits) // views
        shape = (views, splits, views)
        order = np.arange(len(whole)).reshape(shape).transpose(0, 2, 1).reshape(-1)
        values = {
            name: whole[name].to_numpy().reshape(shape).transpose(1, 0, 2)
            for name in ("accuracy", "f1", "iou")
            if name in whole.column_names
        }
        return cls(whole.take(pa.array(order)).combine_chunks(), values)

    @property
    def accuracy(self) -> Numbers:
        """The share that is right, of shape (S, V, V)."""
        return self.values["accuracy"]

    @property
    def splits(self) -> int:
        """How many there are."""
        return len(self.values[self.means.name])

    @cached_property
    def means(self) -> "ProbeTables":
        """The means over the splits."""
        return ProbeTables({name: one.mean(axis=0) for name, one in self.values.items()})

    @cached_property
    def deviations(self) -> "ProbeTables":
        """The standard deviations of the splits, by n - 1."""
        return ProbeTables({name: one.std(axis=0, ddof=1) for name, one in self.values.items()})

    @property
    def drop_deviation(self) -> Numbers:
        """That of the drops: the root of the sum of both squares, as published."""
        sd = self.deviations.quality
        found: Numbers = np.sqrt(np.diagonal(sd)[:, None] ** 2 + sd**2)
        np.fill_diagonal(found, 0.0)
        return found

    @property
    def written(self) -> dict[str, Any]:
        """The tables as ``matrix.json`` has them."""
        found: dict[str, Any] = {}
        for name, mean in self.means.values.items():
            found[name] = mean.tolist()
            found[f"{name}_sd"] = self.deviations.values[name].tolist()
        drop = self.means.drop
        return found | {
            "drop": drop.tolist(),
            "drop_sd": self.drop_deviation.tolist(),
            "mean_drop_by_test_view": column_means(drop).tolist(),
            "mean_drop": mean_elsewhere(drop),
        }


@dataclass(frozen=True)
class ProbeTables:
    """A number for each train view (row) and test view (column), by what it is of.

    Attributes:
        values: As in ``ProbeScores``, of shape (V, V).
    """

    values: Mapping[str, Numbers]

    @property
    def name(self) -> str:
        """What counts: ``accuracy``, or ``iou`` of masks."""
        return next(iter(self.values))

    @property
    def quality(self) -> Numbers:
        """That."""
        return self.values[self.name]

    @property
    def accuracy(self) -> Numbers:
        """The share that is right."""
        return self.values["accuracy"]

    @property
    def f1(self) -> Numbers:
        """The mean over the classes of F1."""
        return self.values["f1"]

    @property
    def iou(self) -> Numbers:
        """Intersection over union."""
        return self.values["iou"]

    @property
    def drop(self) -> Numbers:
        """What counts on the row's own view, less that on the column's."""
        return np.diagonal(self.quality)[:, None] - self.quality


@dataclass(frozen=True)
class ViewDivergence:
    """How far views are from each other, of B batches.

    Attributes:
        metric: A name in ``metrics.METRICS``.
        batches: The numbers of the batches.
        values: Of each view (last) from each view, float64 of shape (B, V, V); NaN where a batch is
            too small.
    """

    metric: str
    batches: tuple[int, ...]
    values: Numbers

    @cached_property
    def quartiles(self) -> Numbers:
        """Quartile, median, quartile of the batches, of shape (3, V, V); NaN where none has any."""
        found = np.full((3, *self.values.shape[1:]), np.nan)
        there = ~np.isnan(self.values[:, 0, 0])
        if there.any():
            found[:] = np.quantile(self.values[there], (0.25, 0.5, 0.75), axis=0)
        return found

    @property
    def median(self) -> Numbers:
        """The median of the batches, of shape (V, V)."""
        middle: Numbers = self.quartiles[1]
        return middle

    def table(self, views: Sequence[str]) -> pa.Table:
        """A row a batch and pair of views (``schemas.VIEW_DIVERGENCE``)."""
        batches, count = len(self.batches), len(views)
        values = self.values.reshape(-1)
        columns = [
            pa.array(np.repeat(self.batches, count * count)),
            pa.array(list(views) * (batches * count)),
            pa.array(np.repeat(np.array(views, object), count).tolist() * batches),
            pa.array([self.metric] * len(values)),
            pa.array(values, mask=np.isnan(values)),
        ]
        return pa.table(columns, schema=schemas.VIEW_DIVERGENCE)


@dataclass(frozen=True)
class Matrix:
    """What was found of some views; rows and columns of every table are in their order.

    Attributes:
        views: Their codes.
        batches: Those with usable images, by number; at least one.
        probe: What probes got right; None: there was nothing to learn.
        divergence: How far the views are from each other; None: it was not asked for.
        files: Source files of the images that were measured.
        left_out: The images that could not be used, by sample id.
        input_summary: What there is to say of the others.
        corruptions: What corruptions of the finished pictures cost; None: it was not asked for.
        trained: What trained networks got right, in the place of probes; None: none were asked for.
        learner: What learned, as ``probe`` or ``ResNet18``.
    """

    views: tuple[str, ...]
    batches: tuple[ViewMeasures, ...]
    probe: ProbeScores | None
    divergence: ViewDivergence | None
    files: int
    left_out: tuple[Rejected, ...] = ()
    input_summary: InputSummary = field(default_factory=InputSummary)
    corruptions: "CorruptionScores | None" = None
    trained: ProbeScores | None = None
    learner: str = "probe"

    @property
    def scores(self) -> ProbeScores | None:
        """What was right, of probes or of trained networks; None: there was nothing to learn."""
        return self.probe or self.trained

    @property
    def samples(self) -> int:
        """Images that were measured, each in all views."""
        return sum(len(batch.sample_ids) for batch in self.batches)

    @property
    def unmeasured(self) -> Mapping[str, str]:
        """The metric, if some batch has no value of it, and why."""
        whys = [batch.unmeasured for batch in self.batches if batch.unmeasured]
        return {self.divergence.metric: whys[0]} if whys and self.divergence else {}

    @property
    def written(self) -> dict[str, Any]:
        """The tables as ``matrix.json`` has them: lists of rows."""
        found: dict[str, Any] = {"views": self.views}
        for name, scores in {"probe": self.probe, "trained": self.trained}.items():
            if scores is not None:
                found[name] = scores.written
        if self.corruptions is not None:
            found["corruptions"] = self.corruptions.written
        if (one := self.divergence) is not None:
            lower, median, upper = (_plain(table) for table in one.quartiles)
            found["divergence"] = {
                "metric": one.metric,
                "median": median,
                "lower_quartile": lower,
                "upper_quartile": upper,
            }
        return found


def column_means(table: Numbers) -> Numbers:
    """The mean of each column without the diagonal, as the published ones are.

    >>> column_means(np.array([[0.0, 0.2], [0.4, 0.0]]))
    array([0.4, 0.2])
    """
    means: Numbers = (table.sum(axis=0) - np.diagonal(table)) / (len(table) - 1)
    return means


def mean_elsewhere(table: Numbers) -> float:
    """The mean of all that is not on the diagonal."""
    return float(column_means(table).mean())


def _plain(table: Numbers) -> list[list[float | None]]:
    """A table as JSON has it, which knows no NaN."""
    return [[None if np.isnan(value) else float(value) for value in row] for row in table]
