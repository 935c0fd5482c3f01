"""Sensors: what they add to the light that falls on them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.camera.black_level import without_black
from raydrift.camera.checks import Black

Raw = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SensorNoise:
    """How much a sensor's values vary: by shot · signal + read.

    Attributes:
        shot: Variance for each unit of signal, of the full scale: 1 by the electrons of the full
            scale.
        read: Variance without light.
    """

    shot: float
    read: float

    @classmethod
    def of_electrons(cls, full: float, read: float, light: float = 1.0) -> "SensorNoise":
        """Of an exposure with a share of the light, brightened again.

        Args:
            full: Electrons of the full scale.
            read: Standard deviation of the electrons that are read without light.
            light: The share.
        """
        return cls(shot=1 / (full * light), read=(read / (full * light)) ** 2)


def noisy(raw: Raw, noise: SensorNoise, normals: Raw, black_level: Black) -> Raw:
    """Adds shot and read noise, the Poisson's variance with a normal's shape.

    Args:
        raw: The mosaic, float32, (height, width).
        noise: How much.
        normals: A normal deviate for each pixel, of the same shape.
        black_level: By place; there is no shot noise below it.
    """
    variance: npt.NDArray[Any] = np.maximum(without_black(raw, black_level), 0)
    variance *= np.float32(noise.shot)
    variance += np.float32(noise.read)
    added: Raw = np.sqrt(variance, out=variance)
    added *= normals
    added += raw
    return added


def exposed(
    raw: Raw,
    light: float,
    electrons: float,
    read: float,
    bits: float,
    normals: Raw,
    black_level: Black,
) -> Raw:
    """What a sensor gives of less light, brightened again to what it was.

    Args:
        raw: The mosaic, float32, (height, width).
        light: The share of the light that is left, above 0.
        electrons: That a pixel counts at the full scale.
        read: Standard deviation of reading, electrons.
        bits: Of the converter.
        normals: A normal deviate for each pixel, of the same shape.
        black_level: By place.
    """
    noise = SensorNoise.of_electrons(electrons, read, light)
    counted = noisy(raw, noise, normals, black_level)
    return _rounded(counted, light * (2.0**bits - 1))


def quantised(raw: Raw, bits: float) -> Raw:
    """Rounds to the steps of so many bits, which need not be whole: 2**bits - 1 to the full scale.

    Args:
        raw: The mosaic, float32, (height, width).
        bits: How many.
    """
    return _rounded(raw, 2.0**bits - 1)


def _rounded(raw: Raw, steps: float) -> Raw:
    """To so many steps of the full scale."""
    result = np.multiply(raw, np.float32(steps))
    np.rint(result, out=result)
    result /= np.float32(steps)
    return result
