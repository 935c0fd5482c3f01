"""``isp_black_level``."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raydrift.camera import Rendering
from raydrift.drift.camera.span import Span, Spans
from raydrift.drift.camera.transform import CameraTransform
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class IspBlackLevel(CameraTransform):
    """Takes off more or less than what the sensor gives without light.

    Attributes:
        span: The most that the level is off, of the full scale. 0.0625 is the whole black level
            of a common sensor.
    """

    name = "isp_black_level"
    help = "Takes a wrong black level off: shadows turn grey, or are crushed."
    draws = "u from -1 to 1"
    at_level = "black level + {span:g}·L·u of the full scale"

    span: float = 0.0625

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``black``: what is added to the black level, of the full scale."""
        return {"black": float(rng.uniform(*self.spans(level)["black"]))}

    def spans(self, level: float) -> Spans:
        """As far below as above."""
        return {"black": Span(-self.span * level, self.span * level)}

    def developed(
        self, rendering: Rendering, reference: Rendering, black: float, **_: Any
    ) -> Rendering:
        """Adds it to the level of each place."""
        first, second, third, fourth = (one + black for one in rendering.black_level)
        return replace(rendering, black_level=(first, second, third, fourth))
