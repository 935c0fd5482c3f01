"""Demosaicing: the two colours that each pixel has not seen, from its neighbours."""

from collections.abc import Callable
from typing import Final

from raydrift.camera.cfa import CFA
from raydrift.camera.demosaic.bilinear import bilinear
from raydrift.camera.demosaic.malvar import malvar
from raydrift.camera.demosaic.menon import menon
from raydrift.camera.planes import Plane, Planes
from raydrift.camera.views import Demosaicer

__all__ = ["DEMOSAICERS", "bilinear", "demosaic", "malvar", "menon"]

DEMOSAICERS: Final[dict[Demosaicer, Callable[[Plane, CFA, bool], Planes]]] = {
    Demosaicer.BILINEAR: bilinear,
    Demosaicer.MALVAR: malvar,
    Demosaicer.MENON: menon,
}


def demosaic(
    mosaic: Plane, demosaicer: Demosaicer, cfa: CFA = CFA.RGGB, compat: bool = False
) -> Planes:
    """Finds red, green and blue of each pixel.

    Args:
        mosaic: float32 or float64, (height, width), at least 2 × 2.
        demosaicer: Which algorithm.
        cfa: The pattern of the mosaic.
        compat: With the borders of the published pipeline, where colours bleed.

    Returns:
        Planes (3, height, width) of the mosaic's dtype; what a pixel has seen is as it was.
    """
    return DEMOSAICERS[demosaicer](mosaic, cfa, compat)
