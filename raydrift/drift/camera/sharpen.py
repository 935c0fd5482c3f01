"""``isp_sharpen``."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raydrift.camera import Rendering
from raydrift.drift.camera.span import Span, Spans
from raydrift.drift.camera.transform import CameraTransform
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class IspSharpen(CameraTransform):
    """Sharpens the luma in linear light, as a firmware that wants crisp pictures does.

    Attributes:
        amount: How much of what a Gaussian of sigma 1 takes away is added at level 1.
    """

    name = "isp_sharpen"
    help = "Sharpens: edges get halos, noise grows."
    at_level = "Y + {amount:g}·L·(Y - Y blurred by sigma 1), Y in linear light"

    amount: float = 3.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``sharpen``, the amount."""
        return {"sharpen": self.spans(level)["sharpen"].most}

    def spans(self, level: float) -> Spans:
        """From none on."""
        return {"sharpen": Span(0.0, self.amount * level)}

    def developed(
        self, rendering: Rendering, reference: Rendering, sharpen: float, **_: Any
    ) -> Rendering:
        """Adds it to the amount of the unsharp mask."""
        return replace(rendering, unsharp_amount=rendering.unsharp_amount + sharpen)
