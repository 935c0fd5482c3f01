"""Seeded, measured, reproducible drift for image datasets of any size, on Ray Data.

The public names below are loaded when they are first used: ``import raydrift`` itself loads neither
Ray nor torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raydrift.calibrate import CalibrationProfile
    from raydrift.dataset import DriftedDataset
    from raydrift.dataset import open_dataset as open  # noqa: A004  (as zipfile and tarfile do)
    from raydrift.drift import drift_image
    from raydrift.errors import RaydriftError
    from raydrift.generator import ImageDatasetGenerator
    from raydrift.metrics import kl_softmax
    from raydrift.results import BatchSimilarity, ImageDataCategoryInfo
    from raydrift.settings import DriftProfile, ImageTransform, TransformInfo
    from raydrift.transforms import Transform

__all__ = [
    "BatchSimilarity",
    "CalibrationProfile",
    "DriftProfile",
    "DriftedDataset",
    "ImageDataCategoryInfo",
    "ImageDatasetGenerator",
    "ImageTransform",
    "RaydriftError",
    "Transform",
    "TransformInfo",
    "drift_image",
    "kl_softmax",
    "open",
]

_HOMES = {
    "BatchSimilarity": "raydrift.results",
    "CalibrationProfile": "raydrift.calibrate",
    "DriftProfile": "raydrift.settings",
    "DriftedDataset": "raydrift.dataset",
    "ImageDataCategoryInfo": "raydrift.results",
    "ImageDatasetGenerator": "raydrift.generator",
    "ImageTransform": "raydrift.settings",
    "RaydriftError": "raydrift.errors",
    "Transform": "raydrift.transforms",
    "TransformInfo": "raydrift.settings",
    "drift_image": "raydrift.drift",
    "kl_softmax": "raydrift.metrics",
    "open": "raydrift.dataset",
}
_THERE = {"open": "open_dataset"}
"""What is called otherwise there."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'raydrift' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), _THERE.get(name, name))


def __dir__() -> list[str]:
    return sorted(__all__)
