"""``occlusion``."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from raydrift.drift.ranges import around_zero
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class Occlusion(Transform):
    """Covers a rectangle, as Random Erasing (Zhong et al., 2017) does.

    Attributes:
        area: Share of the image that is covered at level 1.
        aspect: The longest side is up to x times the other, measured in shares of the image.
        grey: Grey level of the rectangle, 0 to 255.
    """

    name = "occlusion"
    help = "Covers a rectangle of the image."
    draws = "shape and place"
    at_level = "{area:g}·L of the image, sides up to {aspect:g} : 1"

    area: float = 0.5
    aspect: float = 2.0
    grey: int = 0

    def __post_init__(self) -> None:
        """The rectangle fits into the image."""
        super().__post_init__()
        self.require(self.aspect >= 1, "aspect", "give at least 1")
        self.require(self.area * self.aspect <= 1, "area", "give at most 1 / aspect")
        self.require(self.grey <= 255, "grey", "give 0 to 255")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``top``, ``left``, ``height`` and ``width`` as shares of the image; ``grey``."""
        ratio = self.aspect ** around_zero(rng, 1.0)
        height, width = sqrt(self.area * level * ratio), sqrt(self.area * level / ratio)
        top, left = (float(rng.uniform(0, 1 - side)) for side in (height, width))
        return {"top": top, "left": left, "height": height, "width": width, "grey": self.grey}

    def apply(
        self,
        image: RGB,
        top: float,
        left: float,
        height: float,
        width: float,
        grey: float,
    ) -> RGB:
        """Covers the pixels whose edges are nearest to the rectangle's."""
        rows, columns = image.shape[:2]
        covered = image.copy()
        covered[
            round(top * rows) : round((top + height) * rows),
            round(left * columns) : round((left + width) * columns),
        ] = int(grey)
        return covered
