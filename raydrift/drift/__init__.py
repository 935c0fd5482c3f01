"""What a drift does to pixels: draw its parameters, then apply them."""

from raydrift.drift.chain import apply, apply_chain, drift_image
from raydrift.drift.draw import Drawn, draw
from raydrift.settings import DriftProfile, ImageTransform, TransformInfo

__all__ = [
    "Drawn",
    "DriftProfile",
    "ImageTransform",
    "TransformInfo",
    "apply",
    "apply_chain",
    "draw",
    "drift_image",
]
