"""``twin``."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raydrift.drift.blending import TwinTransform
from raydrift.images.pixels import RGB
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class Twin(TwinTransform):
    """Blends each image with its twin: a stored translation of the same image.

    The twin is of the image as it is: transforms before this one in a list move it along with the
    image, and leave its colours alone.
    """

    name = "twin"
    help = "Blends the image with its twin, as `translate` made it."
    at_level = "(1 - L) of the image and L of its twin"

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:  # noqa: ARG002
        """``weight``: the level."""
        return {"weight": level}

    def apply_with_twin(self, image: RGB, twin: RGB, weight: float, **_: Any) -> RGB:
        """(1 - weight)·x + weight·twin, rounded once, half to even."""
        step = weight * np.subtract(twin, image, dtype=np.int16)
        step += image
        return np.rint(step, out=step).astype(np.uint8)
