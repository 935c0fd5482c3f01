"""The training of a CycleGAN: two domains, and what each is translated to."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Final, cast

import numpy as np
from torch import nn

from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.mapped import MappedPictures
from raydrift.engine.training.measuring import (
    held_images,
    held_notes,
    looking,
    training_images,
)
from raydrift.engine.training.split import held_out
from raydrift.gan.cyclegan.training import CycleGanTrainer
from raydrift.gan.cyclegan.translating import translate_pixels
from raydrift.gan.grids import MOST, image_grid, translation_grid
from raydrift.gan.measures import Measure
from raydrift.gan.measuring import Embed, translation_measures
from raydrift.gan.replicas import Replicas
from raydrift.gan.trainer import Pixels, Trainer
from raydrift.settings.translate import TO_SOURCE, TO_TARGET, TranslateSettings

_WON_BELOW: Final = 0.01  # a discriminator's loss
_LOST_ABOVE: Final = 0.9  # a generator's


class CycleGanWork:
    """What is trained, shown and measured of a CycleGAN; a ``TrainingWork``.

    Args:
        job: The training; its domains are source and target.
        settings: The job's.
        device: Where networks are.
    """

    def __init__(self, job: TrainingJob, settings: TranslateSettings, device: str) -> None:
        self._job, self._settings, self._device = job, settings, device
        run, share = settings.run, settings.train.held_out
        self._trained: list[MappedPictures] = []
        self._held: list[MappedPictures] = []
        for domain in job.domains:
            pictures = domain.mapped()
            held = held_out(domain.facts["path"].to_pylist(), share, run.seed)
            self._trained.append(pictures.of(np.flatnonzero(~held)))
            self._held.append(pictures.of(np.flatnonzero(held)))

    def trainer(self, replicas: Replicas, device: str) -> Trainer:
        """Makes both generators and both discriminators."""
        source, target = self._trained
        return CycleGanTrainer(self._settings, source, target, replicas=replicas, device=device)

    def real_samples(self) -> Pixels:
        """16 images of the target."""
        return image_grid(self._shown[1])

    def samples(self, trainer: Trainer) -> Pixels:
        """16 images of the source, their translations, and what comes back of these."""
        generators, source = trainer.generators(), self._shown[0]
        translated = translate_pixels(generators[TO_TARGET], source)
        back = translate_pixels(generators[TO_SOURCE], translated)
        return translation_grid(source, translated, back)

    def measures(self, trainer: Trainer) -> Sequence[Measure]:
        """See ``gan.measuring.translation_measures``."""
        generators: Mapping[str, nn.Module] = trainer.generators()
        return translation_measures(
            generators[TO_TARGET],
            generators[TO_SOURCE],
            *self._held_images,
            self._training_target,
            self._embed,
            self._settings.run.seed,
        )

    def has_discriminator_won(self, losses: Mapping[str, float]) -> bool:
        """Whether either discriminator tells all images apart."""
        return any(
            losses[f"discriminator_{domain}"] < _WON_BELOW
            and losses[f"gan_to_{domain}"] > _LOST_ABOVE
            for domain in ("source", "target")
        )

    def failing(self, losses: Mapping[str, float]) -> list[str]:
        """The losses that are not finite."""
        return [name for name, value in losses.items() if not isfinite(value)]

    @property
    def notes(self) -> Sequence[str]:
        """Sentences on domains that have too few held-out images."""
        names = [domain.name for domain in self._job.domains]
        return held_notes(dict(zip(names, map(len, self._held), strict=True)))

    @property
    def winning_steps(self) -> int:
        """An epoch."""
        pairs = max(map(len, self._trained))
        return max(1, pairs // self._settings.train.batch_size)

    @property
    def sizes(self) -> str:
        """The settings that take memory."""
        gan, image = self._settings.cyclegan, self._settings.run.image
        return (
            f"cyclegan.width = {gan.width}, cyclegan.discriminator_width = "
            f"{gan.discriminator_width} and images of {image.height} x {image.width}"
        )

    @cached_property
    def _shown(self) -> tuple[Pixels, Pixels]:
        """The same images of source and target at each save: held-out ones, where there are."""
        shown = []
        for held, trained in zip(self._held, self._trained, strict=True):
            pictures = held if len(held) >= MOST else trained
            shown.append(held_images(pictures, self._settings.run.image, MOST))
        return cast(tuple[Pixels, Pixels], tuple(shown))

    @cached_property
    def _held_images(self) -> tuple[Pixels, Pixels]:
        source, target = (held_images(one, self._settings.run.image) for one in self._held)
        return source, target

    @cached_property
    def _training_target(self) -> Pixels:
        return training_images(self._trained[1], self._settings.run.image)

    @cached_property
    def _embed(self) -> Embed | None:
        return looking(self._job.weights, self._settings.run.embedding, self._device)
