"""Small image sets that are drawn, and settings of trainings of seconds."""

from typing import Any

import numpy as np

from raydrift.gan.trainer import Pixels
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.synthesize import (
    StyleGanSettings,
    SynthesizeSettings,
    SynthesizeTraining,
)

Colour = tuple[int, int, int]


def discs(count: int, side: int = 16, seed: int = 0, colour: Colour | None = None) -> Pixels:
    """Discs of one colour on another, with soft borders: uint8 of shape (n, side, side, 3)."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] + 0.5
    images = []
    for _ in range(count):
        centre = draw.uniform(0.3, 0.7, 2) * side
        radius = draw.uniform(0.15, 0.35) * side
        inside = np.clip(radius - np.hypot(y - centre[0], x - centre[1]) + 0.5, 0, 1)[..., None]
        ground, own = draw.integers(0, 80, 3), draw.integers(120, 256, 3)
        disc = own if colour is None else np.array(colour)
        images.append(inside * disc + (1 - inside) * ground)
    return np.rint(images).astype(np.uint8)


def settings(
    side: int = 16,
    channels: int = 3,
    *,
    seed: int = 42,
    stylegan: dict[str, Any] | None = None,
    **train: Any,
) -> SynthesizeSettings:
    """The settings of a training with small networks."""
    small = {"width": 256, "max_channels": 32, "latent": 32} | (stylegan or {})
    return SynthesizeSettings(
        GenerateSettings(input="in", output="out", seed=seed, image=ImageSettings(side, side)),
        channels=channels,
        train=SynthesizeTraining(**train),
        stylegan=StyleGanSettings(**small),
    )
