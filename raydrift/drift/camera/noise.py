"""``isp_noise``."""

from dataclasses import dataclass
from math import exp, log
from typing import Any

import numpy as np

from raydrift.camera import Rendering, SensorNoise, noisy
from raydrift.drift.camera.transform import CameraTransform, Raw
from raydrift.drift.normals import normals
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class IspNoise(CameraTransform):
    """Noise of the sensor before development: of the light that is counted, and of reading it.

    The pair lies on the line that Brooks et al., "Unprocessing Images for Learned Raw Denoising"
    (CVPR 2019) found for real sensors.

    Attributes:
        least_shot: Shot noise just above level 0: variance for each unit of signal.
        most_shot: At level 1.
    """

    name = "isp_noise"
    help = "Adds a sensor's noise: coarse in shadows, coloured, smeared by demosaicing."
    draws = "a normal n a pixel of the mosaic"
    at_level = "variance s·x + r in the mosaic, s from {least_shot:g} to {most_shot:g}"
    place = 1

    least_shot: float = 1e-4
    most_shot: float = 0.012

    def __post_init__(self) -> None:
        """A logarithm is taken of both."""
        super().__post_init__()
        self.require(self.least_shot > 0, "least_shot", "give a number above 0")
        ordered = self.least_shot <= self.most_shot <= 1
        self.require(ordered, "most_shot", "give a number from least_shot to 1")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``shot`` and ``read``: the variance is shot · signal + read."""
        shot = self.least_shot * (self.most_shot / self.least_shot) ** level
        return {"shot": shot, "read": exp(2.18 * log(shot) + 1.2)}

    def seen(
        self,
        raw: Raw,
        rng: np.random.Generator,
        reference: Rendering,
        shot: float,
        read: float,
        **_: Any,
    ) -> Raw:
        """Adds the noise."""
        return noisy(raw, SensorNoise(shot, read), normals(rng, raw.shape), reference.black_level)

    def jumps(self) -> tuple[float, ...]:
        """The least noise is there at once."""
        return (0.0,)
