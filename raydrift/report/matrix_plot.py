"""The matrix as PNG: a number for each view that was learned on and each that was tested on."""

from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from raydrift.report.matrix import Matrix, Numbers, column_means
from raydrift.report.matrix_texts import QUALITIES, hundredths, short_number
from raydrift.report.palette import INK, LOSS, NO_LOSS, SOFT
from raydrift.text import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CELL: Final = 0.62  # inches
_DPI: Final = 150
_LINE: Final = 13  # letters of the note an inch
_FRAMES: Final = 5  # above the white lines between the cells
_DARK: Final = 0.6  # of the way from pale to strong, where ink becomes white
_CODES: Final[dict[str, Any]] = {"family": "DejaVu Sans Mono", "size": 9}


def matrix_plot(found: Matrix) -> bytes:
    """A heat map with numbers, rows train and columns test, as PNG.

    What counts in hundredths, darker where more is lost against the row's own view, and below it
    the mean drop of each column. Where nothing was learned: the divergence of the column's view
    from the row's.
    """
    from matplotlib.figure import Figure

    side = _CELL * len(found.views)
    figure = Figure(figsize=(side + 2.6, side + 2.9), dpi=_DPI, layout="constrained")
    if (scores := found.scores) is not None:
        means = scores.means
        drops = column_means(means.drop)
        rows = [*map(_all_hundredths, means.quality), _all_hundredths(drops)]
        shades = np.vstack([means.drop, drops])
        quality = QUALITIES[means.name]
        title = f"{quality.capitalize()} by view, in hundredths"
        note = (
            f"By a {found.learner}: mean of {plural(scores.splits, 'split')} by file, "
            f"{plural(found.samples, 'image')}. The framed diagonal is the reference; "
            "darker: more is lost against it.\nLast row: the mean drop of the column, "
            "without the diagonal."
        )
        names = ("tested on", "trained on")
    elif found.divergence is not None:
        shades = found.divergence.median
        rows = [[short_number(value) for value in row] for row in shades]
        title = f"Divergence of views: {found.divergence.metric}"
        note = (
            f"Median of {plural(len(found.batches), 'batch')}: "
            "of the column's view, from the row's."
        )
        names = ("of", "from")
    axes = figure.add_subplot()
    _draw(axes, found.views, rows, shades, names)
    axes.set_title(title, fontweight="bold", pad=16)
    width = round(_LINE * figure.get_figwidth())
    lines = "\n".join(line for part in note.splitlines() for line in wrap(part, width))
    figure.text(0.02, -0.02, lines, color=SOFT, fontsize=8.5, va="top")
    content = BytesIO()
    figure.savefig(content, format="png", bbox_inches="tight", pad_inches=0.2)
    return content.getvalue()


def _draw(
    axes: "Axes",
    views: tuple[str, ...],
    rows: list[list[str]],
    shades: Numbers,
    names: tuple[str, str],
) -> None:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    strength = np.clip(np.nan_to_num(shades), 0, None)
    most = float(strength.max()) or 1.0
    pale = LinearSegmentedColormap.from_list("pale", [NO_LOSS, LOSS])
    axes.imshow(strength, cmap=pale, vmin=0, vmax=most, aspect="equal")
    for (row, column), value in np.ndenumerate(strength):
        dark = value > _DARK * most
        colour = "white" if dark else INK
        axes.text(column, row, rows[row][column], ha="center", va="center", color=colour)
    labels = [*views, "mean drop"][: len(rows)]
    axes.set_xticks(range(len(views)), views, rotation=45, ha="left", **_CODES)
    axes.set_yticks(range(len(rows)), labels, **_CODES)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(1, len(views)) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, len(rows)) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    if len(rows) > len(views):
        axes.axhline(len(views) - 0.5, color=INK, linewidth=1.2, zorder=_FRAMES)
    for place in range(len(views)):
        corner = (place - 0.5, place - 0.5)
        frame = Rectangle(corner, 1, 1, fill=False, edgecolor=INK, linewidth=1.2)
        frame.set(zorder=_FRAMES, clip_on=False)
        axes.add_patch(frame)


def _all_hundredths(values: Numbers) -> list[str]:
    return [hundredths(value) for value in values]
