"""``isp_bits``."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raydrift.camera import Rendering, quantised
from raydrift.drift.camera.transform import CameraTransform, Raw
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class IspBits(CameraTransform):
    """A converter of fewer bits: shadows come in steps.

    Attributes:
        most: Bits just above level 0, up to 16.
        least: At level 1.
    """

    name = "isp_bits"
    help = "Counts light with fewer bits: dark surfaces turn into steps."
    at_level = "the mosaic rounded to {most:g} bits at L = 0, {least:g} at L = 1"
    place = 2

    most: float = 14.0
    least: float = 6.0

    def __post_init__(self) -> None:
        """More bits than 16 a float32 does not tell apart from none being lost."""
        super().__post_init__()
        self.require(self.most <= 16, "most", "give a number up to 16")
        self.require(1 <= self.least <= self.most, "least", "give a number from 1 to most")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``bits``, which need not be whole."""
        return {"bits": self.most - (self.most - self.least) * level}

    def seen(
        self, raw: Raw, rng: np.random.Generator, reference: Rendering, bits: float, **_: Any
    ) -> Raw:
        """Rounds the mosaic."""
        return quantised(raw, bits)

    def jumps(self) -> tuple[float, ...]:
        """Counting with the most bits is rounding, too."""
        return (0.0,)
