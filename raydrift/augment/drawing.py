"""Draws the parameters of one augmentation: the numbers of Keras for a seed, to the bit."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from raydrift.augment.compat import FIXED
from raydrift.augment.ranges import Ranges

Parameters = dict[str, Any]
"""What is done to one image, by Keras' names; what is not there is neutral."""


def neutral(extended: bool = False) -> Parameters:
    """The parameters that leave an image as it is.

    Args:
        extended: Contrast and noise are there as well.

    >>> neutral()["zx"]
    1
    """
    parameters: Parameters = {
        "theta": 0,
        "tx": 0,
        "ty": 0,
        "shear": 0,
        "zx": 1,
        "zy": 1,
        "flip_horizontal": 0,
        "flip_vertical": 0,
        "channel_shift_intensity": None,
        "brightness": None,
    }
    if extended:
        parameters |= {"contrast": None, "noise": None}
    return parameters


def draw(
    ranges: Ranges,
    shape: Sequence[int],
    rng: np.random.RandomState,
    compat: str = FIXED,
    extended: bool = False,
) -> Parameters:
    """Draws the parameters of one image.

    Args:
        ranges: What is drawn.
        shape: The image's height and width, of which shifts below 1 are shares.
        rng: Where the numbers come from. ``RandomState(seed)`` gives those of Keras.
        compat: In ``fixed``, the height's shift is ``ty`` and the width's ``tx``; in the others it
            is the other way round. The order of the draws is the same in all.
        extended: Contrast and noise are drawn as well. Where a noise is chosen, ``noise_seed`` is
            the seed of its numbers.

    Returns:
        ``theta`` (degrees), ``tx``, ``ty`` (pixels), ``shear`` (degrees), ``zx``, ``zy``,
        ``flip_horizontal``, ``flip_vertical``, ``channel_shift_intensity`` and ``brightness``.

    >>> round(draw(Ranges(rotation_range=20), (24, 32), np.random.RandomState(0))["theta"], 6)
    1.95254
    """
    parameters = neutral(extended)
    if ranges.rotation_range:
        parameters["theta"] = rng.uniform(-ranges.rotation_range, ranges.rotation_range)
    height = _shift(ranges.height_shift_range, shape[0], rng)
    width = _shift(ranges.width_shift_range, shape[1], rng)
    parameters["tx"], parameters["ty"] = (width, height) if compat == FIXED else (height, width)
    if ranges.shear_range:
        parameters["shear"] = rng.uniform(-ranges.shear_range, ranges.shear_range)
    low, high = ranges.zoom_range
    if not low == high == 1:
        zx, zy = rng.uniform(low, high, 2)
        parameters["zx"], parameters["zy"] = zx, zx if ranges.zoom_keep_aspect else zy
    parameters["flip_horizontal"] = (rng.random_sample() < 0.5) * ranges.horizontal_flip
    parameters["flip_vertical"] = (rng.random_sample() < 0.5) * ranges.vertical_flip
    if ranges.channel_shift_range != 0:
        most = ranges.channel_shift_range
        parameters["channel_shift_intensity"] = rng.uniform(-most, most)
    if ranges.brightness_range is not None:
        low, high = ranges.brightness_range
        parameters["brightness"] = rng.uniform(low, high)
    if extended:
        _draw_extended(parameters, ranges, rng)
    return parameters


def _shift(given: Any, size: int, rng: np.random.RandomState) -> Any:
    """A shift in pixels: one of a list or below a whole number, or from a range."""
    if not given:
        return 0
    if isinstance(given, float):
        shift: Any = rng.uniform(-given, given)
    else:
        try:
            shift = rng.choice(given)
            shift *= rng.choice([-1, 1])
        except ValueError:  # a number that is not whole
            shift = rng.uniform(-given, given)
    return shift * size if np.max(given) < 1 else shift


def _draw_extended(parameters: Parameters, ranges: Ranges, rng: np.random.RandomState) -> None:
    if ranges.contrast_range is not None:
        low, high = ranges.contrast_range
        parameters["contrast"] = rng.uniform(low, high)
    if ranges.noise:
        parameters["noise"] = ranges.noise[rng.randint(len(ranges.noise))]
        parameters["noise_seed"] = int(rng.randint(2**32, dtype=np.uint64))
