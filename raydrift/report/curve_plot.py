"""A calibration's curve as a picture."""

from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from raydrift.calibrate import CalibrationProfile, CurvePoint
from raydrift.calibrate.curve import is_jump
from raydrift.report.palette import GRID, SOFT, level_colours
from raydrift.report.sheet import ACCENT
from raydrift.report.text import number
from raydrift.text import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE: Final = (9.0, 5.4)  # inches
_DPI: Final = 150
_STEPS: Final = 40  # between two points


def curve_plot(profile: CalibrationProfile, target: float | None = None) -> bytes:
    """Draws divergence by level with the bands of its 95 % intervals, as PNG.

    Args:
        profile: What was measured.
        target: A divergence whose level and interval are shown as well.

    Raises:
        SettingsError: The target is out of the profile's reach.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    (colour,) = level_colours(1)
    pieces, images = _pieces(profile.curve), profile.sample.for_images
    for place, piece in enumerate(pieces):
        levels = [point.level for point in piece]
        lows, highs = [point.low for point in piece], [point.high for point in piece]
        if images is not None:
            label = f"95 % of {plural(images, 'other image')}" if place == 0 else None
            others = np.array([(point.other_low, point.other_high) for point in piece], np.float64)
            low, high = others.T
            axes.fill_between(levels, low, high, color=colour, alpha=0.1, linewidth=0, label=label)
        label = "95 % on average" if place == 0 else None
        axes.fill_between(levels, lows, highs, color=colour, alpha=0.18, linewidth=0, label=label)
        fine = np.unique(
            [np.linspace(a, b, _STEPS) for a, b in pairwise(levels)] if len(piece) > 1 else levels
        )
        axes.plot(fine, [profile.fit.at(level) for level in fine], color=colour)
        values = [point.divergence for point in piece]
        label = "measured" if place == 0 else None
        axes.plot(levels, values, "o", color=colour, markersize=4.5, label=label)
    for here, there in pairwise(pieces):
        ends = here[-1], there[0]
        axes.plot(
            [point.level for point in ends],
            [point.divergence for point in ends],
            color=colour,
            linestyle=":",
            linewidth=1,
        )
    if target is not None:
        _draw_target(axes, profile, target)
    axes.set_xlim(profile.curve[0].level, profile.curve[-1].level)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.set_title(f"{profile.metric} of {profile.sweep}", fontweight="bold")
    axes.set_xlabel(f"level ({plural(profile.sample.images, 'image')})", color=SOFT)
    axes.set_ylabel("divergence", color=SOFT)
    axes.legend(frameon=False, loc="upper left")
    content = BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _draw_target(axes: "Axes", profile: CalibrationProfile, target: float) -> None:
    level, (low, high) = profile.level_for(target), profile.interval_for(target)
    axes.axvspan(low, high, color=ACCENT, alpha=0.12, linewidth=0)
    axes.plot([0, level, level], [target, target, 0], color=ACCENT, linewidth=1.2)
    axes.plot(level, target, "o", color=ACCENT, markersize=7)
    axes.annotate(
        f"{number(target)} at level {level:.4g}\n({low:.4g} to {high:.4g})",
        (level, target),
        xytext=(10, -6),
        textcoords="offset points",
        va="top",
        color=ACCENT,
    )


def _pieces(points: tuple[CurvePoint, ...]) -> list[list[CurvePoint]]:
    """The points between the jumps."""
    pieces = [[points[0]]]
    for here, there in pairwise(points):
        if is_jump(here, there):
            pieces.append([])
        pieces[-1].append(there)
    return pieces
