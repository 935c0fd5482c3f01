"""The ten corruptions: their names, and the published constants of each severity."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from raydrift import seeds
from raydrift.drift.corruptions.blur import gaussian_blur, zoom_blur
from raydrift.drift.corruptions.colour import brightness, contrast, saturate
from raydrift.drift.corruptions.elastic import elastic
from raydrift.drift.corruptions.noise import (
    gaussian_noise,
    impulse_noise,
    shot_noise,
    speckle_noise,
)
from raydrift.errors import SettingsError, suggest
from raydrift.images.pixels import RGB
from raydrift.settings.corruptions import SEVERITIES

_PIXELS: Final = 32  # the side of the pictures that the constants of ``elastic`` were chosen for
_KEYS: Final = 16  # for severities, of each corruption


@dataclass(frozen=True)
class _Corruption:
    """A kernel, which takes a picture, a generator and one of the constants."""

    kernel: Callable[[RGB, np.random.Generator, Any], RGB]
    constants: tuple[Any, Any, Any, Any, Any]


_TEN: Final[Mapping[str, _Corruption]] = {
    "gaussian_noise": _Corruption(gaussian_noise, (0.04, 0.06, 0.08, 0.09, 0.10)),
    "shot_noise": _Corruption(shot_noise, (500, 250, 100, 75, 50)),
    "impulse_noise": _Corruption(impulse_noise, (0.01, 0.02, 0.03, 0.05, 0.07)),
    "speckle_noise": _Corruption(speckle_noise, (0.06, 0.10, 0.12, 0.16, 0.20)),
    "gaussian_blur": _Corruption(gaussian_blur, (0.4, 0.6, 0.7, 0.8, 1.0)),
    "zoom_blur": _Corruption(zoom_blur, (1.06, 1.11, 1.16, 1.21, 1.26)),
    "contrast": _Corruption(contrast, (0.75, 0.5, 0.4, 0.3, 0.15)),
    "brightness": _Corruption(brightness, (0.05, 0.1, 0.15, 0.2, 0.3)),
    "saturate": _Corruption(saturate, ((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2))),
    "elastic": _Corruption(
        elastic,
        (
            (0, 0, 0.08 * _PIXELS),
            (0.05 * _PIXELS, 0.2 * _PIXELS, 0.07 * _PIXELS),
            (0.08 * _PIXELS, 0.06 * _PIXELS, 0.06 * _PIXELS),
            (0.1 * _PIXELS, 0.04 * _PIXELS, 0.05 * _PIXELS),
            (0.1 * _PIXELS, 0.03 * _PIXELS, 0.03 * _PIXELS),
        ),
    ),
}
"""A new one goes to the end: its place is part of the key of its draws."""

CORRUPTIONS: Final = tuple(_TEN)
"""Their names, in the order of every table."""


def corrupt(picture: RGB, name: str, severity: int, rng: np.random.Generator) -> RGB:
    """Corrupts a picture as a published baseline does.

    The formulas and constants are those of CIFAR-10-C (Hendrycks and Dietterich, "Benchmarking
    Neural Network Robustness to Common Corruptions and Perturbations", ICLR 2019), which Oala et
    al. (2023) put on pictures of 256 pixels as they are. So are they here, at any size: sigmas and
    distances are in pixels, and only ``zoom_blur`` grows with the picture. The result is rounded to
    the nearest grey level; CIFAR-10-C cuts off what is behind the point.

    Args:
        picture: uint8 RGB of shape (height, width, 3); it is left as it is.
        name: One of ``CORRUPTIONS``.
        severity: From 1 to 5.
        rng: Draws what is random, see ``draws_of``. The two blurs, ``contrast``, ``brightness`` and
            ``saturate`` draw nothing.

    Returns:
        uint8 of the same shape.

    Raises:
        SettingsError: There is no such corruption or severity.

    >>> picture = np.full((8, 8, 3), 100, np.uint8)
    >>> corrupt(picture, "brightness", 3, draws_of(42, "brightness", 3, sample_id=0))[0, 0].tolist()
    [138, 138, 138]
    """
    check_corruption(name, severity)
    found = _TEN[name]
    return found.kernel(picture, rng, found.constants[severity - 1])


def corrupted(
    pictures: RGB, name: str, severity: int, *, seed: int, sample_ids: Sequence[int]
) -> RGB:
    """Corrupts pictures of some samples, each by its own draws.

    Args:
        pictures: uint8 RGB of shape (n, height, width, 3); they are left as they are.
        name: One of ``CORRUPTIONS``.
        severity: From 1 to 5.
        seed: The run's seed.
        sample_ids: The sample of each picture. Two pictures of one sample get the same noise.

    Returns:
        uint8 of the same shape.

    Raises:
        SettingsError: There is no such corruption or severity.
    """
    found = np.empty_like(pictures)
    for before, after, sample_id in zip(pictures, found, sample_ids, strict=True):
        after[:] = corrupt(before, name, severity, draws_of(seed, name, severity, sample_id))
    return found


def draws_of(seed: int, name: str, severity: int, sample_id: int) -> np.random.Generator:
    """What a corruption of a sample draws from, and no other one.

    Args:
        seed: The run's seed.
        name: One of ``CORRUPTIONS``.
        severity: From 1 to 5.
        sample_id: The sample.

    Raises:
        SettingsError: There is no such corruption or severity.
    """
    check_corruption(name, severity)
    operation = seeds.CORRUPTIONS + _KEYS * CORRUPTIONS.index(name) + severity
    return seeds.generator(seed, operation, sample_id)


def check_corruption(name: str, severity: int) -> None:
    """Makes sure that there is such a corruption.

    Raises:
        SettingsError: There is none of this name, or no such severity.
    """
    if name not in _TEN:
        raise SettingsError(f"unknown corruption {name!r}: {suggest(name, CORRUPTIONS)}")
    if severity not in SEVERITIES:
        raise SettingsError(f"severity is {severity!r}: give a whole number from 1 to 5")
