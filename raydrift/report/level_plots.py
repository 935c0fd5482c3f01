"""The two published plots as PNG: KL over the batches, and a box of KL for each level."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np

from raydrift.report.boxes import box_of
from raydrift.report.evaluation import Evaluation
from raydrift.report.palette import GRID, INK, SOFT, level_colours, spaced
from raydrift.report.text import level_name
from raydrift.text import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE: Final = (10.0, 5.6)  # inches
_DPI: Final = 150
_MOST_BATCHES: Final = 400
_MOST_LINES: Final = 12
_KL: Final = "KL divergence of a batch, nats"


def kl_by_batch(evaluation: Evaluation) -> bytes:
    """A line and a band for each level, over the batches, as PNG.

    A point is ``kl_softmax`` of a batch, the mean of its images; the band is the bootstrap interval
    of that mean. Of many batches some hundred are shown, evenly spaced.
    """
    return _drawn(lambda axes: _draw_lines(axes, evaluation))


def kl_by_level(evaluation: Evaluation) -> bytes:
    """A box of the batches' ``kl_softmax`` for each level, as PNG.

    The box is from quartile to quartile, the line in it the median; whiskers end at the last value
    within 1.5 box lengths.
    """
    return _drawn(lambda axes: _draw_boxes(axes, evaluation))


def _draw_lines(axes: "Axes", evaluation: Evaluation) -> None:
    from matplotlib.ticker import MaxNLocator

    batches = spaced(evaluation.batches, _MOST_BATCHES)
    numbers = [batch.batch for batch in batches]
    values = np.stack([batch.pairs.mean(axis=1) for batch in batches])
    intervals = np.stack([batch.interval for batch in batches])
    colours = level_colours(len(evaluation.levels))
    drawn = spaced(range(len(evaluation.levels)), _MOST_LINES)
    marker = "o" if len(batches) <= 60 else ""
    for place in reversed(drawn):
        level, colour = evaluation.levels[place], colours[place]
        low, high = intervals[:, place].T
        if len(batches) > 1:
            axes.fill_between(numbers, low, high, color=colour, alpha=0.15, linewidth=0)
        else:
            axes.vlines(numbers, low, high, color=colour, alpha=0.5, linewidth=3)
        axes.plot(
            numbers,
            values[:, place],
            color=colour,
            marker=marker,
            markersize=3.5,
            label=level_name(level),
        )
    axes.set_title(f"KL over batches: {evaluation.sweep}")
    axes.set_xlabel(f"batch (of up to {_batch_size(evaluation)} images)")
    axes.set_ylabel(_KL)
    if len(batches) > 1:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    else:
        axes.set_xticks(numbers)
    axes.legend(title="level", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    thinned = ""
    if len(batches) < len(evaluation.batches):
        thinned = f" {len(batches)} of {len(evaluation.batches)} batches are drawn."
    if len(drawn) < len(evaluation.levels):
        thinned += f" {len(drawn)} of {len(evaluation.levels)} levels are drawn."
    band = "Band" if len(batches) > 1 else "Bar"
    _note(
        axes,
        f"{band}: bootstrap 95 % interval of the batch's mean (999 resamples of its images)."
        f"{thinned}",
    )


def _draw_boxes(axes: "Axes", evaluation: Evaluation) -> None:
    levels, colours = evaluation.levels, level_colours(len(evaluation.levels))
    for place, values in enumerate(evaluation.of_metric("kl_softmax").T):
        box = box_of(values)
        if box is None:
            continue
        stats = {
            "q1": box.lower,
            "med": box.median,
            "q3": box.upper,
            "whislo": box.low,
            "whishi": box.high,
            "fliers": box.outliers,
        }
        drawn = axes.bxp(
            [stats],
            positions=[place],
            widths=0.6,
            patch_artist=True,
            manage_ticks=False,
            medianprops={"color": INK, "linewidth": 1.6},
            flierprops={"marker": "o", "markersize": 3, "markeredgecolor": colours[place]},
        )
        for patch in drawn["boxes"]:
            patch.set(facecolor=colours[place] + "59", edgecolor=colours[place])
    shown = spaced(range(len(levels)), 21)
    axes.set_xticks(shown, [level_name(levels[place]) for place in shown])
    axes.set_xlim(-0.6, len(levels) - 0.4)
    axes.set_title(f"KL by level: {evaluation.sweep}")
    axes.set_xlabel("level")
    axes.set_ylabel(_KL)
    _note(
        axes,
        f"{plural(len(evaluation.batches), 'batch')} a level. Box: quartiles and median; whiskers: "
        "the last value within 1.5 box lengths.",
    )


def _batch_size(evaluation: Evaluation) -> int:
    return max(len(batch.sample_ids) for batch in evaluation.batches)


def _note(axes: "Axes", text: str) -> None:
    axes.annotate(
        text,
        (0, 0),
        xycoords="axes fraction",
        xytext=(0, -44),
        textcoords="offset points",
        color=SOFT,
        fontsize=8.5,
    )


def _drawn(draw: Callable[["Axes"], None]) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes)
    axes.title.set_fontweight("bold")
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    content = BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()
