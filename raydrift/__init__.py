"""Seeded, measured, reproducible drift for image datasets of any size, on Ray Data.

The public names below are loaded when they are first used: ``import raydrift`` itself loads neither
Ray nor torch.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raydrift.calibrate import CalibrationProfile
    from raydrift.dataset import (
        DriftedDataset,
        DriftedSample,
        ImageDataCategoryInfo,
    )
    from raydrift.dataset import open_dataset as open  # noqa: A004  (as zipfile and tarfile do)
    from raydrift.drift import MovingTransform, SampledTransform, drift_image, drift_sample
    from raydrift.errors import (
        CatalogError,
        LockedError,
        OutputError,
        PipelineError,
        RaydriftError,
        RejectedError,
        ResourcesError,
        SettingsError,
        ShardError,
        TaskError,
        TrackingError,
        WeightsError,
    )
    from raydrift.exports.export import export
    from raydrift.generated_sets import synthesize, translate
    from raydrift.generator import ImageDatasetGenerator
    from raydrift.images.batch import DriftedBatch
    from raydrift.images.pixels import ColourSpace, Sample
    from raydrift.metrics import METRICS, kl_softmax
    from raydrift.metrics.batch_divergence import BatchDivergence
    from raydrift.model_runs import adjust, forensics, track
    from raydrift.paths.s3_options import S3Options
    from raydrift.schedules.drift import Drift
    from raydrift.schedules.label_shift import LabelShift
    from raydrift.settings.catalog import CatalogSettings
    from raydrift.settings.cluster import ClusterSettings
    from raydrift.settings.forensics import SearchSettings
    from raydrift.settings.mlflow import MlflowSettings
    from raydrift.settings.output import FaultSettings
    from raydrift.settings.raw import RawSettings
    from raydrift.settings.synthesize import StyleGanSettings, SynthesizeTraining
    from raydrift.settings.task import TaskSettings
    from raydrift.settings.train import TrainSettings
    from raydrift.settings.translate import CycleGanSettings, TranslateTraining
    from raydrift.settings.validate import ValidateSettings
    from raydrift.transforms import DriftProfile, ImageTransform, Transform, TransformInfo
    from raydrift.view_sets import matrix, views

    __version__: str

__all__ = [
    "METRICS",
    "BatchDivergence",
    "CalibrationProfile",
    "CatalogError",
    "CatalogSettings",
    "ClusterSettings",
    "ColourSpace",
    "CycleGanSettings",
    "Drift",
    "DriftProfile",
    "DriftedBatch",
    "DriftedDataset",
    "DriftedSample",
    "FaultSettings",
    "ImageDataCategoryInfo",
    "ImageDatasetGenerator",
    "ImageTransform",
    "LabelShift",
    "LockedError",
    "MlflowSettings",
    "MovingTransform",
    "OutputError",
    "PipelineError",
    "RawSettings",
    "RaydriftError",
    "RejectedError",
    "ResourcesError",
    "S3Options",
    "Sample",
    "SampledTransform",
    "SearchSettings",
    "SettingsError",
    "ShardError",
    "StyleGanSettings",
    "SynthesizeTraining",
    "TaskError",
    "TaskSettings",
    "TrackingError",
    "TrainSettings",
    "Transform",
    "TransformInfo",
    "TranslateTraining",
    "ValidateSettings",
    "WeightsError",
    "__version__",
    "adjust",
    "drift_image",
    "drift_sample",
    "export",
    "forensics",
    "kl_softmax",
    "matrix",
    "open",
    "synthesize",
    "track",
    "translate",
    "views",
]

_HOMES = {
    "raydrift.calibrate": ("CalibrationProfile",),
    "raydrift.dataset": (
        "DriftedDataset",
        "DriftedSample",
        "ImageDataCategoryInfo",
        "open",
    ),
    "raydrift.drift": ("MovingTransform", "SampledTransform", "drift_image", "drift_sample"),
    "raydrift.errors": (
        "CatalogError",
        "LockedError",
        "OutputError",
        "PipelineError",
        "RaydriftError",
        "RejectedError",
        "ResourcesError",
        "SettingsError",
        "ShardError",
        "TaskError",
        "TrackingError",
        "WeightsError",
    ),
    "raydrift.generated_sets": ("synthesize", "translate"),
    "raydrift.exports.export": ("export",),
    "raydrift.generator": ("ImageDatasetGenerator",),
    "raydrift.images.pixels": ("ColourSpace", "Sample"),
    "raydrift.images.batch": ("DriftedBatch",),
    "raydrift.metrics": ("METRICS", "kl_softmax"),
    "raydrift.metrics.batch_divergence": ("BatchDivergence",),
    "raydrift.model_runs": ("adjust", "forensics", "track"),
    "raydrift.paths.s3_options": ("S3Options",),
    "raydrift.schedules.drift": ("Drift",),
    "raydrift.schedules.label_shift": ("LabelShift",),
    "raydrift.settings": (
        "CatalogSettings",
        "ClusterSettings",
        "CycleGanSettings",
        "FaultSettings",
        "MlflowSettings",
        "RawSettings",
        "SearchSettings",
        "StyleGanSettings",
        "SynthesizeTraining",
        "TaskSettings",
        "TrainSettings",
        "TranslateTraining",
        "ValidateSettings",
    ),
    "raydrift.view_sets": ("matrix", "views"),
    "raydrift.transforms": ("DriftProfile", "ImageTransform", "Transform", "TransformInfo"),
}
_THERE = {"open": "open_dataset"}
"""What is called otherwise there."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("raydrift")
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), _THERE.get(name, name))
    raise AttributeError(f"module 'raydrift' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
