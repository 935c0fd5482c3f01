"""``motion_blur``."""

from dataclasses import dataclass
from math import ceil, cos, radians, sin

import numpy as np
import numpy.typing as npt

from raydrift.drift.pixels import filtered
from raydrift.drift.ranges import around_zero
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class MotionBlur(Transform):
    """Blurs along a line, as a camera that moves while the shutter is open.

    The weights are those of MATLAB's ``fspecial("motion")``: for each pixel 1 less its distance
    from the line, at least 0, and all together 1.

    Attributes:
        length: The length of the line, x·L pixels.
    """

    name = "motion_blur"
    help = "Blurs along a line, like a camera that moves."
    draws = "direction"
    at_level = "over {length:g}·L pixels"

    length: float = 30.0

    def __post_init__(self) -> None:
        """Longer lines than images are no use."""
        super().__post_init__()
        self.require(self.length <= 255, "length", "give at most 255 pixels")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``length``, pixels, and ``degrees``, counter-clockwise from the horizontal."""
        return {"length": self.length * level, "degrees": around_zero(rng, 90.0)}

    def apply(self, image: RGB, length: float, degrees: float) -> RGB:
        """Averages along the line; the border is reflected."""
        return filtered(image, line_kernel(length, degrees))


def line_kernel(length: float, degrees: float) -> npt.NDArray[np.float32]:
    """The weights of a line of so many pixels through the middle; their sum is 1."""
    half, angle = max(0.0, (length - 1) / 2), radians(degrees)
    reach = ceil(half)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    along = x * cos(angle) - y * sin(angle)
    across = x * sin(angle) + y * cos(angle)
    beyond = np.maximum(np.abs(along) - half, 0.0)
    weights = np.maximum(1.0 - np.hypot(across, beyond), 0.0)
    kernel: npt.NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return kernel
