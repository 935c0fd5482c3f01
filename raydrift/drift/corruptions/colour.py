"""Contrast, brightness and saturation."""

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.drift.pixels import as_levels
from raydrift.images.pixels import RGB


def contrast(picture: RGB, _rng: object, factor: float) -> RGB:
    """(x - mean)·factor + mean; each channel has its own mean.

    Args:
        picture: uint8 of shape (height, width, 3).
        factor: What is left of the contrast.
    """
    means = picture.mean(axis=(0, 1))
    levels = (np.arange(256)[:, None] - means) * factor + means
    found: RGB = cv2.LUT(picture, np.clip(np.rint(levels), 0, 255).astype(np.uint8)[None])
    return found


def brightness(picture: RGB, _rng: object, added: float) -> RGB:
    """Adds to the value V of HSV; hue and saturation stay.

    Args:
        picture: uint8 of shape (height, width, 3).
        added: To V, of pixels in [0, 1].
    """
    levels = np.arange(256)
    brighter = np.minimum(levels + 255 * added, 255)
    factors = (brighter / np.maximum(levels, 1)).astype(np.float32)
    value = _largest(picture)
    found = picture * factors[value][..., None]
    found[value == 0] = brighter[0]  # black has no hue: it becomes grey
    return as_levels(found)


def saturate(picture: RGB, _rng: object, constants: tuple[float, float]) -> RGB:
    """Makes factor·S + added of the saturation S of HSV; hue and value stay.

    The hue of grey counts as red, as published: what is added to S makes grey pixels reddish.

    Args:
        picture: uint8 of shape (height, width, 3).
        constants: The factor, and what is added.
    """
    factor, added = constants
    value = _largest(picture).astype(np.float32)
    spread = value - picture.min(axis=2)
    saturation = spread / np.maximum(value, 1)
    wanted = np.clip(saturation * np.float32(factor) + np.float32(added), 0, 1)
    grey = spread == 0
    ratio = wanted / np.where(grey, 1, saturation)
    found = value[..., None] - (value[..., None] - picture) * ratio[..., None]
    found[grey, 1:] = (value * (1 - wanted))[grey, None]
    return as_levels(found)


def _largest(picture: RGB) -> npt.NDArray[np.uint8]:
    """The value V of HSV."""
    red, green, blue = cv2.split(picture)
    found: npt.NDArray[np.uint8] = cv2.max(cv2.max(red, green), blue)
    return found
