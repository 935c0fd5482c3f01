"""The interactive plots of a training's page, as plotly figures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from raydrift.report.figures import plain_figure, rounded
from raydrift.report.gan_curves import Curve, Integers
from raydrift.report.gan_names import (
    MEASURES,
    REFERENCES,
    Panel,
    base_of,
    curve_title,
    is_translation,
)
from raydrift.report.palette import INK, LINE, LOSS, SOFT, SPREAD

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLOURS: Final = ("#365c8d", "#d1495b", "#1a8a78", "#b36b00", "#46327e", "#5b8a00")
"""Of the curves of a panel, all readable on white."""

_LEAST_RATIO: Final = 5  # of the largest to the least value, for a logarithmic axis
_MANY: Final = 200  # of them, above which only powers of ten are named
_PALE: Final = "59"  # as the last part of a colour: a third of it


def log_ticks(panel: Panel, curves: Mapping[str, Curve]) -> str | int | None:
    """Which ticks a logarithmic axis of a panel has, in plotly's words.

    Returns:
        ``D2`` (1, 2, 5) or 1 (powers of ten); None: such an axis cannot be, or shows nothing more.
    """
    values = np.concatenate([curves[name].values for name in panel.names])
    there = values[np.isfinite(values)]
    if not len(there) or not there.min() > 0:
        return None
    ratio = float(there.max() / there.min())
    if ratio < _LEAST_RATIO:
        return None
    return 1 if ratio > _MANY else "D2"


def is_smoothed(panel: Panel, curves: Mapping[str, Curve]) -> bool:
    """Whether a panel has running means."""
    return panel.smooth and any(curves[name].is_long for name in panel.names)


def panel_figure(panel: Panel, curves: Mapping[str, Curve]) -> "Figure":
    """The curves of a panel: pale as they are, strong their running means."""
    from plotly import graph_objects as go

    figure = plain_figure("step", "")
    translation = is_translation(curves)
    for place, name in enumerate(panel.names):
        curve, colour = curves[name], COLOURS[place % len(COLOURS)]
        kept = curve.shown()
        title = curve_title(name, translation)
        lines = [(curve.values, colour, 1.6, True)]
        if panel.smooth and curve.is_long:
            lines = [(curve.values, colour + _PALE, 1.2, False), (curve.smooth, colour, 2.2, True)]
        for values, shade, width, named in lines:
            figure.add_trace(
                go.Scatter(
                    x=curve.steps[kept].tolist(),
                    y=[rounded(value) for value in values[kept]],
                    name=title,
                    legendgroup=name,
                    showlegend=named,
                    mode="lines" if curve.is_long else "lines+markers",
                    line={"color": shade, "width": width},
                    marker={"size": 5},
                    customdata=curve.images[kept].tolist(),
                    hovertemplate=f"{title}: %{{y}}<br>step %{{x:,}}, image %{{customdata:,}}"
                    "<extra></extra>",
                    hoverinfo=None if named else "skip",
                )
            )
    figure.update_layout(height=340, showlegend=False)  # the page has one of its own
    figure.update_xaxes(**_step_axis(curves, panel.names))
    ticks = log_ticks(panel, curves)
    if panel.log and ticks is not None:
        figure.update_yaxes(type="log", dtick=ticks)
    figure.update_yaxes(exponentformat="e")
    return figure


def measure_figure(name: str, curves: Mapping[str, Curve]) -> "Figure":
    """A measure, save by save, with its intervals and what to compare it with."""
    from plotly import graph_objects as go

    text, curve = MEASURES[base_of(name)], curves[name]
    factor, figure = text.factor, plain_figure("step", text.unit)
    references = [
        (other, label)
        for other, label in references_of(name, curves).items()
        if np.isfinite(curves[other].values).any()
    ]
    for (other, label), dash in zip(references, ("dash", "dot"), strict=False):
        line = curves[other]
        figure.add_trace(
            go.Scatter(
                x=line.steps.tolist(),
                y=[rounded(value) for value in line.values * factor],
                name=label,
                mode="lines" if len(line.steps) > 1 else "markers",
                legendgroup=other,
                line={"color": SOFT if dash == "dash" else INK, "width": 1.4, "dash": dash},
                marker={"size": 9, "symbol": "line-ew-open", "color": SOFT},
                hovertemplate=f"{label}: %{{y}}<extra></extra>",
            )
        )
    above, below = curve.high - curve.values, curve.values - curve.low
    has_interval = bool(np.isfinite(above).any())
    figure.add_trace(
        go.Scatter(
            x=curve.steps.tolist(),
            y=[rounded(value) for value in curve.values * factor],
            name="generated images",
            legendgroup=name,
            mode="lines+markers",
            line={"color": LINE, "width": 2},
            marker={"size": 7},
            error_y={
                "type": "data",
                "array": [rounded(max(0.0, end)) for end in above * factor],
                "arrayminus": [rounded(max(0.0, end)) for end in below * factor],
                "color": SPREAD,
                "thickness": 2,
                "width": 0,
            }
            if has_interval
            else None,
            customdata=curve.images.tolist(),
            hovertemplate="%{y}<br>step %{x:,}, image %{customdata:,}<extra></extra>",
        )
    )
    ideal = {"gap_closed": 100, "back_gap_closed": 100, "diversity": 100, "kernel_distance": 0}
    if base_of(name) in ideal:
        figure.add_hline(
            y=ideal[base_of(name)],
            line={"color": LOSS, "width": 1.2, "dash": "dot"},
            layer="below",
        )
    figure.update_layout(height=280, showlegend=False)
    figure.update_xaxes(**_step_axis(curves, (name,)))
    return figure


def references_of(name: str, curves: Mapping[str, Curve]) -> dict[str, str]:
    """The curves that a measure is compared with, and what they are of."""
    ending = name.removeprefix(base_of(name))
    return {
        other + ending: label
        for other, (base, label) in REFERENCES.items()
        if base == base_of(name) and other + ending in curves
    }


def _step_axis(curves: Mapping[str, Curve], names: tuple[str, ...]) -> dict[str, Any]:
    """One step alone is named; else a few of the numbers, short."""
    steps: Integers = np.concatenate([curves[name].steps for name in names])
    least, most = int(steps.min()), int(steps.max())
    if least == most:
        return {"tickvals": [least], "ticktext": [f"{least:,}"], "range": [least - 1, least + 1]}
    tick_format = "~s" if most >= 10_000 else ",d"
    return {"nticks": 6, "tickformat": tick_format, "range": [0, most * 1.02]}
