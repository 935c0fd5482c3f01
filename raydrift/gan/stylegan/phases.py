"""The four parts of a step, each a loss of one of the two networks."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from raydrift.gan.adaptive.parameters import Augmentations
from raydrift.gan.adaptive.pipeline import augment
from raydrift.gan.replicas import Replicas
from raydrift.gan.stylegan.batches import Latents
from raydrift.gan.stylegan.discriminator import Discriminator
from raydrift.gan.stylegan.generator import Generator
from raydrift.gan.stylegan.losses import gradient_penalty, path_lengths, path_penalty

_MEAN_RATE: Final = 0.01


@dataclass(frozen=True)
class Phases:
    """The losses of a generator and its discriminator.

    Convolutions of the plain losses may be done in bfloat16. The mapping, the augmentation, the
    losses, and both penalties are in float32: these square gradients of gradients, for which
    bfloat16's 8 bits are too few.

    Attributes:
        generator: In training.
        discriminator: In training.
        replicas: The processes that train together.
        coarse: Whether convolutions are done in bfloat16.
    """

    generator: Generator
    discriminator: Discriminator
    replicas: Replicas
    coarse: bool = False

    def generator_scores(self, latents: Latents, augmentations: Augmentations) -> Tensor:
        """Scores of generated images, with gradients for the generator: of shape (n,)."""
        images = self._images(self.styles(latents), latents, self.coarse)
        return self._scores(images, augmentations, latents.class_index)

    def path_loss(self, latents: Latents, noise: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
        """The penalty of the path length.

        Args:
            latents: Of the images.
            noise: What the images are projected on, of their shape.
            mean: The running mean of the path length.

        Returns:
            The penalty without its weight, and the running mean with this batch in it.
        """
        styles = self.styles(latents)
        images = self._images(styles, latents, coarse=False)
        lengths = path_lengths(images, styles, noise)
        batch = self.replicas.mean(lengths.mean())
        mean = mean + _MEAN_RATE * (batch - mean)
        return path_penalty(lengths, mean), mean

    def discriminator_scores(
        self,
        images: Tensor,
        class_index: Tensor | None,
        real_augmentations: Augmentations,
        latents: Latents,
        fake_augmentations: Augmentations,
    ) -> tuple[Tensor, Tensor]:
        """Scores of real and of generated images, with gradients for the discriminator."""
        with torch.no_grad():
            made = self._images(self.styles(latents), latents, self.coarse)
        fake = self._scores(made, fake_augmentations, latents.class_index)
        return self._scores(images, real_augmentations, class_index), fake

    def penalty(
        self, images: Tensor, class_index: Tensor | None, augmentations: Augmentations
    ) -> Tensor:
        """R1 without gamma / 2, for images as they are before their augmentation."""
        images = images.detach().requires_grad_(True)
        scores = self.discriminator(augment(images, augmentations), class_index)
        return gradient_penalty(scores, images)

    def styles(self, latents: Latents) -> Tensor:
        """Maps latents to w for every place, (n, places, latent); the mean of w follows."""
        mapping, places = self.generator.mapping, self.generator.architecture.styles
        w = mapping(latents.z, latents.class_index)
        mapping.follow(self.replicas.mean(mapping.totals(w, latents.class_index)))
        styles: Tensor = w[:, None].expand(-1, places, -1)
        if latents.second is None:
            return styles
        second = mapping(latents.second, latents.class_index)[:, None]
        fine = torch.arange(places, device=w.device) >= latents.cut[:, None]
        return torch.where(fine[:, :, None], second, styles)

    def _images(self, styles: Tensor, latents: Latents, coarse: bool) -> Tensor:
        with torch.autocast(styles.device.type, torch.bfloat16, enabled=coarse):
            images: Tensor = self.generator.synthesis(styles, latents.noise)
        return images

    def _scores(
        self, images: Tensor, augmentations: Augmentations, class_index: Tensor | None
    ) -> Tensor:
        augmented = augment(images, augmentations)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.coarse):
            scores: Tensor = self.discriminator(augmented, class_index)
        return scores
