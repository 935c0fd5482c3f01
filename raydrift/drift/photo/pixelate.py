"""``pixelate``."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class Pixelate(Transform):
    """Makes the image of fewer, larger pixels.

    Attributes:
        least: The share of the rows and columns that is left at level 1.
    """

    name = "pixelate"
    help = "Makes the image of fewer, larger pixels."
    at_level = "1 - (1 - {least:g})·L of the rows and columns"

    least: float = 0.1

    def __post_init__(self) -> None:
        """A share."""
        super().__post_init__()
        self.require(self.least <= 1, "least", "give a share from 0 to 1")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``share`` of the rows and columns, 0 to 1."""
        return {"share": 1 - (1 - self.least) * level}

    def apply(self, image: RGB, share: float) -> RGB:
        """Averages over each large pixel (Pillow's ``BOX``), and fills it with that."""
        height, width = image.shape[:2]
        fewer = max(1, round(width * share)), max(1, round(height * share))
        small = Image.fromarray(image).resize(fewer, Image.Resampling.BOX)
        return np.asarray(small.resize((width, height), Image.Resampling.NEAREST))
