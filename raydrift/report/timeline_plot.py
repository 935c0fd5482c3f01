"""The picture of a run's timeline: level, share of drifted samples and mix of classes."""

from collections.abc import Callable, Sequence
from datetime import UTC
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from raydrift.report.fonts import Lettering
from raydrift.report.timeline import LevelCurve, Numbers, StreamPlan
from raydrift.text import plural, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _SOFT, _GRID, _TOTAL = "#1c2430", "#6b7480", "#e2e5ea", "#d9dfe7"
_LINES: Final = (
    "#c2570c", "#1f6fb4", "#2a8f4f", "#8a4fbf", "#c0a000", "#c23b6b", "#0f8f8f", "#7a5230",
)  # fmt: skip
_CLASSES: Final = (
    "#4c78a8", "#f2a65a", "#72b7a1", "#d96c6c", "#9d7fc1", "#e8cf6a", "#8c6d5a", "#ef9fb4",
    "#5b9f57", "#5fb3ce", "#b8553a",
)  # fmt: skip
_OTHERS: Final = "#b8bec7"
_MOST_LINES: Final = 8
_LONGEST, _MOST_ROWS = 36, 4
_ELLIPSIS: Final = " …"
_DAYS_AFTER: Final = 2_932_896  # 31 December 9999, in days since 1970
_DAY_S: Final = 86_400

Write = Callable[[str], str]


def timeline_png(
    plan: StreamPlan, title: str, tell: Callable[[str], None] = lambda _: None
) -> bytes:
    """The picture as PNG.

    Args:
        plan: From ``plan_stream``.
        title: The headline.
        tell: Called with a line where fonts lack signs of the names.
    """
    from matplotlib import rc_context

    texts = (title, *plan.classes, *map(str, plan.drifts), plan.transforms, _ELLIPSIS)
    lettering = Lettering.of(map(printable, texts))
    if lettering.note is not None:
        tell(lettering.note)
    content = BytesIO()

    def write(text: str) -> str:
        return lettering.write(printable(text))

    with rc_context({"font.family": lettering.families}):
        timeline_figure(plan, title, write).savefig(content, format="png")
    return content.getvalue()


