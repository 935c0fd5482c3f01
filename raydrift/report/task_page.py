"""The page's section on the user's model: its plots, its table of classes, its facts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from raydrift.paths import redacted
from raydrift.report.class_rows import SHADE, Cell, ClassRow
from raydrift.report.figures import plain_figure, rounded
from raydrift.report.palette import LINE, LOSS, SOFT, SPREAD, level_colours
from raydrift.report.task_findings import TaskFindings
from raydrift.report.text import level_name, number
from raydrift.settings.task import TaskSettings
from raydrift.tasks.task import Task

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def task_figures(task: TaskFindings | None) -> dict[str, "Figure"]:
    """The plots by the places that they have in the page; none without a task."""
    if task is None:
        return {}
    return {"quality": _quality_by_level(task), "answers": _quality_by_divergence(task)}


def task_class_rows(task: TaskFindings, levels: Sequence[float]) -> list[ClassRow]:
    """The classes with their quality at some levels, those that lose most at the last one first.

    Args:
        task: What was found.
        levels: Columns, beside the originals.
    """
    shown = [one for one in task.levels if one.level is None or one.level in levels]
    rows = []
    for place, name in enumerate(task.classes):
        values = [one.by_class[place].quality for one in shown]
        lost = [values[0] - value for value in values]
        samples = shown[0].by_class[place].samples
        if samples:
            cells = (
                Cell(number(value), round(SHADE * max(0.0, less), 3))
                for value, less in zip(values, lost, strict=True)
            )
            rows.append((-lost[-1], ClassRow(name, samples, tuple(cells))))
    return [row for _, row in sorted(rows, key=lambda pair: (pair[0], pair[1].name))]


def task_flags(task: TaskSettings | None) -> list[str]:
    """What the command line says of a task; what only a TOML file can say is not in it."""
    if task is None:
        return []
    words = ["--task", redacted(task.model), "--task-normalize", task.written_normalize]
    return [*words, "--task-drop", level_name(task.drop)]


def task_facts(task: TaskFindings | None) -> dict[str, str]:
    """What has to be known to judge a model's scores."""
    return {} if task is None else model_fact(task.task)


def model_fact(task: Task) -> dict[str, str]:
    """The user's model, and how it is asked."""
    file, settings = task.file, task.settings
    normalised = {"none": "as they are, 0 to 1", "imagenet": "with ImageNet's normalisation"}
    how = normalised.get(settings.written_normalize, f"normalised by {settings.written_normalize}")
    return {"Model": f"{file.name} ({file.digest[:16]}), {file.kind}; pixels {how}"}


def _quality_by_level(task: TaskFindings) -> "Figure":
    from plotly import graph_objects as go

    figure = plain_figure("level", task.quality)
    levels = [one.level or 0.0 for one in task.levels]
    quality, (low, high) = _qualities(task)
    figure.add_trace(
        go.Scatter(
            x=levels + levels[::-1],
            y=high + low[::-1],
            fill="toself",
            fillcolor=LINE + "26",
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=levels,
            y=quality,
            mode="lines+markers",
            line={"color": LINE, "width": 2},
            marker={"size": 7},
            hovertemplate=f"level %{{x}}<br>{task.quality} %{{y}}<extra></extra>",
        )
    )
    _draw_limit(figure, task, levels)
    found = task.breaking
    if found.level is not None:
        first, beyond = found.level_interval
        end = levels[-1] if beyond is None else beyond
        begin = found.level if first is None else first
        error = {
            "type": "data",
            "array": [rounded(end - found.level)],
            "arrayminus": [rounded(found.level - begin)],
        }
        _draw_break(figure, task, found.level, "level", error)
    figure.update_yaxes(range=[0, 1.02])
    figure.update_layout(showlegend=False)
    return figure


def _quality_by_divergence(task: TaskFindings) -> "Figure":
    from plotly import graph_objects as go

    figure = plain_figure("median KL divergence of a batch, nats", task.quality)
    quality, (low, high) = _qualities(task)
    names = ["originals", *(f"level {level_name(one.level or 0)}" for one in task.levels[1:])]
    divergences = [rounded(value) for value in task.divergences]
    above, below = (
        [
            None if end is None or here is None else rounded(abs(end - here))
            for end, here in zip(ends, quality, strict=True)
        ]
        for ends in (high, low)
    )
    figure.add_trace(
        go.Scatter(
            x=divergences,
            y=quality,
            mode="lines+markers",
            line={"color": "#b9c6d6", "width": 1.5},
            marker={"size": 9, "color": level_colours(len(names))},
            error_y={"type": "data", "array": above, "arrayminus": below, "color": SPREAD},
            customdata=names,
            hovertemplate=f"%{{customdata}}<br>%{{x}} nats<br>{task.quality} %{{y}}<extra></extra>",
        )
    )
    _draw_limit(figure, task, list(task.divergences))
    if task.breaking.divergence is not None:
        _draw_break(figure, task, task.breaking.divergence, "nats", None)
    figure.update_yaxes(range=[0, 1.02])
    figure.update_layout(showlegend=False)
    return figure


def _qualities(task: TaskFindings) -> tuple[list[Any], tuple[list[Any], list[Any]]]:
    quality = [rounded(one.total.quality) for one in task.levels]
    low, high = ([rounded(one.interval[end]) for one in task.levels] for end in (0, 1))
    return quality, (low, high)


def _draw_limit(figure: "Figure", task: TaskFindings, places: Sequence[float]) -> None:
    """The quality below which the model is broken."""
    from plotly import graph_objects as go

    ends = [rounded(np.nanmin(places)), rounded(np.nanmax(places))]
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=[rounded(task.limit)] * 2,
            mode="lines",
            line={"color": SOFT, "width": 1.2, "dash": "dash"},
            hoverinfo="skip",
        )
    )


def _draw_break(
    figure: "Figure", task: TaskFindings, place: float, unit: str, error: dict[str, Any] | None
) -> None:
    from plotly import graph_objects as go

    figure.add_trace(
        go.Scatter(
            x=[rounded(place)],
            y=[rounded(task.limit)],
            mode="markers",
            marker={"color": LOSS, "size": 12, "symbol": "x"},
            error_x=error,
            hovertemplate=f"breaks at {unit} %{{x}}<extra></extra>",
        )
    )
