"""One page that shows the training of a generative network: self-contained, nothing is loaded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import numpy as np
import pyarrow as pa

from raydrift.gan.model_content import CYCLEGAN
from raydrift.report.environment import page_environment, plotly_code
from raydrift.report.gan_curves import Curve, curves_of
from raydrift.report.gan_figures import is_smoothed, log_ticks, measure_figure, panel_figure
from raydrift.report.gan_names import (
    MEASURES,
    MeasureText,
    base_of,
    measure_title,
    panels_of,
    shown_measures,
)
from raydrift.report.gan_texts import gan_sentences, gan_warnings, value_text, whole_text
from raydrift.report.palette import spaced
from raydrift.report.text import number
from raydrift.report.uris import jpeg_uri, png_uri
from raydrift.text import plural

_MOST_SAVES: Final = 20
_MOST_BYTES: Final = 150_000  # of a PNG that is shown as it is
_SIDE: Final = 1200  # pixels of the longer one, of others
_QUALITY: Final = 85

_CARDS: Final = (
    "gap_closed",
    "frechet_distance",
    "kernel_distance",
    "cycle_error",
    "diversity",
    "memorisation",
)


@dataclass(frozen=True)
class GanFacts:
    """What is told of a training beside its numbers.

    Attributes:
        kind: ``cyclegan``, or another one, which makes new images.
        title: The headline.
        source: What it was trained on.
        steps: Steps that were trained.
        images: Real images that were shown.
        seconds: That it took.
        all_steps: Steps of the whole training; more than ``steps`` where it was stopped.
        network: What the network that looked at the images is called; None: there was none.
        networks: Lines on the networks that were trained.
        device: Where, as ``NVIDIA H100`` or ``2 workers on CPUs``.
        restarts: How often it went back to a save since losses were not finite.
        notes: Plain sentences on what happened.
        settings: What has to be known to repeat it, by name.
        version: Of raydrift.
    """

    kind: str
    title: str
    source: str
    steps: int
    images: int
    seconds: float
    all_steps: int
    network: str | None = None
    networks: tuple[str, ...] = ()
    device: str = ""
    restarts: int = 0
    notes: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    version: str = ""

    @property
    def is_translation(self) -> bool:
        """Whether images are translated, not made anew."""
        return self.kind == CYCLEGAN


@dataclass(frozen=True)
class _Measured:
    """A measure on the page."""

    key: str
    title: str
    good: str
    note: str
    last: str
    first: str
    best: str
    plotted: bool


@dataclass(frozen=True)
class _Plotted:
    """A panel of curves on the page."""

    key: str
    title: str
    expected: str
    ticks: str | int | None
    is_log: bool
    smoothed: bool


def gan_page(
    facts: GanFacts, progress: pa.Table, grids: Mapping[str, bytes], real: bytes | None
) -> str:
    """The page as HTML.

    Args:
        facts: What is told of the training.
        progress: Its numbers, rows of ``schemas.GAN_PROGRESS``.
        grids: The pictures of the saves as PNG, by what each save is called, in their order.
        real: The picture of real images to compare them with, as PNG; None: there is none.
    """
    curves = curves_of(progress)
    network = facts.network or "the network"
    panels = panels_of(curves)
    measured = shown_measures(curves)
    plots = [
        _Plotted(
            f"panel{place}",
            panel.title,
            panel.expected,
            log_ticks(panel, curves),
            panel.log,
            is_smoothed(panel, curves),
        )
        for place, panel in enumerate(panels)
    ]
    figures: dict[str, Any] = {
        plot.key: panel_figure(panel, curves) for plot, panel in zip(plots, panels, strict=True)
    }
    figures |= {
        name: measure_figure(name, curves)
        for name in measured
        if np.isfinite(curves[name].values).any()
    }
    shown = spaced(list(grids), _MOST_SAVES)
    return (
        page_environment()
        .get_template("gan.html.j2")
        .render(
            facts=facts,
            cards=_cards(facts, curves, measured),
            sentences=gan_sentences(curves, network),
            warnings=_stopped(facts) + gan_warnings(curves, facts.restarts),
            saves=[(name, _uri(grids[name])) for name in shown],
            left_out=len(grids) - len(shown),
            real=None if real is None else _uri(real),
            measured=[_measured(name, curves[name], network) for name in measured],
            several=any(len(curves[name].steps) > 1 for name in measured),
            plots=plots,
            rows=_facts(facts),
            figures={name: json.loads(one.to_json()) for name, one in figures.items()},
            plotly=plotly_code(),
        )
    )


def _cards(
    facts: GanFacts, curves: Mapping[str, Curve], measured: list[str]
) -> list[tuple[str, str, str]]:
    """Number, unit and a line below it."""
    cards = []
    for name in measured:
        text, curve = MEASURES[base_of(name)], curves[name]
        if base_of(name) not in _CARDS or np.isnan(curve.last):
            continue
        unit = text.unit if text.is_share else ""
        line = text.title if text.is_share or not text.unit else f"{text.title}, {text.unit}"
        if curve.interval is not None:
            low, high = (value_text(text, end) for end in curve.interval)
            line += f", 95 %: {low} to {high}"
        cards.append((value_text(text, curve.last), unit, line))
    cards = cards[:4]
    cards.append((f"{facts.steps:,}", "steps", f"{facts.images:,} real images shown"))
    took, unit = _duration(facts.seconds)
    cards.append((took, unit, f"of training{f' on {facts.device}' if facts.device else ''}"))
    return cards


def _duration(seconds: float) -> tuple[str, str]:
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return number(seconds / size), unit
    return number(seconds), "seconds"


def _stopped(facts: GanFacts) -> list[str]:
    if facts.steps >= facts.all_steps:
        return []
    return [
        f"The training stopped after {facts.steps:,} of {plural(facts.all_steps, 'step')}. "
        "The same command continues it."
    ]


def _measured(name: str, curve: Curve, network: str) -> _Measured:
    text = MEASURES[base_of(name)]
    return _Measured(
        name,
        measure_title(name, network),
        text.good,
        text.note,
        whole_text(curve, text),
        _with_unit(text, float(curve.values[0])),
        _best(curve, text),
        bool(np.isfinite(curve.values).any()),
    )


def _best(curve: Curve, text: MeasureText) -> str:
    """The best value and its step."""
    if not np.isfinite(curve.values).any():
        return "–"
    values = curve.values
    if text.good.startswith("about"):
        badness = np.abs(values - 1)
    else:
        badness = -values if text.good.startswith("higher") else values
    place = int(np.nanargmin(badness))
    return f"{_with_unit(text, float(values[place]))} (step {curve.steps[place]:,})"


def _with_unit(text: MeasureText, value: float) -> str:
    return value_text(text, value) + (" %" if text.is_share and np.isfinite(value) else "")


def _facts(facts: GanFacts) -> dict[str, str]:
    rows = {"Trained on": facts.source}
    if facts.networks:
        rows["Networks"] = "; ".join(facts.networks)
    rows["Measured by"] = facts.network or "means of 8 × 8 parts of each image: no network"
    if facts.device:
        rows["Device"] = facts.device
    return rows | dict(facts.settings)


def _uri(png: bytes) -> str:
    """A picture as a page has it; a large one as JPEG, and no larger than it is seen."""
    from PIL import Image

    if len(png) <= _MOST_BYTES:
        return png_uri(png)
    with Image.open(BytesIO(png)) as opened:
        picture = opened.convert("L" if opened.mode == "L" else "RGB")
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return jpeg_uri(picture, _QUALITY)
