"""What the experiment found: numbers by batch, level, metric and class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift import schemas
from raydrift.metrics import METRICS
from raydrift.report.input_summary import InputSummary
from raydrift.report.task_findings import TaskFindings
from raydrift.settings.sweep import Sweep
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import Rejected
from raydrift.tasks.answers import AnyAnswers, answers_of, columns_of

Numbers = npt.NDArray[np.float64]

METRIC_NAMES: Final = tuple(METRICS)
"""The order of the metrics in every array here."""

_TIMES: Final = ("started", "embed_seconds", "measure_seconds")
_REASONS: Final = pa.map_(pa.string(), pa.string())


@dataclass(frozen=True)
class BatchMeasures:
    """What was measured of one batch, at L levels with M metrics.

    Attributes:
        batch: Its number, from 0.
        sample_ids: The n samples that could be used.
        class_names: Theirs.
        values: float64 of shape (L, M); NaN where the batch is too small for a metric.
        pairs: ``kl_softmax`` of each image, nats, float64 of shape (L, n).
        interval: Bootstrap interval of the mean of those, 95 %, float64 of shape (L, 2).
        left_out: The images that could not be used.
        remarks: On those that could.
        unmeasured: Metric to why it has no value.
        started: When its worker began with it, seconds since 1970.
        embed_seconds: For reading, decoding, drifting and embedding.
        measure_seconds: For the metrics.
        answers: What the user's model says of the originals and then at each level; empty where
            none is asked.
    """

    batch: int
    sample_ids: tuple[int, ...]
    class_names: tuple[str, ...]
    values: Numbers
    pairs: Numbers
    interval: Numbers
    left_out: tuple[Rejected, ...] = ()
    remarks: tuple[Remark, ...] = ()
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    started: float = 0.0
    embed_seconds: float = 0.0
    measure_seconds: float = 0.0
    answers: tuple[AnyAnswers, ...] = ()

    def table(self) -> pa.Table:
        """The measures as a table of one row; what the ledger tells is left to it."""
        return pa.table(
            {
                "batch": [self.batch],
                "sample_ids": pa.array([self.sample_ids], pa.list_(pa.int64())),
                "class_names": pa.array([self.class_names], pa.list_(pa.string())),
                **{
                    name: pa.array([getattr(self, name).reshape(-1)], pa.list_(pa.float64()))
                    for name in ("values", "pairs", "interval")
                },
                "unmeasured": pa.array([list(self.unmeasured.items())], _REASONS),
                **{name: [getattr(self, name)] for name in _TIMES},
                **columns_of(self.answers),
            }
        )

    @classmethod
    def of(
        cls, table: pa.Table, left_out: Sequence[Rejected] = (), remarks: Sequence[Remark] = ()
    ) -> Self:
        """The measures of a table that ``table`` made, and what the ledger tells of the batch."""
        (row,) = table.to_pylist()
        pairs = np.array(row["pairs"], np.float64)
        return cls(
            row["batch"],
            tuple(row["sample_ids"]),
            tuple(row["class_names"]),
            np.array(row["values"], np.float64).reshape(-1, len(METRIC_NAMES)),
            pairs.reshape(len(row["values"]) // len(METRIC_NAMES), -1),
            np.array(row["interval"], np.float64).reshape(-1, 2),
            tuple(left_out),
            tuple(remarks),
            dict(row["unmeasured"]),
            **{name: row[name] for name in _TIMES},
            answers=answers_of(row),
        )

    @property
    def asked(self) -> int:
        """Samples of the batch, the rejected ones too."""
        return len(self.sample_ids) + self.rejected

    @property
    def rejected(self) -> int:
        """How many images could not be used."""
        return len(self.left_out)


@dataclass(frozen=True)
class LevelSummary:
    """``kl_softmax`` of the batches at a level, nats, and how well a classifier sees the drift.

    Attributes:
        level: The level.
        lower: Quartile of the batches.
        median: The median of the batches.
        upper: Quartile of the batches.
        auc: Median of ``domain_classifier_auc``; NaN where no batch is large enough.
    """

    level: float
    lower: float
    median: float
    upper: float
    auc: float


@dataclass(frozen=True)
class ClassDrift:
    """``kl_softmax`` of the images of a class at a level, nats."""

    level: float
    class_name: str
    samples: int
    mean: float
    lower_quartile: float
    median: float
    upper_quartile: float


@dataclass(frozen=True)
class Evaluation:
    """The measures of a whole experiment.

    Attributes:
        sweep: Its transforms and levels.
        batches: Those with usable images, by number; at least one.
        left_out: The images that could not be used, by sample id.
        input_summary: What there is to say of the others.
        task: What the user's model gets right; None: none was asked.
    """

    sweep: Sweep
    batches: tuple[BatchMeasures, ...]
    left_out: tuple[Rejected, ...] = ()
    input_summary: InputSummary = field(default_factory=InputSummary)
    task: TaskFindings | None = None

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels, rising."""
        return self.sweep.levels

    @property
    def samples(self) -> int:
        """Images that were measured."""
        return sum(len(batch.sample_ids) for batch in self.batches)

    def of_metric(self, name: str) -> Numbers:
        """A metric's values, float64 of shape (batches, levels)."""
        return np.stack([batch.values[:, METRIC_NAMES.index(name)] for batch in self.batches])

    def median_of(self, name: str) -> Numbers:
        """The median of a metric's batches at each level; NaN where none has a value."""
        return np.array([_quantiles(values)[1] for values in self.of_metric(name).T])

    @cached_property
    def summary(self) -> tuple[LevelSummary, ...]:
        """The levels in a few numbers."""
        aucs = self.median_of("domain_classifier_auc")
        found = zip(self.levels, self.of_metric("kl_softmax").T, aucs, strict=True)
        return tuple(LevelSummary(level, *_quantiles(kl), float(auc)) for level, kl, auc in found)

    @cached_property
    def class_drift(self) -> tuple[ClassDrift, ...]:
        """Each class at each level, by level and class name."""
        names = np.array([name for batch in self.batches for name in batch.class_names], object)
        pairs = np.concatenate([batch.pairs for batch in self.batches], axis=1)
        classes, index = np.unique(names.astype(str), return_inverse=True)
        members = [np.flatnonzero(index == number) for number in range(len(classes))]
        return tuple(
            ClassDrift(level, str(name), len(rows), float(row[rows].mean()), *_quantiles(row[rows]))
            for level, row in zip(self.levels, pairs, strict=True)
            for name, rows in zip(classes, members, strict=True)
        )

    @property
    def unmeasured(self) -> dict[str, str]:
        """Metrics that some batch has no value of, and why."""
        return {name: why for batch in self.batches for name, why in batch.unmeasured.items()}

    def metrics_table(self) -> pa.Table:
        """A row a batch, level and metric (``schemas.METRICS``)."""
        count, levels, metrics = len(self.batches), len(self.levels), len(METRIC_NAMES)
        values = np.stack([batch.values for batch in self.batches]).reshape(-1)
        each = levels * metrics
        columns = [
            pa.array(np.repeat([batch.batch for batch in self.batches], each)),
            pa.array(np.tile(np.repeat(self.levels, metrics), count)),
            pa.array(METRIC_NAMES * (count * levels)),
            pa.array(values, mask=np.isnan(values)),
            pa.array(np.repeat([len(batch.sample_ids) for batch in self.batches], each)),
        ]
        return pa.table(columns, schema=schemas.METRICS)

    def class_table(self) -> pa.Table:
        """A row a level and class (``schemas.CLASS_DRIFT``)."""
        rows = [vars(row) for row in self.class_drift]
        return pa.Table.from_pylist(rows, schema=schemas.CLASS_DRIFT)


def _quantiles(values: Numbers) -> tuple[float, float, float]:
    """Quartile, median, quartile of what is not NaN; NaN where all is."""
    there = values[np.isfinite(values)]
    if not len(there):
        return (np.nan, np.nan, np.nan)
    lower, median, upper = np.quantile(there, (0.25, 0.5, 0.75))
    return float(lower), float(median), float(upper)
