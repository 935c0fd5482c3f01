"""The curves and measures of a training as PNG."""

from collections.abc import Mapping
from io import BytesIO
from math import ceil
from textwrap import fill
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from raydrift.report.gan_curves import Curve, curves_of
from raydrift.report.gan_figures import COLOURS, log_ticks, references_of
from raydrift.report.gan_names import (
    MEASURES,
    RATES,
    SPEED,
    Panel,
    base_of,
    curve_title,
    is_translation,
    measure_title,
    panels_of,
    shown_measures,
)
from raydrift.report.gan_texts import gan_sentences
from raydrift.report.palette import GRID, INK, LINE, SOFT, SPREAD

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS: Final = 2
_WIDTH: Final = 12.0  # inches
_HEIGHT: Final = 3.2  # of a row
_DPI: Final = 120
_NAMES: Final = 3  # in a line of a legend
_LINE: Final = 110  # letters of the title


def gan_plot(progress: pa.Table, network: str = "the network") -> bytes:
    """Losses, augmentation and measures of a training, as PNG.

    Args:
        progress: Rows of ``schemas.GAN_PROGRESS``.
        network: What the network that looked at the images is called.
    """
    content = BytesIO()
    gan_figure(progress, network).savefig(content, format="png")
    return content.getvalue()


def gan_figure(progress: pa.Table, network: str = "the network") -> "Figure":
    """The plot before it is a file."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    curves = curves_of(progress)
    left_out = {RATES.title, SPEED.title}
    panels = [panel for panel in panels_of(curves) if panel.title not in left_out]
    measures = shown_measures(curves)
    count = len(panels) + len(measures)
    rows = max(1, ceil(count / _COLUMNS))
    size = (_WIDTH, _HEIGHT * rows + 0.9)
    layout = ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12)
    figure = Figure(figsize=size, dpi=_DPI, layout=layout)
    if count:
        every = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
        for axes, name in zip(every, measures, strict=False):
            _draw_measure(axes, name, curves, network)
        for axes, panel in zip(every[len(measures) :], panels, strict=False):
            _draw_panel(axes, panel, curves)
        for axes in every[count:]:
            axes.set_axis_off()
    title = fill(gan_sentences(curves, network)[0], _LINE)
    figure.suptitle(title, color=INK, fontweight="bold", fontsize=12)
    return figure


def _draw_panel(axes: "Axes", panel: Panel, curves: Mapping[str, Curve]) -> None:
    translation = is_translation(curves)
    for place, name in enumerate(panel.names):
        curve, colour = curves[name], COLOURS[place % len(COLOURS)]
        kept = curve.shown()
        title = curve_title(name, translation)
        if curve.is_long and panel.smooth:
            axes.plot(curve.steps[kept], curve.values[kept], color=colour, alpha=0.3, linewidth=0.8)
            axes.plot(
                curve.steps[kept], curve.smooth[kept], color=colour, linewidth=1.8, label=title
            )
        else:
            axes.plot(
                curve.steps, curve.values, color=colour, marker="o", markersize=3, label=title
            )
    is_log = panel.log and log_ticks(panel, curves) is not None
    if is_log:
        axes.set_yscale("log")
    end = max(int(curves[name].steps[-1]) for name in panel.names)
    _finish(axes, panel.title, end, log=is_log, names=len(panel.names))


def _draw_measure(axes: "Axes", name: str, curves: Mapping[str, Curve], network: str) -> None:
    text, curve = MEASURES[base_of(name)], curves[name]
    references = references_of(name, curves)
    for (other, label), style in zip(references.items(), ("--", ":"), strict=False):
        line = curves[other]
        axes.axhline(
            float(line.values[-1]), color=SOFT, linewidth=1.2, linestyle=style, label=label
        )
    values = curve.values * text.factor
    if np.isfinite(curve.low).any():
        ends = np.stack([curve.values - curve.low, curve.high - curve.values]) * text.factor
        axes.errorbar(
            curve.steps, values, np.maximum(ends, 0), fmt="none", ecolor=SPREAD, elinewidth=1.5
        )
    axes.plot(curve.steps, values, color=LINE, marker="o", markersize=4, label="generated images")
    if not np.isfinite(values).any():
        axes.set_yticks([])
        axes.text(0.5, 0.5, "not defined", transform=axes.transAxes, ha="center", color=SOFT)
    axes.set_ylabel(text.unit)
    title = f"{measure_title(name, network)}: {text.good}"
    _finish(axes, title, int(curve.steps[-1]), log=False, names=1 + len(references))


def _finish(axes: "Axes", title: str, end: int, *, log: bool, names: int) -> None:
    from matplotlib.ticker import EngFormatter, MaxNLocator

    if not log:
        low, high = axes.get_ylim()
        axes.set_ylim(min(0.0, low), high)
    axes.set_xlabel("step", color=SOFT)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(0, 1.02 * max(end, 1))  # the first save is at step 0
    lines = ceil(names / _NAMES) if names > 1 else 0
    axes.set_title(title, loc="left", color=INK, fontsize=10, pad=6 + 14 * lines)
    if lines:  # above the axes: lines may lie anywhere within
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=_NAMES,
            frameon=False,
            fontsize=7.5,
            borderaxespad=0.2,
            columnspacing=1.2,
            handlelength=1.6,
        )
