"""One page that shows which cameras harm a model: self-contained, nothing is loaded."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from raydrift.paths import redacted
from raydrift.report.again import image_flags, record_facts
from raydrift.report.class_rows import SHADE, Cell
from raydrift.report.environment import page_environment, plotly_code
from raydrift.report.figures import plain_figure, rounded
from raydrift.report.forensics import Forensics
from raydrift.report.forensics_plot import part_colours
from raydrift.report.forensics_strips import CameraStrip
from raydrift.report.forensics_texts import camera_text, forensics_sentences, part_name
from raydrift.report.matrix_texts import hundredths
from raydrift.report.palette import SOFT, spaced
from raydrift.report.task_page import model_fact, task_flags
from raydrift.report.text import level_name
from raydrift.settings.forensics import ForensicsSettings
from raydrift.storage import layout
from raydrift.storage.evaluated import ForensicsRecord
from raydrift.text import plural

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MOST_COLUMNS: Final = 11


@dataclass(frozen=True)
class _PartRow:
    """A part in the table: from which level on it breaks the model, and what is left by level."""

    part: str
    breaks_at: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class _Pictures:
    """Some pictures behind a camera, what they are called, and how to make more of them."""

    title: str
    camera: str
    command: list[str]
    strip: CameraStrip


def forensics_page(
    found: Forensics,
    settings: ForensicsSettings,
    record: ForensicsRecord,
    strips: Sequence[CameraStrip],
) -> str:
    """The page as HTML.

    Args:
        found: What was found.
        settings: That it was found with, resolved.
        record: What ``forensics.json`` says.
        strips: Some images as they are, and behind the worst cameras.
    """
    columns = spaced(found.levels, _MOST_COLUMNS)
    return (
        page_environment()
        .get_template("forensics.html.j2")
        .render(
            found=found,
            record=record,
            source=redacted(settings.run.input),
            sentences=forensics_sentences(found),
            cards=_cards(found),
            columns=columns,
            rows=_rows(found, columns),
            original=hundredths(found.original),
            drop=hundredths(found.drop),
            pictures=[_pictures(found, settings, strip) for strip in strips],
            worst=_worst(found, settings),
            penalty=settings.search.penalty if settings.search.has_penalty else None,
            plural=plural,
            layout=layout,
            command=[shlex.quote(word) for word in _command(settings)],
            facts=_facts(found, settings, record),
            figures={"parts": json.loads(_by_level(found).to_json())},
            settings_json=json.dumps(record.settings, indent=2, ensure_ascii=False),
            plotly=plotly_code(),
        )
    )


def _cards(found: Forensics) -> list[tuple[str, str, str]]:
    """Number, unit and a line below it."""
    images = plural(found.samples, "image").split()
    first = found.ranking[0]
    breaks, worst = found.breaks(first), found.worst
    cards = [
        (images[0], images[1], f"by {plural(sum(one.tried for one in found.cameras), 'camera')}"),
        (hundredths(found.original), "%", f"{found.quality} of the originals"),
        (hundredths(worst.quality), "%", f"behind the worst camera: {part_name(worst.part)}"),
    ]
    if breaks is not None:
        cards.append((level_name(breaks.level), "level", f"{part_name(first)}: there it breaks"))
    return cards


def _rows(found: Forensics, columns: Sequence[float]) -> list[_PartRow]:
    rows = []
    for part in found.ranking:
        first = found.breaks(part)
        cells = tuple(
            Cell(hundredths(one.quality), round(SHADE * max(0.0, found.lost(one)), 3))
            for one in found.worst_of[part]
            if one.level in columns
        )
        rows.append(_PartRow(part, "–" if first is None else level_name(first.level), cells))
    return rows


def _pictures(found: Forensics, settings: ForensicsSettings, strip: CameraStrip) -> _Pictures:
    one = strip.camera
    if one is None:
        return _Pictures(f"The originals: {hundredths(found.original)} %", "", [], strip)
    title = f"{part_name(one.part)} {level_name(one.level)}: {hundredths(one.quality)} %"
    if (one.found_part, one.found_level) != (one.part, one.level):
        title += f" (found for {one.found_part} {level_name(one.found_level)})"
    return _Pictures(title, camera_text(one), _generate(settings, one.file), strip)


def _worst(found: Forensics, settings: ForensicsSettings) -> _Pictures:
    one = found.worst
    title = f"{part_name(one.part)} {level_name(one.level)}: {hundredths(one.quality)} %"
    command = _generate(settings, layout.WORST)
    return _Pictures(title, camera_text(one), command, CameraStrip(one, ()))


def _generate(settings: ForensicsSettings, file: str) -> list[str]:
    """What makes the images of a camera."""
    place = f"{redacted(settings.run.output).rstrip('/')}/{file}"
    words = ["raydrift", "generate", redacted(settings.run.input), "OUTPUT", "--config", place]
    return [shlex.quote(word) for word in words]


def _by_level(found: Forensics) -> "Figure":
    from plotly import graph_objects as go

    figure = plain_figure("level", found.quality)
    levels = [0.0, *found.levels]
    parts = list(found.worst_of)
    for part, colour in zip(parts, part_colours(parts), strict=True):
        cameras = found.worst_of[part]
        lines = (
            ("worst camera", "solid", [one.quality for one in cameras], 2.2),
            ("drawn drift", "dot", [one.drawn for one in cameras], 1.2),
        )
        for name, dash, values, width in lines:
            figure.add_trace(
                go.Scatter(
                    x=levels,
                    y=[rounded(value) for value in (found.original, *values)],
                    name=part,
                    legendgroup=part,
                    showlegend=dash == "solid",
                    mode="lines+markers" if dash == "solid" else "lines",
                    line={"color": colour, "width": width, "dash": dash},
                    marker={"size": 7},
                    hovertemplate=f"{part}, {name}<br>level %{{x}}<br>{found.quality} %{{y}}"
                    "<extra></extra>",
                )
            )
    figure.add_hline(
        y=found.limit, line={"color": SOFT, "width": 1.2, "dash": "dash"}, layer="below"
    )
    figure.update_yaxes(range=[0, 1.02])
    figure.update_layout(height=460, legend={"orientation": "h", "y": -0.16})
    return figure


def _command(settings: ForensicsSettings) -> list[str]:
    """What searches the same again; what only a TOML file can say is not in it."""
    run, search = settings.run, settings.search
    words = ["raydrift", "forensics", redacted(run.input), "OUTPUT", *task_flags(settings.task)]
    words += ["--parts", ",".join(settings.parts)]
    words += ["--levels", ",".join(map(level_name, settings.levels))]
    words += ["--steps", str(search.steps), "--restarts", str(search.restarts)]
    if search.penalty != "none":
        words += ["--penalty", search.penalty, "--penalty-weight", f"{search.penalty_weight:g}"]
    if search.compat:
        words.append("--compat")
    words += ["--seed", str(run.seed), "--num-samples", str(run.num_samples)]
    return words + image_flags(run)


def _facts(
    found: Forensics, settings: ForensicsSettings, record: ForensicsRecord
) -> dict[str, str]:
    """What has to be known to repeat and to judge the numbers."""
    run, search = settings.run, settings.search
    facts: dict[str, Any] = {
        "Input": redacted(run.input),
        "Images": f"{run.image.height} × {run.image.width} pixels",
        "Seed": str(run.seed),
        **model_fact(found.task),
        "Search": (
            f"{plural(search.restarts, 'climb')} of {plural(search.steps, 'step')} for each part, "
            f"level and choice, on {plural(search.batch_size, 'image')} a step; where each ends "
            "was measured on all images, in the pixels that generate writes"
        ),
    }
    return facts | record_facts(record)
