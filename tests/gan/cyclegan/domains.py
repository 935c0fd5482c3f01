"""Domains in memory, and small trainings of them."""

from typing import Any

import numpy as np

from raydrift.gan.cyclegan.loading import load_size
from raydrift.gan.cyclegan.training import CycleGanTrainer
from raydrift.gan.replicas import Replicas
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.translate import CycleGanSettings, TranslateSettings, TranslateTraining
from tests.gan.held import Held


def small_settings(
    size: tuple[int, int] = (32, 32),
    channels: int = 3,
    train: dict[str, Any] | None = None,
    **networks: Any,
) -> TranslateSettings:
    """Settings of a training that takes 0.05 s of a core a step: images of 32 x 32, small nets.

    Args:
        size: Height and width.
        channels: 1 or 3.
        train: Of ``TranslateTraining``, where they are others.
        networks: Of ``CycleGanSettings``, where they are others.
    """
    nets = {"width": 8, "blocks": 1, "discriminator_width": 16, "discriminator_layers": 2}
    rates = {"generator_rate": 1e-3, "discriminator_rate": 1e-3}
    image = ImageSettings(height=size[0], width=size[1])
    return TranslateSettings(
        run=GenerateSettings("source", "out", image=image),
        to="target",
        channels=channels,
        train=TranslateTraining(**{"batch_size": 4, **rates, **(train or {})}),
        cyclegan=CycleGanSettings(**{**nets, **networks}),
    )


def blotches(settings: TranslateSettings, count: int, seed: int) -> Held:
    """Images of a few soft blotches of colour, at the size at which images are kept."""
    drawn = np.random.default_rng(seed)
    height, width = load_size(settings.run.image)
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.empty((count, height, width, settings.channels), np.uint8)
    for image in pixels:
        waves = drawn.uniform(0.05, 0.4, (settings.channels, 3))
        for channel, (down, across, begin) in enumerate(waves):
            wave = np.sin(down * rows + across * columns + 20 * begin)
            image[..., channel] = 127.5 + 100 * wave
    return Held(pixels)


def small_trainer(
    settings: TranslateSettings, replicas: Replicas | None = None, **given: Any
) -> CycleGanTrainer:
    """A training on 10 and 7 drawn images."""
    source, target = blotches(settings, 10, seed=1), blotches(settings, 7, seed=2)
    return CycleGanTrainer(settings, source, target, replicas=replicas, **given)
