"""Pairs of an image before and after its drift, read back from a run's output."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from raydrift.drift.written import parameters_of
from raydrift.images.codec import RGB, decode
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.storage import layout


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
    mapping = _rows(output / layout.INPUT_MAPPING)
    chosen: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for row, names in zip(_rows(output / layout.PROVENANCE), mapping, strict=True):
        of_class = chosen.setdefault(row["class_name"], [])
        if len(of_class) < per_class:
            of_class.append((row, names["file_name"]))
    place = output / layout.ZIP
    with place.open_here_and_there() as file, ZipFile(file) as archive:
        return [
            (
                decode((source / row["source_path"]).read_bytes(), settings.image),
                np.asarray(Image.open(BytesIO(archive.read(name)))),
                f"{class_name}  {_caption(row)}",
            )
            for class_name in sorted(chosen)
            for row, name in chosen[class_name]
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
