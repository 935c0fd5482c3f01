"""The network that tells real images of a domain from translated ones."""

from typing import Final

import torch
from torch import Tensor, nn

from raydrift.gan.cyclegan.weights import with_weights

_MOST_TIMES: Final = 8  # so many times the first layer's channels a layer has at most
_SLOPE: Final = 0.2


class Discriminator(nn.Module):
    """Scores patches of images: 1 is real, 0 is translated (PatchGAN, Isola et al. 2017).

    Convolutions of 4 x 4: the strided ones, one more, and the one that scores; instance
    normalisation but in the first and the last; LeakyReLU of slope 0.2. With 3 strided layers a
    score sees 70 x 70 pixels.

    Args:
        channels: Of the images, 1 or 3.
        width: Channels of the first layer.
        layers: How many layers are strided, 1 to 3.
    """

    def __init__(self, channels: int, width: int, layers: int) -> None:
        super().__init__()
        made: list[nn.Module] = [nn.Conv2d(channels, width, 4, stride=2, padding=1), _leaky()]
        before = width
        for layer in range(1, layers + 1):
            after = width * min(2**layer, _MOST_TIMES)
            stride = 2 if layer < layers else 1
            made += [
                nn.Conv2d(before, after, 4, stride=stride, padding=1),
                nn.InstanceNorm2d(after),
                _leaky(),
            ]
            before = after
        made.append(nn.Conv2d(before, 1, 4, stride=1, padding=1))
        self.layers = nn.Sequential(*made)

    def forward(self, images: Tensor) -> Tensor:
        """Scores images.

        Args:
            images: Floats in [-1, 1] of shape (n, channels, height, width), of at least 8, 16 or
                32 pixels a side with 1, 2 or 3 strided layers.

        Returns:
            Scores without bounds, of shape (n, 1, patches, patches): 30 x 30 for 256 x 256 pixels
            and 3 strided layers.
        """
        scores: Tensor = self.layers(images)
        return scores


def make_discriminator(
    channels: int, width: int, layers: int, generator: torch.Generator | None
) -> Discriminator:
    """Makes a discriminator with weights of N(0, 0.02²).

    Args:
        channels: Of the images, 1 or 3.
        width: Channels of the first layer.
        layers: How many layers are strided, 1 to 3.
        generator: Where the weights are drawn from; None: they are 0, to be loaded afterwards.
    """
    return with_weights(lambda: Discriminator(channels, width, layers), generator)


def _leaky() -> nn.Module:
    return nn.LeakyReLU(_SLOPE, inplace=True)
