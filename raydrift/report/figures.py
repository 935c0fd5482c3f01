"""The page's interactive plots, as plotly figures."""

from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from raydrift.report.boxes import box_of
from raydrift.report.evaluation import METRIC_NAMES, ClassDrift, Evaluation
from raydrift.report.metric_texts import METRIC_TEXTS
from raydrift.report.palette import GRID, INK, LINE, SOFT, SPREAD, level_colours, spaced
from raydrift.report.text import level_name, shortened

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SHOWN_BATCHES: Final = 250
SHOWN_CLASSES: Final = 20
SHOWN_LINES: Final = 12
_MOST_TICKS: Final = 11
_MARKED: Final = 60  # batches, above which a line has no points
_LONGEST_NAME: Final = 22
_LONGEST_HOVER: Final = 48
_DIGITS: Final = 5


def level_boxes(evaluation: Evaluation, metric: str) -> "Figure":
    """A box of a metric's batches for each level."""
    from plotly import graph_objects as go

    figure = plain_figure("level", METRIC_TEXTS[metric].axis)
    names = [level_name(level) for level in evaluation.levels]
    boxes = [box_of(values) for values in evaluation.of_metric(metric).T]
    for name, colour, box in zip(names, level_colours(len(names)), boxes, strict=True):
        if box is None:
            continue
        figure.add_trace(
            go.Box(
                x=[name],
                name=f"level {name}",
                lowerfence=[rounded(box.low)],
                q1=[rounded(box.lower)],
                median=[rounded(box.median)],
                q3=[rounded(box.upper)],
                upperfence=[rounded(box.high)],
                marker={"color": colour},
                fillcolor=colour + "59",
                line={"width": 1.8},
            )
        )
        if box.outliers:
            figure.add_trace(
                go.Scatter(
                    x=[name] * len(box.outliers),
                    y=[rounded(value) for value in box.outliers],
                    mode="markers",
                    marker={"color": colour, "size": 4, "symbol": "circle-open"},
                    hovertemplate=f"level {name}<br>outlier %{{y}}<extra></extra>",
                )
            )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=names,
        tickvals=spaced(names, _MOST_TICKS),
        tickangle=0,
    )
    return figure


def batch_lines(evaluation: Evaluation, metric: str) -> "Figure":
    """A metric over the batches, a line for each level; ``kl_softmax`` with its intervals."""
    from plotly import graph_objects as go

    place = METRIC_NAMES.index(metric)
    batches = spaced(evaluation.batches, SHOWN_BATCHES)
    numbers = [batch.batch for batch in batches]
    values = np.stack([batch.values[:, place] for batch in batches])
    intervals = np.stack([batch.interval for batch in batches])
    banded = metric == "kl_softmax"
    figure = plain_figure("batch", METRIC_TEXTS[metric].axis)
    colours = level_colours(len(evaluation.levels))
    for row in spaced(range(len(evaluation.levels)), SHOWN_LINES):
        name, colour = level_name(evaluation.levels[row]), colours[row]
        line, ends = values[:, row], intervals[:, row].T
        error = None
        if banded and len(batches) > 1:
            low, high = ([rounded(end) for end in row] for row in ends)
            figure.add_trace(
                go.Scatter(
                    x=numbers + numbers[::-1],
                    y=high + low[::-1],
                    fill="toself",
                    fillcolor=colour + "26",
                    line={"width": 0},
                    hoverinfo="skip",
                    legendgroup=name,
                    showlegend=False,
                    mode="lines",
                )
            )
        elif banded:
            above, below = ends[1] - line, line - ends[0]
            error = {
                "type": "data",
                "array": [rounded(above[0])],
                "arrayminus": [rounded(below[0])],
            }
        figure.add_trace(
            go.Scatter(
                x=numbers,
                y=[rounded(value) for value in line],
                name=name,
                legendgroup=name,
                showlegend=True,
                mode="lines+markers" if len(batches) <= _MARKED else "lines",
                line={"color": colour, "width": 2},
                marker={"size": 5},
                error_y=error,
                hovertemplate=f"level {name}<br>batch %{{x}}: %{{y}}<extra></extra>",
            )
        )
    figure.update_layout(
        height=460,
        legend={
            "title": {"text": "level"},
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.02,
            "x": 0,
        },
    )
    few = {"tickvals": numbers} if len(numbers) <= _MOST_TICKS else {}
    figure.update_xaxes(tickformat="d", **few)
    return figure


def class_dots(evaluation: Evaluation, level: float) -> "Figure":
    """Median and quartiles of the images of each class at a level; of many classes the first."""
    from plotly import graph_objects as go

    rows = most_drifted(evaluation, level)[::-1]
    names = [as_label(row.class_name, _LONGEST_NAME) for row in rows]
    figure = plain_figure("KL, nats", "")
    figure.add_trace(
        go.Scatter(
            x=[rounded(row.median) for row in rows],
            y=list(range(len(rows))),
            mode="markers",
            marker={"color": LINE, "size": 9},
            error_x={
                "type": "data",
                "array": [rounded(row.upper_quartile - row.median) for row in rows],
                "arrayminus": [rounded(row.median - row.lower_quartile) for row in rows],
                "color": SPREAD,
                "thickness": 3,
                "width": 0,
            },
            customdata=[[as_label(row.class_name, _LONGEST_HOVER), row.samples] for row in rows],
            hovertemplate="%{customdata[0]}<br>median %{x} nats<br>%{customdata[1]} images"
            "<extra></extra>",
        )
    )
    figure.update_layout(height=90 + 26 * max(len(rows), 3), showlegend=False)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=names,
        range=[-0.6, len(rows) - 0.4],
        automargin=True,
        gridcolor="#f0f2f5",
        rangemode="normal",
    )
    figure.update_xaxes(showgrid=True, gridcolor=GRID, rangemode="tozero")
    return figure


def most_drifted(evaluation: Evaluation, level: float) -> list[ClassDrift]:
    """The classes that drift most at a level, the strongest first."""
    rows = [row for row in evaluation.class_drift if row.level == level]
    return sorted(rows, key=lambda row: (-row.median, row.class_name))[:SHOWN_CLASSES]


def plain_figure(x: str, y: str) -> "Figure":
    """A figure without anything in it; the axes have these titles."""
    from plotly import graph_objects as go

    axis: dict[str, Any] = {
        "linecolor": "#aab2bd",
        "ticks": "outside",
        "tickcolor": "#aab2bd",
        "zeroline": False,
        "title": {"standoff": 8, "font": {"color": SOFT}},
    }
    figure = go.Figure(layout_template="none")
    figure.update_layout(
        font={"family": "system-ui, sans-serif", "size": 13, "color": INK},
        margin={"l": 62, "r": 12, "t": 12, "b": 50},
        height=400,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"bgcolor": "#ffffff", "font": {"color": INK}},
        modebar={"orientation": "v"},
    )
    figure.update_xaxes(axis | {"title": axis["title"] | {"text": x}, "showgrid": False})
    figure.update_yaxes(
        axis
        | {"title": axis["title"] | {"text": y}, "gridcolor": GRID, "rangemode": "tozero"}
        | {"automargin": True}  # room for numbers of many digits
    )
    return figure


def rounded(value: float) -> float | None:
    """A number as the page needs it: short; JSON knows no NaN."""
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None


def as_label(name: str, most: int) -> str:
    """A class's name in a plot; plotly reads text as HTML."""
    return escape(shortened(name, most), quote=False)
