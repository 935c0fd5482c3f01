"""What a sample is: pixels of any depth and colour space, and what belongs to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import PipelineError

RGB = npt.NDArray[np.uint8]
"""Pixels of shape (height, width, 3), red first, 0 to 255."""

Array = npt.NDArray[Any]

MASKS: Final = (np.bool_, np.uint8, np.int16, np.uint16, np.float32)
"""The dtypes of masks."""

_DEPTHS: Final = (np.uint8, np.uint16, np.float32)


class ColourSpace(StrEnum):
    """What the values of pixels mean.

    Attributes:
        SRGB: Red, green and blue for a display.
        LINEAR: Red, green and blue, in proportion to the light.
        GREY: One value for each pixel.
        MOSAIC: What a sensor behind a colour filter array saw: one value for each pixel, of the
            colour of its filter.
    """

    SRGB = "srgb"
    LINEAR = "linear"
    GREY = "grey"
    MOSAIC = "mosaic"

    @property
    def is_coloured(self) -> bool:
        """Whether a pixel has a value for each colour."""
        return self in (ColourSpace.SRGB, ColourSpace.LINEAR)


@dataclass(frozen=True, eq=False)
class Twin:
    """Another image of what an image shows, as a learned translation of it.

    Attributes:
        pixels: Of the same shape and dtype as the image's.
        name: Its path, or its name in what it was read from.
        crc: CRC-32 of its file.
    """

    pixels: Array
    name: str
    crc: int


@dataclass(frozen=True, eq=False)
class Sample:
    """Pixels, and what belongs to them.

    Attributes:
        pixels: uint8, uint16 or float32, of shape (height, width, 3) in colours, (height, width) in
            grey or as a mosaic.
        space: What their values mean.
        mask: A label for each pixel, (height, width): bool, uint8, int16, uint16 or float32.
        points: Places in the image, float64 (n, 2) of (x, y) in pixels; the centre of the first
            pixel is (0, 0).
        twin: Another image of the same, that it may be blended with.
        label: The label of its class.
        facts: What else is known, as a camera's black level: plain values, as JSON has them.

    Raises:
        TypeError: The dtype or the shape of one of them is none of these, or a fact is no plain
            value.

    >>> Sample(np.zeros((4, 6), np.uint16), space=ColourSpace.MOSAIC).kind
    'uint16 mosaic'
    """

    pixels: Array
    space: ColourSpace = field(default=ColourSpace.SRGB, kw_only=True)
    mask: Array | None = field(default=None, kw_only=True)
    points: npt.NDArray[np.float64] | None = field(default=None, kw_only=True)
    twin: Twin | None = field(default=None, kw_only=True)
    label: int | None = field(default=None, kw_only=True)
    facts: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        """Every decoded image comes by here: nothing looks at the pixels themselves."""
        shape, channels = self.pixels.shape, (3,) if self.space.is_coloured else ()
        if self.pixels.dtype not in _DEPTHS or len(shape) < 2 or shape[2:] != channels:
            wanted = "(height, width, 3)" if self.space.is_coloured else "(height, width)"
            raise TypeError(
                f"{self.space} pixels are {told(self.pixels)}: give uint8, uint16 or float32 of "
                f"shape {wanted}"
            )
        if self.mask is not None and (self.mask.dtype not in MASKS or self.mask.shape != shape[:2]):
            raise TypeError(
                f"the mask is {told(self.mask)}: give bool, uint8, int16, uint16 or float32 of "
                f"shape {shape[:2]}"
            )
        if self.points is not None and (
            self.points.dtype != np.float64 or self.points.shape[1:] != (2,)
        ):
            raise TypeError(f"the points are {told(self.points)}: give float64 of shape (n, 2)")
        if self.twin is not None and told(self.twin.pixels) != told(self.pixels):
            raise TypeError(f"the twin is {told(self.twin.pixels)}, the image {told(self.pixels)}")
        for name, fact in self.facts.items():
            if not _is_plain(name, fact):
                raise TypeError(
                    f"fact {name!r} is {type(fact).__name__}: give a number, a text, or a list or "
                    "dict of them"
                )

    @property
    def kind(self) -> str:
        """The dtype and the colour space of the pixels, as ``uint8 srgb``."""
        return _kind(self.pixels.dtype, self.space)


@cache
def _kind(dtype: "np.dtype[Any]", space: ColourSpace) -> str:
    return f"{dtype} {space}"


def _is_plain(name: str, fact: object) -> bool:
    """Whether it comes back from JSON as it was; a tuple or an array does not."""
    try:
        return bool(json.loads(json.dumps({name: fact})) == {name: fact})
    except (TypeError, ValueError):
        return False


def told(array: Array) -> str:
    """An array's dtype and shape, as errors tell them.

    >>> told(np.zeros((2, 3), np.uint16))
    'uint16 (2, 3)'
    """
    return f"{array.dtype} {array.shape}"


def check_rgb(pixels: Array, taker: str) -> None:
    """Makes sure that pixels are uint8 RGB: of one image or several, channels last.

    Args:
        pixels: The pixels of any dtype and shape.
        taker: Who takes them.

    Raises:
        PipelineError: They are not.
    """
    if pixels.dtype != np.uint8 or pixels.ndim < 3 or pixels.shape[-1] != 3:
        raise PipelineError(f"{taker} takes uint8 RGB (height, width, 3), not {told(pixels)}")


def rgb_of(sample: Sample, taker: str) -> RGB:
    """The pixels of a sample, for those who take uint8 RGB and nothing else.

    Args:
        sample: The sample of any kind.
        taker: Who takes them.

    Raises:
        PipelineError: They are of another kind.
    """
    if sample.kind != "uint8 srgb":
        raise PipelineError(
            f"{taker} takes uint8 srgb pixels, not {sample.kind}: give images that are read as such"
        )
    return sample.pixels
