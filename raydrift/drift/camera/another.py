"""``isp``."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from raydrift.camera import Rendering
from raydrift.drift.camera.black_level import IspBlackLevel
from raydrift.drift.camera.colour_matrix import IspColourMatrix
from raydrift.drift.camera.demosaic import IspDemosaic
from raydrift.drift.camera.denoise import IspDenoise
from raydrift.drift.camera.exposure import IspExposure
from raydrift.drift.camera.gamma import IspGamma
from raydrift.drift.camera.noise import IspNoise
from raydrift.drift.camera.sharpen import IspSharpen
from raydrift.drift.camera.span import Spans
from raydrift.drift.camera.transform import CameraTransform, Raw
from raydrift.drift.camera.white_balance import IspWhiteBalance
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class Isp(CameraTransform):
    """Another camera: all that the other ``isp`` transforms change but the bits, at one level.

    Attributes:
        black_span: As ``isp_black_level.span``.
        balance_stops: As ``isp_white_balance.stops``.
        matrix_share: As ``isp_colour_matrix.share``.
        gamma_stops: As ``isp_gamma.stops``.
        sharpen_amount: As ``isp_sharpen.amount``.
        denoise_sigma: As ``isp_denoise.sigma``.
        demosaic_chance: How likely another algorithm demosaics at level 1, to 1.
        most_shot: As ``isp_noise.most_shot``.
        least_light: As ``isp_exposure.least_light``.
    """

    name = "isp"
    help = "Takes the picture with another camera: all that isp_… change, but the bits."
    draws = "what they draw; another algorithm with chance L"
    at_level = "each of these at L"

    black_span: float = 0.0625
    balance_stops: float = 0.7
    matrix_share: float = 1.0
    gamma_stops: float = 1.0
    sharpen_amount: float = 3.0
    denoise_sigma: float = 2.0
    demosaic_chance: float = 1.0
    most_shot: float = 0.012
    least_light: float = 0.01

    def __post_init__(self) -> None:
        """A chance is at most 1; the rest is checked as the other transforms' own."""
        super().__post_init__()
        self.require(self.demosaic_chance <= 1, "demosaic_chance", "give a number from 0 to 1")
        least = IspNoise().least_shot
        self.require(
            least <= self.most_shot <= 1, "most_shot", f"give a number from {least:g} to 1"
        )
        some = 0 < self.least_light <= 1
        self.require(some, "least_light", "give a number above 0, up to 1")

    @cached_property
    def parts(self) -> tuple[CameraTransform, ...]:
        """The transforms that it is made of, in the order in which they are drawn."""
        return (
            IspBlackLevel(self.black_span),
            IspWhiteBalance(self.balance_stops),
            IspColourMatrix(self.matrix_share),
            IspGamma(self.gamma_stops),
            IspSharpen(self.sharpen_amount),
            IspDenoise(self.denoise_sigma),
            IspDemosaic(),
            IspExposure(self.least_light),
            IspNoise(most_shot=self.most_shot),
        )

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """What its parts draw; ``demosaic_share`` is 0 or 1."""
        found: dict[str, Any] = {}
        for part in self.parts:
            found |= part.draw(level, rng)
        found["demosaic_share"] = float(rng.uniform() < self.demosaic_chance * level)
        return found

    def spans(self, level: float) -> Spans:
        """Those of its parts; another algorithm demosaics all or nothing, which is a choice."""
        found: dict[str, Any] = {}
        for part in self.parts:
            found |= part.spans(level)
        return {name: span for name, span in found.items() if name != "demosaic_share"}

    def choices(self, level: float) -> Mapping[str, tuple[float, ...]]:
        """Those of its parts, and whether the other algorithm demosaics."""
        found: dict[str, tuple[float, ...]] = {}
        for part in self.parts:
            found |= part.choices(level)
        shares = (0.0, 1.0) if self.demosaic_chance * level > 0 else (0.0,)
        return found | {"demosaic_share": shares}

    def nearest(self, level: float, *_: Any, **parameters: Any) -> Parameters:
        """What is nearest of each of its parts."""
        found: dict[str, Any] = {}
        for part in self.parts:
            if not isinstance(part, IspDemosaic):
                found |= part.nearest(level, **parameters)
        return found

    def developed(self, rendering: Rendering, reference: Rendering, **parameters: Any) -> Rendering:
        """Changes what each of its parts changes."""
        for part in self.parts:
            rendering = part.developed(rendering, reference, **parameters)
        return rendering

    def seen(
        self, raw: Raw, rng: np.random.Generator, reference: Rendering, *_: Any, **parameters: Any
    ) -> Raw:
        """Less light first, then noise."""
        for part in self.parts:
            raw = part.seen(raw, rng, reference, **parameters)
        return raw

    def jumps(self) -> tuple[float, ...]:
        """The least noise is there at once."""
        return (0.0,)
