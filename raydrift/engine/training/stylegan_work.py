"""The training of a StyleGAN2: a set of images, and new ones that are drawn from it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Final, cast

import numpy as np

from raydrift.catalog.folders import ONE_CLASS
from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.measuring import (
    held_images,
    held_notes,
    looking,
    training_images,
)
from raydrift.engine.training.split import held_out
from raydrift.gan.grids import MOST, image_grid
from raydrift.gan.measures import Measure
from raydrift.gan.measuring import Embed, synthesis_measures
from raydrift.gan.model_content import ONE_GENERATOR
from raydrift.gan.replicas import Replicas
from raydrift.gan.stylegan.generator import Generator
from raydrift.gan.stylegan.sampling import latents, synthesize
from raydrift.gan.stylegan.training import StyleGanTrainer
from raydrift.gan.trainer import Pixels, Trainer
from raydrift.settings.synthesize import SynthesizeSettings

_LOSSES: Final = ("generator", "discriminator")
_WON: Final = 0.999  # the sign of the real scores, and the chance of augmentation


class StyleGanWork:
    """What is trained, shown and measured of a StyleGAN2; a ``TrainingWork``.

    Where the images are of one class, the network knows no classes.

    Args:
        job: The training; it has one domain.
        settings: The job's.
        device: Where networks are.
    """

    def __init__(self, job: TrainingJob, settings: SynthesizeSettings, device: str) -> None:
        self._job, self._settings, self._device = job, settings, device
        (domain,) = job.domains
        pictures = domain.mapped()
        held = held_out(
            domain.facts["path"].to_pylist(), settings.train.held_out, settings.run.seed
        )
        self._trained = pictures.of(np.flatnonzero(~held))
        self._held = pictures.of(np.flatnonzero(held))
        names = np.array(domain.facts["class_name"].to_pylist(), dtype=object)
        self._names = sorted(set(names.tolist()))
        places = {name: place for place, name in enumerate(self._names)}
        labels = np.array([places[name] for name in names[~held]], np.int64)
        self._labels = labels if len(self._names) > 1 else None

    def trainer(self, replicas: Replicas, device: str) -> Trainer:
        """Makes the generator and the discriminator."""
        return StyleGanTrainer(
            self._settings,
            self._trained,
            self._labels,
            self._names,
            replicas=replicas,
            device=device,
        )

    def real_samples(self) -> Pixels:
        """16 of the images."""
        shown = self._held if len(self._held) >= MOST else self._trained
        return image_grid(held_images(shown, self._settings.run.image, MOST))

    def samples(self, trainer: Trainer) -> Pixels:
        """The images of 16 latents, the first ones of each class."""
        return image_grid(self._generated(trainer, MOST))

    def measures(self, trainer: Trainer) -> Sequence[Measure]:
        """See ``gan.measuring.synthesis_measures``."""
        return synthesis_measures(
            lambda count: self._generated(trainer, count),
            self._held_images,
            self._training_images,
            self._embed,
            self._settings.run.seed,
        )

    def has_discriminator_won(self, losses: Mapping[str, float]) -> bool:
        """Whether it tells all images apart, although all of them are augmented."""
        return losses.get("sign", 0.0) > _WON and losses.get("augment", 0.0) > _WON

    def failing(self, losses: Mapping[str, float]) -> list[str]:
        """The losses that are not finite; a penalty is NaN where no step had one."""
        return [name for name in _LOSSES if not isfinite(losses.get(name, 0.0))]

    @property
    def notes(self) -> Sequence[str]:
        """A sentence, if too few images are held out."""
        return held_notes({self._job.domains[0].name: len(self._held)})

    @property
    def winning_steps(self) -> int:
        """All images, once."""
        return max(1, len(self._trained) // self._settings.train.batch_size)

    @property
    def sizes(self) -> str:
        """The settings that take memory."""
        gan, image = self._settings.stylegan, self._settings.run.image
        return (
            f"stylegan.width = {gan.width_at(image.height)}, stylegan.max_channels = "
            f"{gan.max_channels} and images of {image.height} x {image.width}"
        )

    def _generated(self, trainer: Trainer, count: int) -> Pixels:
        """So many images of always the same latents, of classes as frequent as among real ones."""
        generator = cast(Generator, trainer.generators()[ONE_GENERATOR])
        settings = self._settings
        made = []
        for place, name, own in self._numbers(count):
            drawn = latents(settings.run.seed, name, np.arange(own), settings.stylegan.latent)
            made.append(synthesize(generator, drawn, place, settings.stylegan.truncation))
        return np.concatenate(made)

    def _numbers(self, count: int) -> list[tuple[int | None, str, int]]:
        """The number and the name of each class, and how many of its images are generated."""
        if self._labels is None:
            return [(None, ONE_CLASS, count)]
        ends = np.cumsum(np.bincount(self._labels, minlength=len(self._names))) / len(self._labels)
        ends = np.round(ends * count).astype(int)
        own = np.diff(ends, prepend=0).tolist()
        return [(place, self._names[place], one) for place, one in enumerate(own) if one]

    @cached_property
    def _held_images(self) -> Pixels:
        return held_images(self._held, self._settings.run.image)

    @cached_property
    def _training_images(self) -> Pixels:
        return training_images(self._trained, self._settings.run.image)

    @cached_property
    def _embed(self) -> Embed | None:
        return looking(self._job.weights, self._settings.run.embedding, self._device)
