"""What a step is trained on: real images and latents, drawn by (seed, step, purpose).

Every process draws for the whole batch and takes its share, so the batch is the same for any number
of processes.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from raydrift import seeds
from raydrift.gan.adaptive.parameters import Augmentations, draw_augmentations
from raydrift.gan.draws import Purpose, step_generator
from raydrift.gan.replicas import Replicas
from raydrift.gan.stylegan.generator import Generator
from raydrift.gan.trainer import Pictures


class Phase(IntEnum):
    """The parts of a step; a number keeps its meaning, as that of a ``Purpose``."""

    GENERATOR = 0
    PATH = 1
    DISCRIMINATOR = 2
    DISCRIMINATOR_REAL = 3
    PENALTY = 4


@dataclass(frozen=True)
class Latents:
    """What generated images are made from.

    Attributes:
        z: Floats of shape (n, latent).
        second: Of the finer places, of shape (n, latent); None: no styles are mixed.
        cut: The first place that takes ``second``, int64 of shape (n,).
        class_index: Class numbers, int64 of shape (n,); None where there are no classes.
        noise: Of each convolution, floats of shape (n, 1, height, width).
    """

    z: Tensor
    second: Tensor | None
    cut: Tensor
    class_index: Tensor | None
    noise: list[Tensor]


class Batches:
    """Draws what a step is trained on.

    Args:
        seed: The run's.
        pictures: The real images.
        labels: Their class numbers, or None.
        batch: Images of a step, over all processes.
        generator: Its sizes say what latents and noise are.
        mixing: The chance that two latents make an image.
        mirror: Whether half of the real images are mirrored.
        augment: The kinds of augmentation, see ``draw_augmentations``.
        replicas: The processes that train together.
        device: Where the tensors are.
    """

    def __init__(
        self,
        seed: int,
        pictures: Pictures,
        labels: npt.NDArray[np.int64] | None,
        batch: int,
        generator: Generator,
        *,
        mixing: float,
        mirror: bool,
        augment: str,
        replicas: Replicas,
        device: str,
    ) -> None:
        self._seed = seed
        self._pictures = pictures
        self._labels = labels
        self._batch = batch
        self._generator = generator
        self._latent = generator.architecture.latent
        self._styles = generator.architecture.styles
        self._noise_sizes = generator.synthesis.noise_sizes()
        self._mixing = mixing
        self._mirror = mirror
        self._augment = augment
        self._replicas = replicas
        self._device = device
        self._order: tuple[int, npt.NDArray[np.int64]] | None = None

    def real(self, step: int) -> tuple[Tensor, Tensor | None]:
        """This process' share of the real images of a step, in [-1, 1], and their classes.

        All images come once before one comes again; their order is drawn anew for each epoch.
        """
        share = self._replicas.share(self._batch)
        first = step * self._batch
        places = range(first + share.start, first + share.stop)
        indices = np.array([self._index(place) for place in places], dtype=np.int64)
        pixels = torch.from_numpy(np.ascontiguousarray(self._pictures.take(indices)))
        images = pixels.to(self._device).permute(0, 3, 1, 2).to(self._kind) / 127.5 - 1
        if self._mirror:
            mirrored = self._uniform(step, Purpose.MIRROR, 0, (self._batch,))[share] < 0.5
            images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
        return images.contiguous(), self._classes(indices)

    def latents(self, step: int, phase: Phase) -> Latents:
        """This process' share of the latents of a phase.

        The path length looks at half of a batch, or a little more, so that all processes have
        equally many.
        """
        count = self._count(phase)
        share = self._replicas.share(count)

        def normal(purpose: Purpose, *shape: int) -> Tensor:
            return self._normal(step, purpose, phase, (count, *shape))[share]

        z = normal(Purpose.LATENT, 2, self._latent)
        lots = self._uniform(step, Purpose.MIXING, phase, (count, 2))[share]
        cut = 1 + (lots[:, 1] * (self._styles - 1)).long()
        cut = torch.where(lots[:, 0] < self._mixing, cut, self._styles)
        made = self._step_generator(step, Purpose.NOISE, phase)
        noise = [
            self._drawn(made, (count, 1, *size))[share].contiguous() for size in self._noise_sizes
        ]
        second = z[:, 1] if self._mixing > 0 else None
        return Latents(z[:, 0], second, cut, self._drawn_classes(step, phase, count, share), noise)

    def path_noise(self, step: int, shape: tuple[int, int, int]) -> Tensor:
        """The noise that the path length projects images on, for this process' share.

        Args:
            step: The step's number.
            shape: Of an image: (channels, height, width).
        """
        count = self._count(Phase.PATH)
        drawn = self._normal(step, Purpose.PATH, Phase.PATH, (count, *shape))
        return drawn[self._replicas.share(count)]

    def augmentations(self, step: int, phase: Phase, chance: float) -> Augmentations:
        """What is done to this process' share of the images of a phase."""
        made = step_generator(self._seed, step, Purpose.AUGMENT, phase)
        drawn = draw_augmentations(self._batch, chance, self._augment, made)
        return drawn.rows(self._replicas.share(self._batch))

    @property
    def _kind(self) -> torch.dtype:
        return self._generator.synthesis.constant.dtype

    def _count(self, phase: Phase) -> int:
        if phase != Phase.PATH:
            return self._batch
        own = -(-self._batch // (2 * self._replicas.world))
        return own * self._replicas.world

    def _index(self, place: int) -> int:
        epoch, within = divmod(place, len(self._pictures))
        if self._order is None or self._order[0] != epoch:
            drawn = seeds.generator(self._seed, seeds.GAN_BATCH, 0, epoch=epoch)
            self._order = (epoch, drawn.permutation(len(self._pictures)))
        return int(self._order[1][within])

    def _classes(self, indices: npt.NDArray[np.int64]) -> Tensor | None:
        if self._labels is None:
            return None
        return torch.from_numpy(self._labels[indices]).to(self._device)

    def _drawn_classes(self, step: int, phase: Phase, count: int, share: slice) -> Tensor | None:
        """Classes of generated images, as frequent as among the real ones."""
        if self._labels is None:
            return None
        lots = self._uniform(step, Purpose.CLASS, phase, (count,))[share]
        indices = (lots.double() * len(self._labels)).long().clamp(max=len(self._labels) - 1)
        return torch.from_numpy(self._labels).to(self._device)[indices]

    def _step_generator(self, step: int, purpose: Purpose, phase: int) -> torch.Generator:
        return step_generator(self._seed, step, purpose, phase, self._device)

    def _normal(self, step: int, purpose: Purpose, phase: int, shape: tuple[int, ...]) -> Tensor:
        return self._drawn(self._step_generator(step, purpose, phase), shape)

    def _drawn(self, generator: torch.Generator, shape: tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=generator, device=self._device).to(self._kind)

    def _uniform(self, step: int, purpose: Purpose, phase: int, shape: tuple[int, ...]) -> Tensor:
        generator = self._step_generator(step, purpose, phase)
        return torch.rand(shape, generator=generator, device=self._device)
