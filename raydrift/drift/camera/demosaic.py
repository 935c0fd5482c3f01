"""``isp_demosaic``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from raydrift.camera import Demosaicer, Rendering
from raydrift.drift.camera.span import Span, Spans
from raydrift.drift.camera.transform import CameraTransform
from raydrift.transforms import Parameters

_OTHERS: Final = len(Demosaicer) - 1


@dataclass(frozen=True)
class IspDemosaic(CameraTransform):
    """Finds the colours of each pixel by another algorithm than the reference.

    Attributes:
        share: At level 1, how much of the other algorithm's result there is: 1 is all of it.
    """

    name = "isp_demosaic"
    help = "Demosaics by another algorithm: edges turn crisp, with dots and coloured fringes."
    draws = "one of the 2 other algorithms"
    at_level = "(1 - {share:g}·L) × the reference + {share:g}·L × the other"

    share: float = 1.0

    def __post_init__(self) -> None:
        """There is no more than all of it."""
        super().__post_init__()
        self.require(self.share <= 1, "share", "give a number from 0 to 1")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``other``, 0 or 1: the first or second of the others, of bi, ma, me; and its share."""
        share = self.spans(level)["demosaic_share"].most
        return {"other": int(rng.integers(_OTHERS)), "demosaic_share": share}

    def spans(self, level: float) -> Spans:
        """From none of the other one on."""
        return {"demosaic_share": Span(0.0, self.share * level)}

    def choices(self, level: float) -> Mapping[str, tuple[float, ...]]:
        """Which other one it is."""
        return {"other": tuple(range(_OTHERS))}

    def developed(
        self,
        rendering: Rendering,
        reference: Rendering,
        other: int,
        demosaic_share: float,
        **_: Any,
    ) -> Rendering:
        """Blends the reference's with the other one; the last of several counts."""
        others = [one for one in Demosaicer if one != reference.demosaicer]
        return replace(
            rendering,
            demosaicer=others[int(other)],
            demosaic_share=demosaic_share,
            other_demosaicer=reference.demosaicer,
        )
