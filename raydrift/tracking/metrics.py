"""The numbers of a finished output, as a tracking server has them: by name and step."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.tracking.params import plain_name

_CURVES: Final = ("loss", "quality", "f1", "nll")


@dataclass(frozen=True)
class Metric:
    """A number.

    Attributes:
        name: What it is of; names with the same text before a slash share a section of a page.
        value: Finite.
        step: An epoch, a level in thousandths (finer levels: in the first power of ten
            that tells them apart), or a severity; 0 where there are no steps.
    """

    name: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class Numbers:
    """What a run found.

    Attributes:
        whole: Of the run.
        parts: Of each of its parts, as the splits of an adjustment: the metrics have the same names
            as those of the whole, so that a page draws them over each other.
    """

    whole: tuple[Metric, ...]
    parts: Mapping[str, tuple[Metric, ...]] = field(default_factory=dict)


def numbers_of(output: StoragePath, record: Mapping[str, Any], file: str) -> Numbers:
    """The numbers of a finished output.

    Args:
        output: The folder.
        record: The content of its record.
        file: The name of the record, which tells what was done.

    Raises:
        OSError: A table cannot be read.
    """
    found = _READERS[file](output, record)
    whole = [*found.whole, *_of_table("counts", record["counts"])]
    whole += _of_table("seconds", record["timings"])
    return Numbers(tuple(whole), found.parts)


def _evaluation(output: StoragePath, record: Mapping[str, Any]) -> Numbers:
    """Medians of the batches by level, and what the user's model gets right."""
    table = _read(output / layout.METRICS).filter(pc.field("value").is_valid())
    levels = record["settings"]["levels"]
    steps, found = level_steps(levels), _levels(levels)
    values: dict[tuple[str, float], list[float]] = {}
    for row in table.select(["metric", "level", "value"]).to_pylist():
        values.setdefault((row["metric"], row["level"]), []).append(row["value"])
    for (name, level), of_batches in values.items():
        low, median, high = np.quantile(of_batches, (0.25, 0.5, 0.75)).tolist()
        found += _metric(name, median, steps[level])
        if name == "kl_softmax":
            found += _metric(f"{name}_lower_quartile", low, steps[level])
            found += _metric(f"{name}_upper_quartile", high, steps[level])
    task = record.get("task")
    if task is not None:
        found += _task(task, steps)
    return Numbers(tuple(found))


def _task(task: Mapping[str, Any], steps: Mapping[float, int]) -> Iterator[Metric]:
    """What the user's model gets right at each level, at step 0 of the originals."""
    for row in task["levels"]:
        step = 0 if row["level"] is None else steps[row["level"]]
        if row["level"] == 0:
            continue  # it is what the originals are
        for name, value in row.items():
            if name.endswith("_interval"):
                yield from _metric(f"task/{name}_low", value[0], step)
                yield from _metric(f"task/{name}_high", value[1], step)
            elif name != "level":
                yield from _metric(f"task/{name}", value, step)
    for name in ("level", "divergence"):
        yield from _metric(f"task/breaks_at_{name}", task["breaks_at"][name])


def _forensics(_: StoragePath, record: Mapping[str, Any]) -> Numbers:
    """What the worst camera of each part leaves of the model, by level."""
    task, worst = record["task"], record["worst"]
    quality = "iou" if "iou" in task else "accuracy"
    levels = record["settings"]["levels"]
    steps, found = level_steps(levels), _levels(levels)
    for name in (quality, "loss"):
        found += _metric(f"{name}/original", task[name])
    for part in record["parts"]:
        for row in part["levels"]:
            for name in (quality, "loss", f"drawn_{quality}"):
                found += _metric(f"{name}/{part['part']}", row[name], steps[row["level"]])
        found += _metric(f"breaks_at/{part['part']}", part["breaks_at"])
    found += _metric(f"worst/{quality}", worst[quality])
    found += _metric("worst/level", worst["level"])
    return Numbers(tuple(found))


def _adjustment(output: StoragePath, record: Mapping[str, Any]) -> Numbers:
    """The curves by epoch: means and standard deviations over the splits, and each split."""
    quality = "iou" if record["adjustment"]["quality"] == "IoU" else "accuracy"
    means: dict[tuple[str, int], list[float]] = {}
    parts: dict[str, list[Metric]] = {}
    for row in _read(output / layout.CURVES).to_pylist():
        for column in _CURVES:
            value, epoch = row[column], row["epoch"]
            name = f"{quality if column == 'quality' else column}/{row['training']}"
            for metric in _metric(name, value, epoch):
                means.setdefault((name, epoch), []).append(metric.value)
                parts.setdefault(f"split {row['split']}", []).append(metric)
    found: list[Metric] = []
    for (name, epoch), values in means.items():
        found += _metric(name, _mean(values), epoch)
        if name.startswith(f"{quality}/") and len(values) > 1:
            deviation = float(np.std(values, ddof=1))
            found += _metric(f"{quality}_sd/{name.partition('/')[2]}", deviation, epoch)
    return Numbers(tuple(found), {name: tuple(one) for name, one in parts.items()})


