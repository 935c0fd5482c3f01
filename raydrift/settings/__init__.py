"""Everything that can be set, with its default, in frozen dataclasses.

The command line's flags, a TOML file and the Python API all end here, and what cannot be is refused
here, once.
"""

from raydrift.settings.adjust import AdjustSettings
from raydrift.settings.catalog import CatalogSettings
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.experiment import CalibrateSettings, EvaluateSettings
from raydrift.settings.forensics import ForensicsSettings, SearchSettings
from raydrift.settings.generate import FIRST_TIMESTAMP, CalibrationSettings, GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.matrix import MatrixSettings
from raydrift.settings.mlflow import MlflowSettings
from raydrift.settings.output import FaultSettings, OutputSettings
from raydrift.settings.raw import RawSettings
from raydrift.settings.sweep import Sweep
from raydrift.settings.synthesize import (
    StyleGanSettings,
    SynthesizeSettings,
    SynthesizeTraining,
)
from raydrift.settings.task import TaskSettings
from raydrift.settings.train import TrainSettings
from raydrift.settings.translate import CycleGanSettings, TranslateSettings, TranslateTraining
from raydrift.settings.validate import ValidateSettings
from raydrift.settings.views import ViewsSettings

__all__ = [
    "FIRST_TIMESTAMP",
    "AdjustSettings",
    "CalibrateSettings",
    "CalibrationSettings",
    "CatalogSettings",
    "ClusterSettings",
    "CycleGanSettings",
    "EmbeddingSettings",
    "EvaluateSettings",
    "FaultSettings",
    "ForensicsSettings",
    "GenerateSettings",
    "ImageSettings",
    "MatrixSettings",
    "MlflowSettings",
    "OutputSettings",
    "RawSettings",
    "SearchSettings",
    "StyleGanSettings",
    "Sweep",
    "SynthesizeSettings",
    "SynthesizeTraining",
    "TaskSettings",
    "TrainSettings",
    "TranslateSettings",
    "TranslateTraining",
    "ValidateSettings",
    "ViewsSettings",
]
