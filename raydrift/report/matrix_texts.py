"""What a matrix found, in sentences and short numbers."""

import math
from collections import Counter
from typing import Final

import numpy as np

from raydrift.report.matrix import (
    Matrix,
    Numbers,
    ProbeScores,
    ViewDivergence,
    column_means,
    mean_elsewhere,
)
from raydrift.report.metric_texts import METRIC_TEXTS
from raydrift.report.text import number
from raydrift.text import plural


def hundredths(share: float) -> str:
    """A share or a difference of shares in hundredths, with one digit behind the point.

    >>> [hundredths(share) for share in (0.8164, -0.012, -0.0001, float("nan"))]
    ['81.6', '−1.2', '0.0', '–']
    """
    if math.isnan(share):
        return "–"
    written = f"{abs(100 * share):.1f}"
    return f"−{written}" if share < 0 and float(written) else written


def short_number(value: float) -> str:
    """A figure with two digits, for a narrow cell.

    >>> [short_number(value) for value in (0.0, 0.01234, 1.26, 123.4, float("nan"))]
    ['0', '.012', '1.3', '123', '–']
    """
    if math.isnan(value):
        return "–"
    if value < 0:
        return "−" + short_number(-value)
    if value >= 99.5:
        return f"{value:.0f}"
    if not value:
        return "0"
    if value < 0.0005:
        return "<.001"
    digits = max(0, 1 - math.floor(math.log10(value)))
    return f"{value:.{min(digits, 3)}f}".lstrip("0") or "0"


QUALITIES: Final = {"accuracy": "accuracy", "iou": "intersection over union"}
"""What counts, in words, by the names of ``ProbeTables``."""


def matrix_sentences(found: Matrix) -> list[str]:
    """The result in a few sentences."""
    scores = found.scores
    sentences = [] if scores is None else _probe_sentences(found, scores)
    if found.divergence is not None:
        sentences += _divergence_sentences(found, found.divergence)
    if scores is None:
        sentences += [f"{note[:1].upper()}{note[1:]}." for note in found.input_summary.notes]
    return sentences


def _probe_sentences(found: Matrix, probe: ProbeScores) -> list[str]:
    means, sd, views = probe.means, probe.deviations, found.views
    own, drop = np.diagonal(means.quality), means.drop
    columns = column_means(drop)
    row, column = np.unravel_index(_elsewhere(drop, -np.inf).argmax(), drop.shape)
    hard = int(columns.argmax())
    reached = f"{hundredths(float(own.mean()))} %"
    right = f"gets {reached} of the images right"
    if means.name == "iou":
        right = f"reaches an intersection over union of {reached}"
    lost = mean_elsewhere(drop)
    elsewhere = "loses" if lost >= 0 else "gains"
    first = (
        f"A {found.learner} that is tested on the view that it was trained on {right}, in the "
        f"mean of {len(views)} views; on another view it {elsewhere} "
        f"{hundredths(abs(lost))} points."
    )
    worst = (
        f"Most is lost by {views[row]} tested on {views[column]}: "
        f"{hundredths(drop[row, column])} points "
        f"(± {hundredths(probe.drop_deviation[row, column])}, "
        f"{plural(probe.splits, 'split')}). The hardest view to be tested on is {views[hard]}, "
        f"with a mean drop of {hundredths(columns[hard])} points."
    )
    spread = float(np.diagonal(sd.quality).mean())
    if drop[row, column] <= 0:
        worst = "No view loses anything on another one."
    elif lost < spread:
        worst += (
            f" The splits alone differ by {hundredths(spread)} points (standard deviation): "
            "smaller drops may be chance."
        )
    return [first, *_learned_nothing(found, float(own.mean())), worst]


def _learned_nothing(found: Matrix, reached: float) -> list[str]:
    """Says of trained networks that are no better than a guess that they are."""
    if found.trained is None or found.trained.means.name != "accuracy":
        return []
    labels = [label for batch in found.batches for label in batch.labels]
    share = Counter(labels).most_common(1)[0][1] / len(labels)
    if reached > share:
        return []
    return [
        f"That is no better than to name the most common class of all ({hundredths(share)} %): "
        "drops mean nothing then. Give more --epochs, another --lr, or --train-weights imagenet."
    ]


def _elsewhere(table: Numbers, instead: float) -> Numbers:
    """A table with something else on its diagonal."""
    found = table.copy()
    np.fill_diagonal(found, instead)
    return found


def _divergence_sentences(found: Matrix, divergence: ViewDivergence) -> list[str]:
    table, views = divergence.median, found.views
    if np.isnan(table).any():
        return []
    ends = (_elsewhere(table, -np.inf).argmax(), _elsewhere(table, np.inf).argmin())
    (far, near) = (np.unravel_index(end, table.shape) for end in ends)
    title = METRIC_TEXTS[divergence.metric].title
    return [
        f"{title}: in the mean, views are {number(mean_elsewhere(table))} apart; "
        f"{views[far[1]]} from {views[far[0]]} is furthest ({number(table[far])}), "
        f"{views[near[1]]} from {views[near[0]]} is nearest ({number(table[near])})."
    ]