def _matrix(_: StoragePath, record: Mapping[str, Any]) -> Numbers:
    """The diagonal, the means of the columns, and what corruptions cost by severity."""
    views, found = record["views"], list[Metric]()
    scores = record.get("probe") or record.get("trained")
    if scores is not None:
        for name in ("accuracy", "f1", "iou"):
            if name in scores:
                found += _of_square(name, scores[name], views)
        found += _of_views("drop_on_it", scores["mean_drop_by_test_view"], views)
        found += _metric("mean_drop", scores["mean_drop"])
    divergence = record.get("divergence")
    if divergence is not None:
        columns = _columns(divergence["median"])
        found += _of_views(divergence["metric"], columns, views)
    corruptions = record.get("corruptions")
    if corruptions is not None:
        found += _corruptions(corruptions)
    return Numbers(tuple(found))


def _corruptions(corruptions: Mapping[str, Any]) -> Iterator[Metric]:
    """The mean drops, of all and of each corruption, by severity."""
    for row in corruptions["severities"]:
        for name in ("mean_drop", "ratio"):
            yield from _metric(f"corruptions/{name}", row[name], row["severity"])
        for name, value in zip(corruptions["names"], row["mean_drop_by_corruption"], strict=True):
            yield from _metric(f"corruptions/drop_by_{name}", value, row["severity"])


_READERS: Final[Mapping[str, Callable[[StoragePath, Mapping[str, Any]], Numbers]]] = {
    layout.EVALUATION: _evaluation,
    layout.FORENSICS_RECORD: _forensics,
    layout.ADJUST_RECORD: _adjustment,
    layout.MATRIX_RECORD: _matrix,
}


def _of_square(name: str, table: Sequence[Sequence[float]], views: Sequence[str]) -> list[Metric]:
    """The diagonal of a table with a row a train view, and the means of its columns without it."""
    own = [row[place] for place, row in enumerate(table)]
    elsewhere = _columns(table)
    found = [*_of_views(f"{name}_on_own_view", own, views)]
    found += _of_views(f"{name}_from_other_views", elsewhere, views)
    found += _metric(f"{name}/own_view", _mean(own))
    found += _metric(f"{name}/other_views", _mean([one for one in elsewhere if one is not None]))
    return found


def _columns(table: Sequence[Sequence[float | None]]) -> list[float | None]:
    """The mean of each column without the diagonal; None where a number is missing."""
    found: list[float | None] = []
    for column in range(len(table)):
        values = [row[column] for place, row in enumerate(table) if place != column]
        there = [value for value in values if value is not None]
        found.append(_mean(there) if len(there) == len(values) else None)
    return found


def _of_views(name: str, values: Iterable[float | None], views: Sequence[str]) -> Iterator[Metric]:
    for code, value in zip(views, values, strict=True):
        yield from _metric(f"{name}/{layout.view_folder(code)}", value)


def _of_table(name: str, table: Mapping[str, Any]) -> Iterator[Metric]:
    for key, value in table.items():
        yield from _metric(f"{name}/{key}", value)


def _levels(levels: Iterable[float]) -> list[Metric]:
    """The levels themselves, an axis for whoever draws over them."""
    return [
        one for level, step in level_steps(levels).items() for one in _metric("level", level, step)
    ]


def level_steps(levels: Iterable[float]) -> dict[float, int]:
    """Levels as steps, which are whole numbers: thousandths, or finer where two would be one.

    >>> level_steps([0.1, 0.25, 1.0])
    {0.1: 100, 0.25: 250, 1.0: 1000}
    """
    told = list(levels)
    for power in range(3, 13):
        steps = {level: round(level * 10**power) for level in told}
        if len({0, *steps.values()}) == len({0.0, *told}):  # 0 is the step of the originals
            break
    return steps


def _metric(name: str, value: Any, step: int = 0) -> Iterator[Metric]:
    """The number under a name that every server takes; nothing, where there is no such number."""
    if value is not None and isfinite(value):
        yield Metric(plain_name(name), float(value), step)


def _read(place: StoragePath) -> pa.Table:
    return pq.read_table(pa.BufferReader(place.read_bytes()))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
