"""Trainings of generative networks as they might have gone, to be shown."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.report.gan_page import GanFacts

LOSSES = {
    "cyclegan": {
        "generator": (14.0, 4.2),
        "gan_to_target": (0.9, 0.42),
        "gan_to_source": (0.8, 0.36),
        "cycle": (8.2, 1.9),
        "identity": (4.1, 0.9),
        "discriminator_source": (0.4, 0.17),
        "discriminator_target": (0.45, 0.15),
        "generator_rate": (1e-4, 4e-5),
        "discriminator_rate": (1e-4, 4e-5),
        "images_per_second": (31.0, 33.0),
    },
    "stylegan2": {
        "generator": (0.7, 1.4),
        "discriminator": (1.4, 0.8),
        "r1": (2.5, 0.03),
        "path": (0.6, 0.02),
        "sign": (0.1, 0.6),
        "augment": (0.0001, 0.24),
        "real_score": (0.1, 1.1),
        "fake_score": (-0.1, -1.4),
        "rate": (0.0025, 0.0025),
        "images_per_second": (120.0, 118.0),
    },
}
MEASURES = {
    "cyclegan": {
        "gap_closed": (-0.2, 0.63, 0.08),
        "back_gap_closed": (-0.4, 0.41, 0.12),
        "frechet_start": (244.0, 244.0, None),
        "frechet_distance": (360.0, 171.0, None),
        "kernel_distance": (4.4, 0.82, 0.3),
        "diversity": (0.3, 0.87, 0.06),
        "frechet_real": (62.0, 62.0, None),
        "memorisation": (0.0, 0.02, 0.02),
        "cycle_error": (61.0, 8.3, 0.7),
    },
    "stylegan2": {
        "frechet_distance": (536.0, 102.0, None),
        "kernel_distance": (7.1, 0.82, 0.3),
        "diversity": (0.05, 0.81, 0.06),
        "frechet_real": (36.0, 36.0, None),
        "memorisation": (0.0, 0.03, 0.02),
    },
}


def facts_of(kind: str = "cyclegan", **values: Any) -> GanFacts:
    facts = GanFacts(
        kind=kind,
        title="summer → winter" if kind == "cyclegan" else "Trousers, more of them",
        source="photos/summer, photos/winter" if kind == "cyclegan" else "photos/trousers",
        steps=20_000,
        images=20_000,
        seconds=7_300.0,
        all_steps=20_000,
        network="ResNet18",
        networks=("generators of 11,378,179 parameters", "discriminators of 2,764,737 parameters"),
        device="NVIDIA H100",
        notes=("12 images of the source are smaller than half the size.",),
        settings={"Images": "256 × 256 pixels", "Seed": "42", "Epochs": "100, batches of 1"},
        version="0.1.0",
    )
    return replace(facts, **values)


def progress_of(
    kind: str = "cyclegan",
    saves: int = 20,
    points: int = 400,
    features: str = "network",
    steps: int = 20_000,
    **changed: tuple[float, float, float | None],
) -> pa.Table:
    """A table of a training; ``changed``: measures that went another way."""
    rng, rows = np.random.default_rng(0), []
    for place, step in enumerate(np.linspace(steps / points, steps, points).round().astype(int)):
        way = 1 - math.exp(-4 * (place + 1) / points)
        for name, (first, last) in LOSSES[kind].items():
            value = (first + (last - first) * way) * math.exp(0.12 * rng.normal())
            if name in ("r1", "path") and place % 3:  # not every step has one
                value = math.nan
            rows.append((int(step), int(step), step / 3, name, value, None, None))
    whole = {**MEASURES[kind], **changed}
    for save in range(1, saves + 1):
        step = steps * save // saves
        way = 1 - math.exp(-4 * save / saves) if saves > 1 else 1.0
        for name, (first, last, margin) in whole.items():
            value = first + (last - first) * way
            ends = (None, None) if margin is None else (value - margin, value + margin)
            if margin is not None and name == "memorisation":
                ends = max(0.0, value - margin), value + margin
            ending = "" if name == "cycle_error" else f"_{features}"
            rows.append((step, step, step / 3, name + ending, value, *ends))
    columns = list(zip(*rows, strict=True)) or [[]] * len(schemas.GAN_PROGRESS)
    return pa.table([list(column) for column in columns], schema=schemas.GAN_PROGRESS)
