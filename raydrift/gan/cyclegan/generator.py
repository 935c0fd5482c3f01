"""The network that translates an image."""

import torch
from torch import Tensor, nn

from raydrift.gan.cyclegan.weights import with_weights


class Generator(nn.Module):
    """Translates images of one domain into the other.

    A 7 x 7 convolution, two that halve the size, residual blocks, two that double it, a 7 x 7
    convolution and tanh; instance normalisation without parameters after all but the last
    (Zhu et al. 2017, section 7.2; the blocks are of Johnson et al. 2016, without a ReLU after the
    sum). Every image is translated by itself: the others of its batch change nothing.

    Args:
        channels: Of the images, 1 or 3.
        width: Channels of the first layer; the residual blocks have four times as many.
        blocks: How many residual blocks there are.

    Attributes:
        channels: As given.
        width: As given.
        blocks: As given.
    """

    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        self.channels = channels
        self.width = width
        self.blocks = blocks
        self.first = nn.Sequential(
            nn.ReflectionPad2d(3), nn.Conv2d(channels, width, 7), *_normalised(width)
        )
        self.down = nn.Sequential(_halved(width), _halved(2 * width))
        self.residual = nn.Sequential(*(_Residual(4 * width) for _ in range(blocks)))
        self.up = nn.Sequential(_doubled(4 * width), _doubled(2 * width))
        self.last = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh())

    def forward(self, images: Tensor) -> Tensor:
        """Translates images.

        Args:
            images: Floats in [-1, 1] of shape (n, channels, height, width); height and width are
                multiples of 4 of at least 8.

        Returns:
            Images of the same shape and range.
        """
        inside = self.residual(self.down(self.first(images)))
        translated: Tensor = self.last(self.up(inside))
        return translated


def make_generator(
    channels: int, width: int, blocks: int, generator: torch.Generator | None
) -> Generator:
    """Makes a generator with weights of N(0, 0.02²).

    Args:
        channels: Of the images, 1 or 3.
        width: Channels of the first layer.
        blocks: How many residual blocks there are.
        generator: Where the weights are drawn from; None: they are 0, to be loaded afterwards.
    """
    return with_weights(lambda: Generator(channels, width, blocks), generator)


class _Residual(nn.Module):
    """Two convolutions of 3 x 3 whose result is added to what they are given."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            *_normalised(width),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, inside: Tensor) -> Tensor:
        changed: Tensor = inside + self.change(inside)
        return changed


def _normalised(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.InstanceNorm2d(width), nn.ReLU(inplace=True)


def _halved(width: int) -> nn.Sequential:
    """Half the size, twice the channels."""
    return nn.Sequential(
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), *_normalised(2 * width)
    )


def _doubled(width: int) -> nn.Sequential:
    """Twice the size, half the channels."""
    bigger = nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(bigger, *_normalised(width // 2))
