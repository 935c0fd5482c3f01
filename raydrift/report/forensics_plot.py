"""What the worst cameras leave of a model, by level, as PNG."""

from io import BytesIO
from typing import TYPE_CHECKING, Final

from raydrift.report.forensics import Forensics
from raydrift.report.forensics_texts import from_level
from raydrift.report.palette import GRID, INK, LOSS, SOFT, level_colours
from raydrift.report.text import level_name
from raydrift.settings.forensics import ALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE: Final = (10.0, 5.4)  # inches
_DPI: Final = 150
_APART: Final = 0.045  # of the height, names at least


def forensics_plot(found: Forensics) -> bytes:
    """A line a part: what its worst camera leaves, and dotted what drawn drift leaves, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    parts = list(found.worst_of)
    colours = dict(zip(parts, part_colours(parts), strict=True))
    for part, cameras in found.worst_of.items():
        levels = [0.0, *found.levels]
        worst = [found.original, *(one.quality for one in cameras)]
        drawn = [found.original, *(one.drawn for one in cameras)]
        axes.plot(levels, drawn, color=colours[part], linewidth=1, linestyle=":", alpha=0.8)
        axes.plot(levels, worst, color=colours[part], marker="o", markersize=4, linewidth=2)
        first = found.breaks(part)
        if first is not None:
            axes.plot(first.level, first.quality, color=LOSS, marker="X", markersize=10, zorder=5)
    _name_lines(axes, found, colours)
    end = found.levels[-1]
    axes.hlines(found.limit, 0, end, color=SOFT, linewidth=1.2, linestyle="--")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, end * 1.25)
    axes.set_xticks([0.0, *found.levels], ["0", *map(level_name, found.levels)])
    axes.set_xlabel("level (0: the originals)")
    axes.set_ylabel(found.quality)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(_title(found), color=INK, fontweight="bold", fontsize=12, loc="left")
    note = (
        "Lines: behind the worst camera that was found. Dotted: drift that is drawn for each "
        f"image.\nDashed: below it more than {level_name(found.drop)} is lost; crosses: the first "
        "level where it is."
    )
    figure.supxlabel(note, color=SOFT, fontsize=8.5, x=0.01, ha="left")
    content = BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def part_colours(parts: list[str]) -> list[str]:
    """A colour a part; ``all`` is ink."""
    others = iter(level_colours(max(1, sum(part != ALL for part in parts))))
    return [INK if part == ALL else next(others) for part in parts]


def _name_lines(axes: "Axes", found: Forensics, colours: dict[str, str]) -> None:
    """Names at the ends of the lines, apart from each other."""
    ends = sorted((cameras[-1].quality, part) for part, cameras in found.worst_of.items())
    heights, last = [], -1.0
    for end, _ in ends:
        last = max(end, last + _APART)
        heights.append(last)
    over = max(0.0, heights[-1] - 1.0)
    for height, (_, part) in zip(heights, ends, strict=True):
        axes.annotate(
            part,
            (found.levels[-1], height - over),
            xytext=(8, 0),
            textcoords="offset points",
            color=colours[part],
            fontsize=9,
            va="center",
        )


def _title(found: Forensics) -> str:
    part = found.ranking[0]
    first = found.breaks(part)
    if first is None:
        level = level_name(found.levels[-1])
        return f"No camera up to level {level} costs more than {level_name(found.drop)}"
    return f"{from_level(first)} there is a camera that breaks the model"
