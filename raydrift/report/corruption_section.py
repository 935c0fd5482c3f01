"""What the page of a matrix tells of corruptions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from raydrift.report.class_rows import SHADE, Cell
from raydrift.report.corruption_plot import drops
from raydrift.report.corruption_texts import corruption_sentences, times
from raydrift.report.corruptions import CorruptionScores
from raydrift.report.figures import plain_figure, rounded
from raydrift.report.matrix import Matrix
from raydrift.report.matrix_texts import QUALITIES, hundredths
from raydrift.report.palette import INK, LOSS, NO_LOSS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True)
class CorruptionSection:
    """The section.

    Attributes:
        quality: What counts, in words.
        sentences: The ratio, and what costs most and least.
        severities: Those that can be chosen.
        chosen: The one that is shown first.
        rows: Of each corruption the mean drop at each severity, then of all, and the ratio.
        figures: A heat map a severity.
    """

    quality: str
    sentences: list[str]
    severities: list[str]
    chosen: str
    rows: list[tuple[str, list[Cell]]]
    figures: dict[str, "Figure"]

    @classmethod
    def of(cls, found: Matrix, scores: CorruptionScores) -> "CorruptionSection":
        """The section on some scores."""
        names = [str(severity) for severity in scores.severities]
        return cls(
            QUALITIES[scores.name],
            corruption_sentences(scores),
            names,
            names[scores.middle],
            _rows(scores),
            {name: _heat_map(found, scores, place) for place, name in enumerate(names)},
        )


def ratio_card(scores: CorruptionScores) -> tuple[str, str, str]:
    """Number, unit and a line below it."""
    severity = scores.severities[scores.middle]
    if scores.ratio is None:
        cost = hundredths(float(scores.mean_drop[scores.middle]))
        return cost, "points", f"mean drop under corruptions (severity {severity})"
    value, unit = times(scores.ratio[scores.middle]).split()
    return value, unit, f"as much is lost under corruptions (severity {severity})"


def _rows(scores: CorruptionScores) -> list[tuple[str, list[Cell]]]:
    by_name = scores.drop.mean(axis=0)
    most = float(by_name.max(initial=0)) or 1.0
    rows = []
    for name, values in zip(
        (*scores.names, "mean"), np.vstack([by_name, scores.mean_drop]), strict=True
    ):
        shades = np.clip(values / most, 0, 1) * SHADE
        cells = [
            Cell(hundredths(value), round(float(shade), 3))
            for value, shade in zip(values, shades, strict=True)
        ]
        rows.append((name, cells))
    if scores.ratio is not None:
        cells = [Cell(times(one), 0) for one in scores.ratio]
        rows.append(("against another view", cells))
    return rows


def _heat_map(found: Matrix, scores: CorruptionScores, place: int) -> "Figure":
    from plotly import graph_objects as go

    cells, sd = drops(scores, place), scores.drop_deviation[..., place]
    columns, rows = [*scores.names, "mean", "another view"], [*found.views, "mean"]
    told = [[hundredths(value) for value in line] for line in cells]
    hover = [line.copy() for line in told]
    for (row, column), deviation in np.ndenumerate(sd):
        hover[row][column] += f" ± {hundredths(deviation)}"
    figure = plain_figure("", "trained and tested on")
    x, y = ([str(number) for number in range(len(labels))] for labels in (columns, rows))
    custom: list[list[Any]] = [
        [[row, column, text] for column, text in zip(columns, line, strict=True)]
        for row, line in zip(rows, hover, strict=True)
    ]
    figure.add_trace(
        go.Heatmap(
            x=x,
            y=y,
            z=[[rounded(max(value, 0.0)) for value in line] for line in cells],
            zmin=0,
            text=told,
            texttemplate="%{text}",
            customdata=custom,
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
            colorscale=[[0, NO_LOSS], [1, LOSS]],
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    right, below = len(scores.names) - 0.5, len(found.views) - 0.5
    line = {"color": INK, "width": 1.5}
    ends = {"type": "line", "line": line}
    shapes = [
        ends | {"x0": right, "x1": right, "y0": -0.5, "y1": len(rows) - 0.5},
        ends | {"x0": -0.5, "x1": len(columns) - 0.5, "y0": below, "y1": below},
    ]
    figure.update_layout(height=190 + 42 * len(rows), shapes=shapes)
    common = {"type": "category", "ticks": ""}
    figure.update_xaxes(
        side="top", tickangle=-45, automargin=True, tickvals=x, ticktext=columns, **common
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, tickvals=y, ticktext=rows, **common)
    return figure
