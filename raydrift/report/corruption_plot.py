"""What corruptions cost as PNG: a number for each view and each corruption."""

from io import BytesIO
from textwrap import wrap
from typing import Any, Final

import numpy as np

from raydrift.report.corruption_texts import corruption_sentences
from raydrift.report.corruptions import CorruptionScores
from raydrift.report.matrix import Matrix, Numbers
from raydrift.report.matrix_texts import QUALITIES, hundredths
from raydrift.report.palette import INK, LOSS, NO_LOSS, SOFT
from raydrift.text import plural

_CELL: Final = 0.62  # inches
_DPI: Final = 150
_LINE: Final = 13  # letters of the note an inch
_DARK: Final = 0.6  # of the way from pale to strong, where ink becomes white
_NAMES: Final[dict[str, Any]] = {"family": "DejaVu Sans Mono", "size": 9}


def corruption_plot(found: Matrix, scores: CorruptionScores) -> bytes:
    """A heat map with numbers, rows views and columns corruptions, as PNG.

    The drop of what counts at the middle one of the severities, in hundredths, darker where more is
    lost. Behind a line are the mean of the corruptions and, for comparison, the mean drop of the
    row's model on another view; below one the means of the columns.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    cells = drops(scores, scores.middle)
    (height, width), views, names = cells.shape, len(found.views), len(scores.names)
    size = (_CELL * width + 2.6, _CELL * height + 2.2)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    strength = np.clip(cells, 0, None)
    most = float(strength.max()) or 1.0
    pale = LinearSegmentedColormap.from_list("pale", [NO_LOSS, LOSS])
    axes.imshow(strength, cmap=pale, vmin=0, vmax=most, aspect="equal")
    for (row, column), value in np.ndenumerate(cells):
        colour = "white" if value > _DARK * most else INK
        axes.text(column, row, hundredths(value), ha="center", va="center", color=colour)
    labels = [*scores.names, "mean", "another view"]
    axes.set_xticks(range(width), labels, rotation=45, ha="left", **_NAMES)
    axes.set_yticks(range(height), [*found.views, "mean"], **_NAMES)
    axes.xaxis.tick_top()
    axes.set_ylabel("trained and tested on")
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(1, width) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, height) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    axes.axvline(names - 0.5, color=INK, linewidth=1.2)
    axes.axhline(views - 0.5, color=INK, linewidth=1.2)
    severity = scores.severities[scores.middle]
    quality = QUALITIES[scores.name]
    title = f"Drop of {quality} under corruptions of severity {severity}, in hundredths"
    axes.set_title(title, fontweight="bold", pad=16)
    note = (
        f"The {quality} on the view as it is, less that on its corrupted pictures: mean of "
        f"{plural(scores.views.splits, 'split')} by file, {plural(found.samples, 'image')}. Last "
        f"column: what the same model loses on another view. {corruption_sentences(scores)[0]}"
    )
    lines = "\n".join(wrap(note, round(_LINE * figure.get_figwidth())))
    figure.text(0.02, -0.02, lines, color=SOFT, fontsize=8.5, va="top")
    content = BytesIO()
    figure.savefig(content, format="png", bbox_inches="tight", pad_inches=0.2)
    return content.getvalue()


def drops(scores: CorruptionScores, place: int) -> Numbers:
    """The drops at a severity as they are shown.

    Args:
        scores: The scores, of V views and C corruptions.
        place: The place of the severity.

    Returns:
        float64 of shape (V + 1, C + 2): behind the corruptions their mean and the mean drop on
        another view, below the views the means of the columns.
    """
    of_views, drop = scores.views.means.drop, scores.drop[..., place]
    elsewhere = of_views.sum(axis=1) / (len(of_views) - 1)
    cells = np.column_stack([drop, drop.mean(axis=1), elsewhere])
    return np.vstack([cells, cells.mean(axis=0)])
