"""What a drift does to pixels: draw its parameters, then apply them."""

from raydrift.drift.blending import TwinTransform
from raydrift.drift.chain import apply_chain, drift_image, drift_sample, replay_sample
from raydrift.drift.moving import MovingTransform
from raydrift.drift.sampled import SampledTransform, sample

__all__ = [
    "MovingTransform",
    "SampledTransform",
    "TwinTransform",
    "apply_chain",
    "drift_image",
    "drift_sample",
    "replay_sample",
    "sample",
]