def timeline_figure(
    plan: StreamPlan, title: str = "Timeline", write: Write = lambda text: text
) -> "Figure":
    """Draws what a run is going to do.

    Lines are what is due: the level of each drift times its chance, and the chance. What is filled
    is what comes, counted over all samples.

    Args:
        plan: From ``plan_stream``.
        title: The headline.
        write: Makes names such that the fonts have their signs.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(13, 8), dpi=150, layout="constrained", facecolor="white")
    heights = [3, 2, 3 if len(plan.classes) > 1 else 1]
    level, share, mix = figure.subplots(3, 1, sharex=True, height_ratios=heights)
    _draw_levels(level, plan, write)
    _draw_shares(share, plan)
    _draw_classes(mix, plan, write)
    first, stop = (int(edge) for edge in plan.fine.edges[[0, -1]])
    for axes in (level, share, mix):
        _clean(axes)
        for begin, end in plan.shifts:
            for cut in {begin, end} - {first, stop}:
                axes.axvline(cut, color=_INK, linewidth=0.7, linestyle=(0, (2, 3)))
    mix.set_xlim(first, stop)
    mix.xaxis.set_major_locator(MaxNLocator(integer=True))
    mix.xaxis.set_major_formatter(lambda sample, _: f"{sample:,.0f}")
    mix.set_xlabel("sample", color=_INK)
    _show_dates(level, plan)
    headline = f"{title}: {plural(stop - first, 'sample')}"
    if plan.ended_by is not None:
        headline += f", then {plan.ended_by} has run out"
    top = figure.suptitle(write(printable(headline)), x=0.012, ha="left", color=_INK, fontsize=15)
    top.set_parse_math(False)
    return figure


def _draw_levels(axes: "Axes", plan: StreamPlan, write: Write) -> None:
    total = _filled(axes, plan.coarse, plan.coarse.level)
    lines = [("mean of all samples", total)]
    due = _due(axes, plan, plan.fine.due_level)
    lines += [(write(name), line) for name, line in due]
    axes.set_ylabel("level", color=_INK)
    _scale(axes, max(plan.coarse.level.max(), plan.fine.due_level.max(initial=0.0)))
    _legend(axes, lines)


def _draw_shares(axes: "Axes", plan: StreamPlan) -> None:
    total = _filled(axes, plan.coarse, plan.coarse.drifted)
    _due(axes, plan, plan.fine.due_share)
    axes.set_ylabel("drifted samples", color=_INK)
    _scale(axes, 1.0)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    _legend(axes, [("share of all samples", total)])


def _draw_classes(axes: "Axes", plan: StreamPlan, write: Write) -> None:
    names, shares = _shown_classes(plan.classes, plan.mix.classes)
    colours = [*_CLASSES[: len(names)]]
    if len(names) > len(_CLASSES):
        colours.append(_OTHERS)
    edges, below = plan.mix.edges, np.zeros(shares.shape[1])
    found = []
    for name, share, colour in zip(names, shares, colours, strict=True):
        band = axes.stairs(below + share, edges, baseline=below, fill=True, color=colour)
        found.append((write(name), band))
        below = below + share
    axes.set_ylim(0, 1)
    axes.set_ylabel("classes", color=_INK)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    _legend(axes, found[::-1])  # as they lie on one another


def _filled(axes: "Axes", course: LevelCurve, values: Numbers) -> Any:
    return axes.stairs(values, course.edges, fill=True, color=_TOTAL)


def _due(axes: "Axes", plan: StreamPlan, courses: Numbers) -> list[tuple[str, Any]]:
    lines = []
    for index, (drift, course) in enumerate(zip(plan.drifts, courses, strict=True)):
        colour = _LINES[index % len(_LINES)]
        course = _bare(course)
        line = axes.stairs(course, plan.fine.edges, baseline=None, color=colour, linewidth=1.6)
        lines.append((str(drift), line))
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [(f"and {len(lines) - _MOST_LINES} more", lines[_MOST_LINES][1])]
    return lines


def _bare(course: Numbers) -> Numbers:
    """Without the parts where there is nothing, but for those next to where there is something."""
    there = np.flatnonzero(course)
    shown = np.full_like(course, np.nan)
    if len(there):
        ends = slice(max(there[0] - 1, 0), there[-1] + 2)
        shown[ends] = course[ends]
    return shown


def _shown_classes(classes: Sequence[str], shares: Numbers) -> tuple[list[str], Numbers]:
    """The classes that are largest anywhere, in their order, and all others as one."""
    most = len(_CLASSES)
    if len(classes) <= most:
        return list(classes), shares
    largest = np.sort(np.argsort(-shares.max(axis=1), kind="stable")[:most])
    others = np.delete(shares, largest, axis=0)
    names = [*(classes[index] for index in largest), f"{plural(len(others), 'other class')}"]
    return names, np.vstack([shares[largest], others.sum(axis=0)])


def _scale(axes: "Axes", most: float) -> None:
    axes.set_ylim(0, 1.06 * most if most else 1.0)


def _clean(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_SOFT)
    axes.tick_params(colors=_SOFT, labelsize=9)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _legend(axes: "Axes", entries: Sequence[tuple[str, Any]]) -> None:
    legend = axes.legend(
        [handle for _, handle in entries],
        [" " + _short(name) for name, _ in entries],  # one that begins with _ would be left out
        loc="upper left",
        bbox_to_anchor=(1.01, 1.03),
        frameon=False,
        fontsize=8.5,
        labelcolor=_INK,
        handlelength=1.3,
        borderaxespad=0,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _short(name: str) -> str:
    """In a few short lines."""
    return "\n ".join(wrap(printable(name), _LONGEST, max_lines=_MOST_ROWS, placeholder=_ELLIPSIS))


def _show_dates(axes: "Axes", plan: StreamPlan) -> None:
    """Dates along the top, where the timeline has them."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axis, last = plan.axis, float(plan.fine.edges[-1])
    start, step = axis.first_timestamp / _DAY_S, axis.delta_timestamp / _DAY_S
    if step <= 0 or start < 0 or start + last * step > _DAYS_AFTER:
        return

    def day_of(sample: Any) -> Any:
        return start + np.asarray(sample) * step

    def sample_of(day: Any) -> Any:
        return (np.asarray(day) - start) / step

    top = axes.secondary_xaxis("top", functions=(day_of, sample_of))
    locator = AutoDateLocator(tz=UTC)
    top.xaxis.set_major_locator(locator)
    top.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))
    top.tick_params(colors=_SOFT, labelsize=9)
    top.spines["top"].set_color(_SOFT)
