"""``defocus_blur``."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.drift.pixels import filtered
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform

_STRIPS: Final = 256  # of a pixel


@dataclass(frozen=True)
class DefocusBlur(Transform):
    """Spreads each point over a disk, as a lens that is out of focus.

    Attributes:
        radius: The radius of the disk, x·L pixels.
    """

    name = "defocus_blur"
    help = "Blurs like a lens that is out of focus."
    at_level = "over a disk of radius {radius:g}·L pixels"

    radius: float = 10.0

    def __post_init__(self) -> None:
        """Larger disks than images are no use."""
        super().__post_init__()
        self.require(self.radius <= 127, "radius", "give at most 127 pixels")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``radius``, pixels."""
        return {"radius": self.radius * level}

    def apply(self, image: RGB, radius: float) -> RGB:
        """Averages over the disk; the border is reflected."""
        return filtered(image, disk_kernel(radius))


@lru_cache(maxsize=8)
def disk_kernel(radius: float) -> npt.NDArray[np.float32]:
    """How much of each pixel a disk about the middle covers; the sum is 1.

    That is MATLAB's ``fspecial("disk")``. The area of a pixel is found by thin strips, the length
    of each of which is exact.
    """
    if radius <= 0.5:  # inside a pixel
        return np.ones((1, 1), np.float32)
    reach = ceil(radius - 0.5)
    edges = np.arange(-reach, reach + 2) - 0.5
    heights = (np.arange(_STRIPS * (2 * reach + 1)) + 0.5) / _STRIPS - reach - 0.5
    half = np.sqrt(np.maximum(radius**2 - heights**2, 0.0))[:, None]
    reached = np.clip(edges[None, :], -half, half)
    covered = np.diff(reached, axis=1).reshape(2 * reach + 1, _STRIPS, -1).sum(axis=1)
    kernel: npt.NDArray[np.float32] = (covered / covered.sum()).astype(np.float32)
    return kernel
