"""The generator: mapping and synthesis."""

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn

from raydrift.gan.stylegan.architecture import Architecture, described
from raydrift.gan.stylegan.layers import with_weights
from raydrift.gan.stylegan.mapping import Mapping
from raydrift.gan.stylegan.synthesis import Synthesis

CONST: Final = "const"


class Generator(nn.Module):
    """Makes images from latents (StyleGAN2, Karras et al. 2020).

    Args:
        architecture: The sizes.

    Attributes:
        architecture: As given.
        mapping: From z, and a class, to w.
        synthesis: From w to an image.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        layers, classes = architecture.mapping_layers, len(architecture.classes)
        self.mapping = Mapping(architecture.latent, layers, classes)
        self.synthesis = Synthesis(architecture)

    def forward(
        self,
        z: Tensor,
        class_index: Tensor | None = None,
        truncation: float = 1.0,
        noise: Literal["const"] | Sequence[Tensor] = CONST,
    ) -> Tensor:
        """Makes images.

        Args:
            z: Latents of N(0, 1), floats of shape (n, latent).
            class_index: Class numbers, int64 of shape (n,); None where there are no classes.
            truncation: 1: all the variety; 0: the mean image (of the class).
            noise: ``const``, the network's own; or that of each convolution, see ``Synthesis``.

        Returns:
            Floats in [-1, 1] of shape (n, channels, height, width).
        """
        w = self.mapping(z, class_index)
        if truncation != 1:
            centre = self.mapping.centre(class_index)
            w = centre + truncation * (w - centre)
        styles = w[:, None].expand(-1, self.architecture.styles, -1)
        image: Tensor = self.synthesis(styles, None if isinstance(noise, str) else noise)
        return image.clamp(-1, 1)


def make_generator(architecture: Architecture, generator: torch.Generator | None) -> Generator:
    """Makes a generator.

    Args:
        architecture: The sizes.
        generator: Where its weights are drawn from; None: they are 0, to be loaded afterwards.
    """
    return with_weights(lambda: Generator(architecture), generator)


def generator_of(description: AnyMapping[str, Any]) -> Generator:
    """The generator of a description, whose weights are still to be loaded.

    Args:
        description: Of a training, see ``StyleGanTrainer.description``.

    Raises:
        SettingsError: It is of another kind, or lacks a size.
    """
    return make_generator(described(description), None)
