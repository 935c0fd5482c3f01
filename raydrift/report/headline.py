"""What an experiment found, in plain sentences."""

import math
from collections.abc import Sequence
from itertools import pairwise

from raydrift.report.evaluation import ClassDrift, Evaluation, LevelSummary
from raydrift.report.text import level_name, number, shortened

_TOLD_APART = 0.9  # an area under the curve that is called telling apart
_LONGEST_NAME = 48
_FEW = 5  # images, below which a class is not named as the first or the last


def headline(evaluation: Evaluation) -> list[str]:
    """The findings, the most important first."""
    summary = evaluation.summary
    found = [_divergence(summary, len(evaluation.batches)), _classifier(summary)]
    found.append(
        _classes([row for row in evaluation.class_drift if row.level == summary[-1].level])
    )
    if evaluation.task is not None:
        found.insert(0, evaluation.task.sentence)
    return [sentence for sentence in found if sentence]


def _divergence(summary: Sequence[LevelSummary], batches: int) -> str:
    first, last = summary[0], summary[-1]
    at_last = f"At level {level_name(last.level)}"
    if len(summary) == 1:
        said = f"{at_last} the median KL divergence of a batch is {number(last.median)} nats."
    else:
        rising = all(a <= b for a, b in pairwise(row.median for row in summary))
        how = "rises" if rising else "goes, not always upwards,"
        said = (
            f"From level {level_name(first.level)} to level {level_name(last.level)} the median "
            f"KL divergence of a batch {how} from {number(first.median)} to "
            f"{number(last.median)} nats."
        )
    if batches > 1:
        said += f" {at_last} half of the batches lie from {number(last.lower)} to "
        said += f"{number(last.upper)}."
    return said


def _classifier(summary: Sequence[LevelSummary]) -> str:
    seen = [row for row in summary if not math.isnan(row.auc)]
    if not seen:
        return ""
    low = None
    for row in reversed(seen):
        if row.auc < _TOLD_APART:
            break
        low = row
    if low is None:
        last = seen[-1]
        return (
            f"Even at level {level_name(last.level)} a linear classifier does not tell the images "
            f"of a batch reliably from their originals (AUC {number(last.auc)}, where 0.5 is "
            "chance)."
        )
    where = "At" if len(seen) == 1 else "From"
    on = "" if len(seen) == 1 else " on"
    return (
        f"{where} level {level_name(low.level)}{on} a linear classifier tells the images of a "
        f"batch from their originals (AUC {number(low.auc)}, where 0.5 is chance and 1 is always)."
    )


def _classes(rows: Sequence[ClassDrift]) -> str:
    named = [row for row in rows if row.samples >= _FEW] or list(rows)
    if len(named) < 2:
        return ""
    named = sorted(named, key=lambda row: (row.median, row.class_name))
    least, most = (
        (f"“{shortened(row.class_name, _LONGEST_NAME)}”", number(row.median))
        for row in (named[0], named[-1])
    )
    return (
        f"At level {level_name(named[0].level)} the class {most[0]} drifts most (median of its "
        f"images {most[1]} nats), {least[0]} least ({least[1]})."
    )
