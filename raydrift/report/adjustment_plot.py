"""The curves of an adjustment as PNG: epoch by epoch, with a camera that learns and without."""

from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np

from raydrift.report.adjustment import (
    DRIFTED,
    FROZEN,
    LEARNED,
    ORIGINAL,
    Adjustment,
    adjustment_sentences,
    words_of,
)
from raydrift.report.palette import GRID, INK, LINE, LOSS, SOFT
from raydrift.report.text import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE: Final = (8.4, 4.8)  # inches
_DPI: Final = 150
_COLOURS: Final = {LEARNED: LOSS, FROZEN: LINE}


def adjustment_plot(found: Adjustment) -> bytes:
    """Accuracy or IoU by epoch, as PNG; bands are one standard deviation of the splits."""
    content = BytesIO()
    adjustment_figure(found).savefig(content, format="png")
    return content.getvalue()


def adjustment_figure(found: Adjustment) -> "Figure":
    """The plot before it is a file."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    epochs = np.arange(found.curves.epochs + 1)
    words = words_of(found)
    for name, label in ((FROZEN, words.frozen), (LEARNED, words.learned)):
        curve = getattr(found.curves, name)
        mean, colour = curve.mean(axis=0), _COLOURS[name]
        if len(curve) > 1:
            sd = curve.std(axis=0, ddof=1)
            axes.fill_between(epochs, mean - sd, mean + sd, color=colour, alpha=0.15, linewidth=0)
        axes.plot(epochs, mean, color=colour, marker="o", markersize=4, label=label)
    given = {ORIGINAL: ", on the originals", DRIFTED: ", on drifted images"}
    if not found.drifts:
        given = {DRIFTED: ""}
    values = {name: found.ends[name][0] for name in given}
    # One label above its line and one below, apart however close the two lines are.
    highest = max(values, key=values.__getitem__) if found.drifts else None
    for name, text in given.items():
        above, value = name == highest, values[name]
        axes.axhline(value, color=SOFT, linewidth=1.2, linestyle="--" if name == ORIGINAL else ":")
        axes.annotate(
            f"the model as given{text}: {number(value)}",
            (epochs[-1], value),
            xytext=(0, 3 if above else -3),
            textcoords="offset points",
            ha="right",
            va="bottom" if above else "top",
            color=SOFT,
            fontsize=8.5,
        )
    axes.set_ylim(-0.07, 1.07)  # with room for a label under 0 and above 1
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"{found.quality} of held-out {'drifted ' if found.drifts else ''}images")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    # Above the axes: the lines and their labels may lie anywhere within.
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    figure.suptitle(adjustment_sentences(found)[-1], color=INK, fontweight="bold", fontsize=12)
    return figure
