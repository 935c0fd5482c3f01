"""The network that tells real images from generated ones."""

from math import sqrt

import torch
from torch import Tensor, nn

from raydrift.gan.stylegan.architecture import LEAST_SIDE, Architecture
from raydrift.gan.stylegan.layers import Convolution, FullyConnected, with_weights
from raydrift.gan.stylegan.mapping import ClassMapping


class Discriminator(nn.Module):
    """Gives an image a score: the higher, the more real it looks.

    Residual blocks that halve the size; at 4 x 4 pixels one more channel says how much the images
    of a group differ. With classes the last vector is projected on that of the class (Miyato and
    Koyama 2018).

    Args:
        architecture: The sizes.
        group: How many images, one after the other, are compared with each other; it divides every
            batch. 1: the channel is constant.
    """

    def __init__(self, architecture: Architecture, group: int) -> None:
        super().__init__()
        self.group = group
        *larger, side = architecture.sides[::-1]
        width = architecture.width_at(architecture.side)
        self.from_image = Convolution(architecture.channels, width, 1)
        blocks = []
        for one in larger:
            outputs = architecture.width_at(one // 2)
            blocks.append(_Block(width, outputs))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        height_width = architecture.size_at(LEAST_SIDE)
        length = architecture.width_at(side)
        self.last = Convolution(width + 1, width, 3)
        self.connected = FullyConnected(width * height_width[0] * height_width[1], length, True)
        count = len(architecture.classes)
        self.score = FullyConnected(length, length if count else 1)
        self.class_mapping = (
            ClassMapping(count, length, architecture.mapping_layers) if count else None
        )

    def forward(self, images: Tensor, class_index: Tensor | None = None) -> Tensor:
        """Scores images.

        Args:
            images: Floats of shape (n, channels, height, width), about -1 to 1.
            class_index: Class numbers, int64 of shape (n,); None where there are no classes.

        Returns:
            Scores without a limit, floats of shape (n,).
        """
        inside = self.blocks(self.from_image(images))
        inside = torch.cat([inside, _deviation(inside, self.group)], dim=1)
        vector: Tensor = self.score(self.connected(self.last(inside).flatten(1)))
        vector = vector.float() if vector.element_size() < 4 else vector
        if self.class_mapping is None:
            return vector[:, 0]
        if class_index is None:
            raise ValueError("the network knows classes: give a class for each image")
        mapped: Tensor = self.class_mapping(class_index)
        return (vector * mapped).sum(dim=1) * (1 / sqrt(vector.shape[1]))


def make_discriminator(
    architecture: Architecture, group: int, generator: torch.Generator | None
) -> Discriminator:
    """Makes a discriminator.

    Args:
        architecture: The sizes.
        group: How many images are compared with each other.
        generator: Where its weights are drawn from; None: they are 0, to be loaded afterwards.
    """
    return with_weights(lambda: Discriminator(architecture, group), generator)


class _Block(nn.Module):
    """Two convolutions, the second one halves the size, beside a shortcut that halves it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = Convolution(inputs, inputs, 3)
        self.second = Convolution(inputs, outputs, 3, halve=True)
        self.shortcut = Convolution(inputs, outputs, 1, halve=True, active=False)

    def forward(self, inside: Tensor) -> Tensor:
        changed: Tensor = self.second(self.first(inside)) + self.shortcut(inside)
        return changed * sqrt(0.5)


def _deviation(inside: Tensor, group: int) -> Tensor:
    """The standard deviation in each group, its mean over channels and pixels, as one channel.

    Groups are neighbours in the batch, so they are the same when processes share a batch.
    """
    precise = inside.float() if inside.element_size() < 4 else inside
    count, channels, height, width = inside.shape
    groups = precise.reshape(count // group, group, channels, height, width)
    deviation = (groups.var(dim=1, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    rows = deviation.repeat_interleave(group)[:, None, None, None]
    return rows.expand(count, 1, height, width).to(inside.dtype)
