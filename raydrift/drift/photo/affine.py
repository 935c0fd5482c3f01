"""``affine``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.augment import geometry
from raydrift.augment.affine import warp
from raydrift.augment.applying import flip
from raydrift.drift.moving import Matrix, MovingTransform
from raydrift.images.pixels import MASKS
from raydrift.transforms import Parameters

_FILLS: Final = ("nearest", "reflect", "constant", "wrap")
_XY: Final = [1, 0, 2]
_LEVELS: Final = {"uint8": 1.0, "uint16": 65535 / 255, "float32": 1 / 255}
"""What a grey level of 255 is in pixels of a type."""


@dataclass(frozen=True)
class Affine(MovingTransform):
    """Rotates, shifts, shears, zooms and mirrors the image in one step, as Keras does it.

    All is about the image's centre. A level scales the ranges, and draws zooms towards 1. Mirroring
    is on or off: at any level half of the images are mirrored.

    Attributes:
        rotate: Angle ~ U(-x·L, +x·L) degrees.
        shift_x: Share of the width ~ U(-x·L, +x·L).
        shift_y: Share of the height ~ U(-x·L, +x·L).
        shear: Angle ~ U(-x·L, +x·L) degrees, of vertical lines.
        zoom_low: The least factor at level 1; above 1 more of the scene is seen.
        zoom_high: The greatest.
        flip: Whether half of the images are mirrored.
        flip_vertical: Whether half of the images are turned upside down.
        keep_aspect: Whether both directions zoom by one factor, or each by its own.
        fill: What lies around the image: ``nearest``, ``reflect``, ``constant`` or ``wrap``.
        fill_value: The grey level of ``constant``, 0 to 255. Around a mask there are zeros then.
    """

    name = "affine"
    help = "Rotates, shifts, shears, zooms and mirrors the image in one step."
    draws = "angles, shifts, zooms, flips"
    at_level = (
        "±{rotate:g}·L degrees, ±{shift_x:g}·L of the width, ±{shift_y:g}·L of the height, "
        "zoom by {zoom_low:g} to {zoom_high:g} at L = 1"
    )

    rotate: float = 20.0
    shift_x: float = 0.1
    shift_y: float = 0.1
    shear: float = 0.0
    zoom_low: float = 0.8
    zoom_high: float = 1.2
    flip: bool = False
    flip_vertical: bool = False
    keep_aspect: bool = False
    fill: str = "nearest"
    fill_value: float = 0.0

    def __post_init__(self) -> None:
        """Refuses what leaves nothing of an image."""
        super().__post_init__()
        self.require(self.shear < 90, "shear", "give less than 90")
        self.require(self.zoom_low > 0, "zoom_low", "give a factor above 0")
        self.require(self.zoom_high >= self.zoom_low, "zoom_high", "give at least zoom_low")
        self.require(self.fill in _FILLS, "fill", f"choose from: {', '.join(_FILLS)}")
        self.require(self.fill_value <= 255, "fill_value", "give 0 to 255")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``theta``, ``tx``, ``ty``, ``shear``, ``zx``, ``zy``, the flips and the fill.

        Angles are in degrees, shifts in shares of the width and the height. Each number has its
        place in the stream: it is the same whatever else is drawn.
        """
        theta, tx, ty, shear, zx, zy, horizontal, vertical = rng.random(8).tolist()
        low, high = (1 + (end - 1) * level for end in (self.zoom_low, self.zoom_high))
        return {
            "theta": _around_zero(theta, self.rotate * level),
            "tx": _around_zero(tx, self.shift_x * level),
            "ty": _around_zero(ty, self.shift_y * level),
            "shear": _around_zero(shear, self.shear * level),
            "zx": low + zx * (high - low),
            "zy": low + (zx if self.keep_aspect else zy) * (high - low),
            "flip_horizontal": self.flip and horizontal < 0.5,
            "flip_vertical": self.flip_vertical and vertical < 0.5,
            "fill": self.fill,
            "fill_value": self.fill_value,
        }

    def matrix(self, height: int, width: int, *_: Any, **parameters: Any) -> Matrix:
        """Where pixels go, mirrored ones too."""
        drawn = in_pixels(parameters, height, width)
        from_where = geometry.matrix(drawn, height, width)
        forward: Matrix = np.eye(3)
        if from_where is not None:
            forward = np.linalg.inv(from_where)[np.ix_(_XY, _XY)].astype(np.float64)
        for axis, name in enumerate(("flip_horizontal", "flip_vertical")):
            if drawn[name]:
                forward[axis] *= -1
                forward[axis, 2] += (width, height)[axis] - 1
        return forward[:2]

    def apply(self, image: npt.NDArray[Any], *_: Any, **parameters: Any) -> npt.NDArray[Any]:
        """Moves the pixels, bilinear in between."""
        value = parameters["fill_value"] * _LEVELS[image.dtype.name]
        return _moved(image, parameters, 1, value)

    def apply_to_mask(self, mask: npt.NDArray[Any], **parameters: Any) -> npt.NDArray[Any]:
        """Moves a mask of labels, (height, width): each pixel has the label of one before.

        What comes from outside is 0 with the fill ``constant``, else as the fill says.

        Args:
            mask: bool, uint8, int16, uint16 or float32.
            **parameters: What ``draw`` returned.

        Raises:
            TypeError: It is of another type.
        """
        if mask.dtype not in MASKS:
            raise TypeError(f"a mask of {mask.dtype}: give bool, uint8, int16, uint16 or float32")
        return _moved(mask, parameters, 0, 0)


def in_pixels(parameters: Mapping[str, Any], height: int, width: int) -> dict[str, Any]:
    """What ``Affine`` drew, with its shifts in pixels: what ``raydrift.augment`` takes.

    >>> in_pixels({"tx": 0.25, "ty": 0.0}, 24, 32)
    {'tx': 8.0, 'ty': 0.0}
    """
    shifts = {"tx": parameters["tx"] * width, "ty": parameters["ty"] * height}
    return {**parameters, **shifts}


def _around_zero(share: float, most: float) -> float:
    """From -most to +most; 0 without a sign."""
    return (2 * share - 1) * most + 0.0


def _moved(
    image: npt.NDArray[Any], parameters: Mapping[str, Any], order: int, fill_value: float
) -> npt.NDArray[Any]:
    height, width = image.shape[:2]
    moved = image if image.ndim == 3 else image[:, :, None]
    from_where = geometry.matrix(in_pixels(parameters, height, width), height, width)
    if from_where is not None:
        moved = warp(moved, from_where, order, parameters["fill"], fill_value)
    moved = flip(moved, parameters["flip_horizontal"], parameters["flip_vertical"])
    return np.ascontiguousarray(moved).reshape(image.shape)
