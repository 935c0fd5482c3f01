"""One page that shows a matrix: self-contained, nothing is loaded from anywhere."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from raydrift.paths import redacted
from raydrift.report.again import network_fact, record_facts, run_flags
from raydrift.report.class_rows import SHADE, Cell
from raydrift.report.corruption_section import CorruptionSection, ratio_card
from raydrift.report.environment import page_environment, plotly_code
from raydrift.report.figures import plain_figure, rounded
from raydrift.report.matrix import Matrix, Numbers, column_means, mean_elsewhere
from raydrift.report.matrix_texts import (
    QUALITIES,
    hundredths,
    matrix_sentences,
    short_number,
)
from raydrift.report.matrix_training import splits_fact, training_fact, training_flags
from raydrift.report.metric_texts import METRIC_TEXTS
from raydrift.report.palette import INK, LOSS, NO_LOSS
from raydrift.report.text import level_name, number
from raydrift.report.view_strip import ViewStrip
from raydrift.settings.matrix import MatrixSettings
from raydrift.storage import layout
from raydrift.storage.evaluated import MatrixRecord
from raydrift.text import plural

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


_NOTES: Final = {
    "accuracy": "The share of the images that is right, in hundredths.",
    "iou": "Of the foreground, of the pixels of all images, in hundredths.",
    "f1": "The mean over the classes of F1, in hundredths.",
}


@dataclass(frozen=True)
class _Shown:
    """A table that the page can show.

    Attributes:
        title: What it is called.
        note: What it means.
        values: Rows train, columns test; of a divergence rows from, columns of.
        texts: What stands in the cells.
        hover: What is told of a cell beside its place.
        darker: Whether a larger value is the darker one.
        means: The mean of each column, without the diagonal.
    """

    title: str
    note: str
    values: Numbers
    texts: list[list[str]]
    hover: list[list[str]]
    darker: bool
    means: list[Cell]


def matrix_page(
    found: Matrix, settings: MatrixSettings, record: MatrixRecord, strip: ViewStrip | None
) -> str:
    """The page as HTML.

    Args:
        found: What was found.
        settings: That it was found with, resolved.
        record: What ``matrix.json`` says.
        strip: A sample in all views.
    """
    shown = _shown(found)
    corrupted = found.corruptions
    section = None if corrupted is None else CorruptionSection.of(found, corrupted)
    figures = {
        "matrix": {name: _heat_map(found, one, name) for name, one in shown.items()},
        "corruptions": None if section is None else section.figures,
    }
    return (
        page_environment()
        .get_template("matrix.html.j2")
        .render(
            found=found,
            record=record,
            strip=strip,
            source=redacted(settings.run.input),
            batch_size=settings.run.embedding.batch_size,
            sentences=matrix_sentences(found),
            cards=_cards(found),
            shown=shown,
            plural=plural,
            files=[name for name in (layout.MATRIX, layout.VIEW_DIVERGENCE) if _has(found, name)],
            plot=layout.MATRIX_PLOT,
            command=[shlex.quote(word) for word in _command(settings)],
            facts=_facts(found, settings, record),
            corruptions=section,
            corruptions_plot=layout.CORRUPTIONS_PLOT,
            corruptions_table=layout.CORRUPTIONS,
            figures={
                place: {name: json.loads(one.to_json()) for name, one in of_place.items()}
                for place, of_place in figures.items()
                if of_place is not None
            },
            settings_json=json.dumps(record.settings, indent=2, ensure_ascii=False),
            plotly=plotly_code(),
        )
    )


def _has(found: Matrix, name: str) -> bool:
    return (found.divergence if name == layout.VIEW_DIVERGENCE else found.scores) is not None


def _shown(found: Matrix) -> dict[str, _Shown]:
    """The tables by the names that they have in the page, those of the probe first."""
    tables = {}
    if (probe := found.scores) is not None:
        means, sd = probe.means, probe.deviations
        quality = QUALITIES[means.name]
        listed = [
            (
                means.name,
                quality.capitalize(),
                means.quality,
                sd.quality,
                False,
                _NOTES[means.name],
            ),
            (
                "drop",
                f"Drop of {quality}",
                means.drop,
                probe.drop_deviation,
                True,
                f"The {quality} on the row’s own view less that on the column’s, in hundredths: "
                "what is lost. Its deviation is the root of the sum of both squares.",
            ),
        ]
        if "f1" in means.values:
            listed.append(("f1", "Macro F1", means.f1, sd.f1, False, _NOTES["f1"]))
        for name, title, values, spread, darker, note in listed:
            tables[name] = _Shown(
                title,
                f"{note} Mean of {plural(probe.splits, 'split')} by file; ±: their standard "
                "deviation.",
                values,
                _each(hundredths, values),
                _each(_with_deviation, values, spread),
                darker,
                _cells(column_means(values), hundredths, darker),
            )
    if (one := found.divergence) is not None:
        text = METRIC_TEXTS[one.metric]
        lower, median, upper = one.quartiles
        tables["divergence"] = _Shown(
            f"Divergence: {text.title}",
            f"Of the column’s view from the row’s: the median of "
            f"{plural(len(one.batches), 'batch')}. {text.note}",
            median,
            _each(short_number, median),
            _each(_with_quartiles, median, lower, upper),
            True,
            _cells(column_means(median), number, True),
        )
    return tables


def _each(told: Callable[..., str], *tables: Numbers) -> list[list[str]]:
    """What is told of each cell, from the numbers that some tables have there."""
    return [list(map(told, *rows)) for rows in zip(*tables, strict=True)]


def _with_deviation(mean: float, deviation: float) -> str:
    return f"{hundredths(mean)} ± {hundredths(deviation)}"


def _with_quartiles(median: float, lower: float, upper: float) -> str:
    return f"{number(median)}, quartiles {number(lower)} to {number(upper)}"


def _cells(means: Numbers, text: Any, darker: bool) -> list[Cell]:
    strength = means if darker else means.max() - means
    most = float(np.nanmax(strength, initial=0.0)) or 1.0
    shades = np.clip(np.nan_to_num(strength) / most, 0, 1) * SHADE
    return [
        Cell(text(float(mean)), round(float(shade), 3))
        for mean, shade in zip(means, shades, strict=True)
    ]


def _heat_map(found: Matrix, shown: _Shown, name: str) -> "Figure":
    from plotly import graph_objects as go

    rows, columns = ("from", "of") if name == "divergence" else ("trained on", "tested on")
    figure = plain_figure(columns, rows)
    scale = [[0, NO_LOSS], [1, LOSS]] if shown.darker else [[0, LOSS], [1, NO_LOSS]]
    places = [str(place) for place in range(len(found.views))]
    figure.add_trace(
        go.Heatmap(
            x=places,
            y=places,
            z=[[rounded(value) for value in row] for row in shown.values],
            text=shown.texts,
            texttemplate="%{text}",
            customdata=[
                [[row, column, told] for column, told in zip(found.views, line, strict=True)]
                for row, line in zip(found.views, shown.hover, strict=True)
            ],
            hovertemplate=f"{rows} %{{customdata[0]}}<br>{columns} %{{customdata[1]}}"
            "<br>%{customdata[2]}<extra></extra>",
            colorscale=scale,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    diagonal = [
        {
            "type": "rect",
            "x0": place - 0.5,
            "x1": place + 0.5,
            "y0": place - 0.5,
            "y1": place + 0.5,
            "line": {"color": INK, "width": 1.5},
        }
        for place in range(len(found.views))
    ]
    figure.update_layout(height=150 + 42 * len(found.views), shapes=diagonal)
    codes = {"tickvals": places, "ticktext": list(found.views), "type": "category", "ticks": ""}
    figure.update_xaxes(side="top", tickangle=-45, automargin=True, **codes)
    figure.update_yaxes(autorange="reversed", showgrid=False, **codes)
    return figure


def _cards(found: Matrix) -> list[tuple[str, str, str]]:
    """Number, unit and a line below it."""
    images, files = plural(found.samples, "image").split(), plural(found.files, "file")
    cards = [
        (images[0], images[1], f"of {files}"),
        (str(len(found.views)), "views", "of each image"),
    ]
    if found.scores is not None:
        means = found.scores.means
        own = float(np.diagonal(means.quality).mean())
        right = "right" if means.name == "accuracy" else QUALITIES[means.name]
        cards += [
            (hundredths(own), "%", f"{right} on a {found.learner}’s own view"),
            (hundredths(mean_elsewhere(means.drop)), "points", "mean drop on another view"),
            (hundredths(float(means.drop.max())), "points", "largest drop"),
        ]
        if found.corruptions is not None:
            cards.append(ratio_card(found.corruptions))
    elif found.divergence is not None:
        mean = mean_elsewhere(found.divergence.median)
        cards.append((number(mean), "apart", "mean of all pairs of views"))
    return cards


def _command(settings: MatrixSettings) -> list[str]:
    """What measures the same again; what only a TOML file can say is not in it."""
    run = settings.run
    words = ["raydrift", "matrix", redacted(run.input), "OUTPUT"]
    for code in settings.views:
        words += ["--views", code]
    if settings.compat:
        words.append("--compat")
    words += ["--splits", str(settings.splits), "--train-size", level_name(settings.train_size)]
    words += ["--divergence", settings.divergence]
    if settings.corruptions:
        words += ["--corruptions", ",".join(map(str, settings.corruptions))]
    words += ["--seed", str(run.seed)]
    words += ["--num-samples", str(run.num_samples)]
    if settings.train is not None:
        words += training_flags(settings.train)
    return words + run_flags(run)


def _facts(found: Matrix, settings: MatrixSettings, record: MatrixRecord) -> dict[str, str]:
    """What has to be known to repeat and to judge the numbers."""
    run = settings.run
    facts = {
        "Input": redacted(run.input),
        "Views": "as published, with its borders and its unsharp mask"
        if settings.compat
        else "with mirrored borders",
        "Seed": str(run.seed),
        "Images": f"{run.image.height} × {run.image.width} pixels",
    }
    if record.identity.get("embedding"):
        facts["Network"] = network_fact(run, record)
    if found.probe is not None:
        facts["Probe"] = (
            "logistic regression on standardised embeddings, with a quadratic penalty; "
            f"{splits_fact(settings)}"
        )
    elif settings.train is not None:
        facts["Trained"] = f"{training_fact(settings.train)}; {splits_fact(settings)}"
    return facts | record_facts(record)
