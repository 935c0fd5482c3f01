"""Pairs of an image before and after its drift, read back from a run's output."""

from io import BytesIO
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from raydrift.drift.written import parameters_of
from raydrift.images.codec import RGB, decode
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.storage import layout
from raydrift.storage.finishers.chosen import finisher_of
from raydrift.storage.record import require_record


def drifted_pairs(settings: GenerateSettings, per_class: int) -> list[tuple[RGB, RGB, str]]:
    """The first samples of every class of a finished run.

    Args:
        settings: The run's settings.
        per_class: How many samples of each class.

    Returns:
        (before, after, caption), uint8 RGB of the run's image size; class by class.
    """
    source = StoragePath.of(settings.input, settings.options_of("input"))
    output = StoragePath.of(settings.output, settings.options_of("output"))
    chosen: dict[str, list[tuple[dict[str, Any], int]]] = {}
    for place, row in enumerate(_rows(output / layout.PROVENANCE)):
        of_class = chosen.setdefault(row["class_name"], [])
        if len(of_class) < per_class:
            of_class.append((row, place))
    record = require_record(output)
    images = finisher_of(record).images(output, record)
    return [
        (
            decode((source / row["source_path"]).read_bytes(), settings.image),
            np.asarray(Image.open(BytesIO(images.png(place)))),
            f"{class_name}  {_caption(row)}",
        )
        for class_name in sorted(chosen)
        for row, place in chosen[class_name]
    ]


def _caption(row: dict[str, Any]) -> str:
    """The first parameter of each step: ``rotate -12, hue 0.05``."""
    steps = []
    for step in row["transforms"]:
        parameters = parameters_of(step["parameters"])
        name = "sigma" if "sigma" in parameters else next(iter(parameters), None)
        short = step["kernel"].removeprefix("gaussian_")
        steps.append(f"{short} {parameters[name]:.2g}" if name else f"{short} 0")
    return ", ".join(steps)


def _rows(place: StoragePath) -> list[dict[str, Any]]:
    with place.open_here_and_there() as file:
        rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows
