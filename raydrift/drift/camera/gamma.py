"""``isp_gamma``."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raydrift.camera import Rendering
from raydrift.drift.camera.span import Span, Spans
from raydrift.drift.camera.transform import CameraTransform
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class IspGamma(CameraTransform):
    """Another tone curve.

    Attributes:
        stops: The most stops by which gamma is larger or smaller: 1 doubles or halves it.
    """

    name = "isp_gamma"
    help = "Applies another tone curve: midtones turn bright and flat, or dark."
    draws = "u from -1 to 1"
    at_level = "gamma × 2^({stops:g}·L·u)"

    stops: float = 1.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``gamma``, by which the reference's is multiplied."""
        return {"gamma": 2.0 ** float(rng.uniform(-self.stops * level, self.stops * level))}

    def spans(self, level: float) -> Spans:
        """As many stops down as up."""
        return {"gamma": Span(2.0 ** (-self.stops * level), 2.0 ** (self.stops * level))}

    def developed(
        self, rendering: Rendering, reference: Rendering, gamma: float, **_: Any
    ) -> Rendering:
        """Multiplies gamma."""
        return replace(rendering, gamma=rendering.gamma * gamma)
