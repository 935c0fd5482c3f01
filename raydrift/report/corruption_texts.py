"""What corruptions cost, in sentences."""

from raydrift.report.corruptions import CorruptionScores
from raydrift.report.matrix_texts import hundredths
from raydrift.text import plural


def corruption_sentences(scores: CorruptionScores) -> list[str]:
    """The ratio to what another view costs, and what costs most and least.

    The severity that is drawn is spoken of; of the others the ratio is told.
    """
    place, ratio = scores.middle, scores.ratio
    severity, cost = scores.severities[place], float(scores.mean_drop[place])
    cost_of = (
        f"Corruptions of the finished pictures at severity {severity} cost {hundredths(cost)} "
        f"points, in the mean of {plural(len(scores.names), 'corruption')}"
    )
    if cost <= 0:
        first = f"{cost_of}: nothing, so there is no ratio to what another view costs."
    elif ratio is None:
        first = f"{cost_of}; another view costs nothing, so there is no ratio of the two."
    else:
        first = (
            f"{cost_of}: {times(ratio[place])} what another view costs "
            f"({hundredths(scores.elsewhere)} points)."
        )
        others = [
            f"{times(one)} at severity {number}"
            for number, one in zip(scores.severities, ratio, strict=True)
            if number != severity
        ]
        if others:
            first += f" It is {', '.join(others)}."
    by_name = scores.drop[..., place].mean(axis=0)
    most, least = int(by_name.argmax()), int(by_name.argmin())
    second = (
        f"Most is lost by {scores.names[most]} ({hundredths(by_name[most])} points), least by "
        f"{scores.names[least]} ({hundredths(by_name[least])})."
    )
    return [first, second]


def times(ratio: float) -> str:
    """A ratio of two drops.

    >>> times(10.32), times(0.41), times(123.4), times(-0.5)
    ('10.3 times', '0.41 times', '123 times', '−0.50 times')
    """
    digits = 2 if abs(ratio) < 1 else 1 if abs(ratio) < 100 else 0
    return f"{ratio:.{digits}f} times".replace("-", "−")
