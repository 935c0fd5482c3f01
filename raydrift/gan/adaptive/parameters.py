"""What an augmentation does to each image of a batch: numbers, drawn apart from their use."""

from dataclasses import dataclass, fields
from math import pi, sqrt
from typing import Final

import torch
from torch import Tensor

BLITS: Final = "b"
GEOMETRY: Final = "g"
COLOUR: Final = "c"

_SHIFT: Final = 0.125
_SCALE_DEVIATION: Final = 0.2
_BRIGHTNESS_DEVIATION: Final = 0.2
_CONTRAST_DEVIATION: Final = 0.5
_SATURATION_DEVIATION: Final = 1.0


@dataclass(frozen=True)
class Augmentations:
    """One row for each image; operations are done in the order of the attributes.

    Attributes:
        mirror: 1 where the image is mirrored left to right, else 0.
        quarter_turns: Turns by 90 degrees counter-clockwise, 0 to 3.
        shift: To the right and down, as shares of width and height, then rounded to whole pixels;
            of shape (n, 2).
        scale: The factor of the size.
        first_turn: In radians, counter-clockwise.
        stretch: The factor of the width; the height is divided by it.
        second_turn: In radians, counter-clockwise.
        fine_shift: As ``shift``, not rounded.
        brightness: What is added to all channels, for images in [-1, 1].
        contrast: The factor of all channels.
        luma_flip: 1 where the light is inverted and the colour stays, else 0.
        hue: The turn about the grey axis, in radians.
        saturation: The factor of the distance to the grey axis.
    """

    mirror: Tensor
    quarter_turns: Tensor
    shift: Tensor
    scale: Tensor
    first_turn: Tensor
    stretch: Tensor
    second_turn: Tensor
    fine_shift: Tensor
    brightness: Tensor
    contrast: Tensor
    luma_flip: Tensor
    hue: Tensor
    saturation: Tensor

    def __len__(self) -> int:
        return len(self.mirror)

    def rows(self, share: slice) -> "Augmentations":
        """Those of some of the images."""
        return Augmentations(*(getattr(self, field.name)[share] for field in fields(self)))


def no_augmentations(count: int) -> Augmentations:
    """Augmentations that change nothing, float64 on the CPU.

    Args:
        count: How many images there are.
    """
    zero, one = torch.zeros(count, dtype=torch.float64), torch.ones(count, dtype=torch.float64)
    shift = torch.zeros(count, 2, dtype=torch.float64)
    return Augmentations(
        mirror=zero,
        quarter_turns=zero,
        shift=shift,
        scale=one,
        first_turn=zero,
        stretch=one,
        second_turn=zero,
        fine_shift=shift,
        brightness=zero,
        contrast=one,
        luma_flip=zero,
        hue=zero,
        saturation=one,
    )


def draw_augmentations(
    count: int, chance: float, kinds: str, generator: torch.Generator
) -> Augmentations:
    """Draws what is done to each image; every operation has its own chance.

    The ranges are those of Karras et al. 2020, "Training generative adversarial networks with
    limited data", appendix B. The two turns have a chance of 1 - sqrt(1 - chance) each, so that an
    image is turned with the chance.

    Args:
        count: How many images there are.
        chance: Of every operation, 0 to 1.
        kinds: ``b`` (mirror, quarter turns, whole shifts), ``bg`` (and all geometry), ``bgc`` (and
            colours) or ``none``.
        generator: On the CPU; it draws as many numbers whatever the kinds are.

    Returns:
        Float64 tensors on the CPU.
    """
    wide = torch.float64
    lots = torch.rand(count, 13, generator=generator, dtype=wide)
    even = torch.rand(count, 8, generator=generator, dtype=wide)
    normal = torch.randn(count, 7, generator=generator, dtype=wide)
    turn_chance = 1 - sqrt(1 - chance)

    def chosen(kind: str, lot: int, value: Tensor, unchanged: float, share: float) -> Tensor:
        if kinds == "none" or kind not in kinds:
            return torch.full_like(value, unchanged)
        hit = lots[:, lot] < share
        return torch.where(hit if value.ndim == 1 else hit[:, None], value, unchanged)

    def coin(column: int) -> Tensor:
        return (even[:, column] < 0.5).to(torch.float64)

    def angle(column: int) -> Tensor:
        turns: Tensor = 2 * even[:, column] - 1
        return turns * pi

    def power(column: int, deviation: float) -> Tensor:
        return torch.exp2(normal[:, column] * deviation)

    return Augmentations(
        mirror=chosen(BLITS, 0, coin(0), 0.0, chance),
        quarter_turns=chosen(BLITS, 1, (even[:, 1] * 4).floor(), 0.0, chance),
        shift=chosen(BLITS, 2, (2 * even[:, 2:4] - 1) * _SHIFT, 0.0, chance),
        scale=chosen(GEOMETRY, 3, power(0, _SCALE_DEVIATION), 1.0, chance),
        first_turn=chosen(GEOMETRY, 4, angle(4), 0.0, turn_chance),
        stretch=chosen(GEOMETRY, 5, power(1, _SCALE_DEVIATION), 1.0, chance),
        second_turn=chosen(GEOMETRY, 6, angle(5), 0.0, turn_chance),
        fine_shift=chosen(GEOMETRY, 7, normal[:, 2:4] * _SHIFT, 0.0, chance),
        brightness=chosen(COLOUR, 8, normal[:, 4] * _BRIGHTNESS_DEVIATION, 0.0, chance),
        contrast=chosen(COLOUR, 9, power(5, _CONTRAST_DEVIATION), 1.0, chance),
        luma_flip=chosen(COLOUR, 10, coin(6), 0.0, chance),
        hue=chosen(COLOUR, 11, angle(7), 0.0, chance),
        saturation=chosen(COLOUR, 12, power(6, _SATURATION_DEVIATION), 1.0, chance),
    )
