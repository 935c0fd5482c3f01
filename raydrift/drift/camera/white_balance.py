"""``isp_white_balance``."""

from dataclasses import dataclass, replace
from math import log2
from typing import Any, Final

import numpy as np

from raydrift.camera import Rendering
from raydrift.drift.camera.span import Span, Spans
from raydrift.drift.camera.transform import CameraTransform
from raydrift.transforms import Parameters

_DARKEST: Final = 2.0**-30


@dataclass(frozen=True)
class IspWhiteBalance(CameraTransform):
    """Balances for another light, between warmer and colder.

    Attributes:
        stops: The most stops that red is brighter and blue darker, or the other way round. From
            sun to tungsten is about 0.7.
    """

    name = "isp_white_balance"
    help = "Balances for another light: pictures turn red or blue."
    draws = "u from -1 to 1"
    at_level = "red × 2^({stops:g}·L·u), blue × 2^(-{stops:g}·L·u)"

    stops: float = 0.7

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``gain_r`` and ``gain_b``, by which the gains of red and blue are multiplied."""
        return _gains(float(rng.uniform(-self.stops * level, self.stops * level)))

    def spans(self, level: float) -> Spans:
        """Of each gain by itself; ``nearest`` knows that one falls as the other rises."""
        most = self.stops * level
        span = Span(2.0**-most, 2.0**most)
        return {"gain_r": span, "gain_b": span}

    def nearest(self, level: float, *_: Any, gain_r: float, gain_b: float, **__: Any) -> Parameters:
        """Those gains of which one is 1 by the other; distances are in stops."""
        red, blue = (log2(max(gain, _DARKEST)) for gain in (gain_r, gain_b))
        most = self.stops * level
        return _gains(Span(-most, most).nearest((red - blue) / 2))

    def developed(
        self, rendering: Rendering, reference: Rendering, gain_r: float, gain_b: float, **_: Any
    ) -> Rendering:
        """Multiplies the gains."""
        red, green, blue = rendering.white_balance
        return replace(rendering, white_balance=(red * gain_r, green, blue * gain_b))


def _gains(stops: float) -> Parameters:
    return {"gain_r": 2.0**stops, "gain_b": 2.0**-stops}
