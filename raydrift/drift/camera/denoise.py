"""``isp_denoise``."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raydrift.camera import Rendering
from raydrift.drift.camera.span import Span, Spans
from raydrift.drift.camera.transform import CameraTransform
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class IspDenoise(CameraTransform):
    """Smooths the luma, as a camera does that fears noise; colours keep their edges.

    Attributes:
        sigma: Standard deviation of the Gaussian x·L, pixels.
    """

    name = "isp_denoise"
    help = "Smooths away noise, and textures with it."
    at_level = "Y averaged by a Gaussian of sigma {sigma:g}·L pixels"

    sigma: float = 2.0

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``denoise``, the sigma in pixels."""
        return {"denoise": self.spans(level)["denoise"].most}

    def spans(self, level: float) -> Spans:
        """From none on."""
        return {"denoise": Span(0.0, self.sigma * level)}

    def developed(
        self, rendering: Rendering, reference: Rendering, denoise: float, **_: Any
    ) -> Rendering:
        """Adds its variance to the Gaussian's."""
        before = rendering.denoise_sigma
        # By itself where it is alone: the root has no slope at 0.
        both = (before**2 + denoise**2) ** 0.5 if before else denoise
        return replace(rendering, denoise_sigma=both)
