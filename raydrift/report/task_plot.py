"""What the user's model gets right, as PNG: by level, and against divergence."""

from io import BytesIO
from typing import TYPE_CHECKING, Final

from raydrift.report.palette import GRID, INK, LINE, LOSS, SOFT
from raydrift.report.task_findings import TaskFindings
from raydrift.report.text import level_name, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE: Final = (10.0, 4.8)  # inches
_DPI: Final = 150
_APART: Final = 0.07  # of the width, names at least


def task_by_level(task: TaskFindings) -> bytes:
    """Accuracy, or mean IoU, by level and against divergence, and where the model breaks, as PNG.

    Bands and bars are 95 % intervals, from bootstrap resamples of the images.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    by_level, by_divergence = figure.subplots(1, 2, sharey=True)
    _draw_levels(by_level, task)
    _draw_divergences(by_divergence, task)
    for axes in (by_level, by_divergence):
        axes.grid(axis="y", color=GRID)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.axhline(task.limit, color=SOFT, linewidth=1.2, linestyle="--")
    by_level.set_ylim(0, 1.02)
    by_level.set_ylabel(task.quality)
    figure.suptitle(_title(task), color=INK, fontweight="bold", fontsize=12)
    content = BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _draw_levels(axes: "Axes", task: TaskFindings) -> None:
    levels = [one.level or 0.0 for one in task.levels]
    low, high = zip(*(one.interval for one in task.levels), strict=True)
    axes.fill_between(levels, low, high, color=LINE, alpha=0.15, linewidth=0)
    axes.plot(levels, [one.total.quality for one in task.levels], color=LINE, marker="o")
    axes.set_xlabel("level (0: the originals)")
    found = task.breaking
    if found.level is not None:
        first, beyond = found.level_interval
        ends = (found.level if first is None else first, levels[-1] if beyond is None else beyond)
        axes.hlines(task.limit, *ends, color=LOSS, linewidth=3, alpha=0.5)
        axes.plot(found.level, task.limit, color=LOSS, marker="X", markersize=11)


def _draw_divergences(axes: "Axes", task: TaskFindings) -> None:
    quality = [one.total.quality for one in task.levels]
    low, high = zip(*(one.interval for one in task.levels), strict=True)
    axes.vlines(task.divergences, low, high, color=LINE, linewidth=3, alpha=0.25)
    axes.plot(task.divergences, quality, color=LINE, marker="o", alpha=0.8)
    apart, last = _APART * max(task.divergences), 0.0
    for one, divergence in zip(task.levels[1:], task.divergences[1:], strict=True):
        if divergence - last < apart:  # its name would lie on another one
            continue
        last = divergence
        axes.annotate(
            f"level {level_name(one.level or 0)}",
            (divergence, one.total.quality),
            xytext=(5, 5),
            textcoords="offset points",
            color=SOFT,
            fontsize=8.5,
        )
    axes.set_xlabel("median KL divergence of a batch, nats")
    if task.breaking.divergence is not None:
        axes.plot(task.breaking.divergence, task.limit, color=LOSS, marker="X", markersize=11)


def _title(task: TaskFindings) -> str:
    found = task.breaking
    if found.level is None or found.divergence is None:
        return "The model does not break up to the last level"
    return (
        f"The model breaks at level {number(found.level)}, "
        f"where the divergence is {number(found.divergence)} nats"
    )
