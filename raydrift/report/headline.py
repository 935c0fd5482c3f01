"""What an experiment found, in plain sentences."""

import math
from collections.abc import Sequence
from itertools import pairwise

from raydrift.report.evaluation import ClassDrift, Evaluation, LevelSummary
from raydrift.report.palette import level_name

_TOLD_APART = 0.9  # an area under the curve that is called telling apart
_FEW = 5  # images, below which a class is not named as the first or the last


def number(value: float) -> str:
    """A figure with three digits, as people write it.

    >>> [number(value) for value in (0.29713, 0.00002, 0, 12345.6, float("nan"))]
    ['0.297', '<0.001', '0', '12,346', '–']
    """
    if math.isnan(value):
        return "–"
    if 0 < value < 0.001:
        return "<0.001"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def plural(count: int, word: str) -> str:
    """``1 image``, ``2 images``, ``3 batches``, ``4 classes``."""
    ending = "es" if word.endswith(("ch", "ss")) else "s"
    return f"{count:,} {word}{'' if count == 1 else ending}"


def headline(evaluation: Evaluation) -> list[str]:
    """The findings, the most important first."""
    summary = evaluation.summary
    found = [_divergence(summary, len(evaluation.batches)), _classifier(summary)]
    found.append(
        _classes([row for row in evaluation.class_drift if row.level == summary[-1].level])
    )
    return [sentence for sentence in found if sentence]


def _divergence(summary: Sequence[LevelSummary], batches: int) -> str:
    first, last = summary[0], summary[-1]
    half = ""
    if batches > 1:
        half = f"; half of the batches lie from {number(last.lower)} to {number(last.upper)}"
    if len(summary) == 1:
        return (
            f"At level {level_name(last.level)} a batch is {number(last.median)} nats of KL "
            f"divergence away from its originals (median){half}."
        )
    medians = [row.median for row in summary]
    rising = all(a <= b for a, b in pairwise(medians))
    how = "rises" if rising else "goes, not always upwards,"
    return (
        f"From level {level_name(first.level)} to level {level_name(last.level)} the median KL "
        f"divergence of a batch {how} from {number(first.median)} to {number(last.median)} nats"
        f"{half} at the last."
    )


def _classifier(summary: Sequence[LevelSummary]) -> str:
    seen = [row for row in summary if not math.isnan(row.auc)]
    if not seen:
        return ""
    told = None
    for row in reversed(seen):
        if row.auc < _TOLD_APART:
            break
        told = row
    if told is None:
        last = seen[-1]
        return (
            f"Even at level {level_name(last.level)} a linear classifier does not tell the images "
            f"of a batch reliably from their originals (AUC {number(last.auc)}, where 0.5 is "
            "chance)."
        )
    where = "At" if len(seen) == 1 else "From"
    on = "" if len(seen) == 1 else " on"
    return (
        f"{where} level {level_name(told.level)}{on} a linear classifier tells the images of a "
        f"batch from their originals (AUC {number(told.auc)}, where 0.5 is chance and 1 is always)."
    )


def _classes(rows: Sequence[ClassDrift]) -> str:
    named = [row for row in rows if row.samples >= _FEW] or list(rows)
    if len(named) < 2:
        return ""
    named = sorted(named, key=lambda row: (row.median, row.class_name))
    least, most = named[0], named[-1]
    return (
        f"At level {level_name(most.level)} the class “{most.class_name}” drifts most (median of "
        f"its images {number(most.median)} nats), “{least.class_name}” least "
        f"({number(least.median)})."
    )
