"""``gaussian_noise``."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.drift.normals import normal_quantiles, random_bits
from raydrift.drift.pixels import as_levels
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class GaussianNoise(Transform):
    """Adds a mean and a normal deviate to every channel of every pixel.

    Attributes:
        mean: Added where L > 0, of pixels in [0, 1].
        sigma: Standard deviation x·L, of pixels in [0, 1].
    """

    name = "gaussian_noise"
    help = "Adds noise, like a sensor in low light."
    draws = "a normal n a channel and pixel"
    at_level = "x + {mean:g} + {sigma:g}·L·n, for x in 0 to 1"

    mean: float = 0.1
    sigma: float = 0.5

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``mean`` and ``sigma``, of pixels in [0, 1]."""
        return {"mean": self.mean, "sigma": self.sigma * level}

    def apply_with(self, rng: np.random.Generator, image: RGB, mean: float, sigma: float) -> RGB:
        """clip(x + mean + sigma·n) for pixels in [0, 1]."""
        noise = cv2.LUT(random_bits(rng, image.shape), _noise_levels(mean, sigma))
        noise += image
        return as_levels(noise)

    def jumps(self) -> tuple[float, ...]:
        """The mean is there at once."""
        return (0.0,) if self.mean > 0 else ()


@lru_cache(maxsize=8)
def _noise_levels(mean: float, sigma: float) -> npt.NDArray[np.int16]:
    """The grey levels that each 16 random bits add: pixels are whole, so these are rounded."""
    levels = normal_quantiles() * np.float32(255 * sigma) + np.float32(255 * mean)
    whole = np.clip(np.rint(levels), -255, 255)  # what is beyond, is black or white anyway
    table: npt.NDArray[np.int16] = whole.astype(np.int16).reshape(1, -1)
    return table
