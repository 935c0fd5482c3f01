"""What every process of a training is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from raydrift.embed.weights import Weights
from raydrift.engine.training.pictures import KeptImages
from raydrift.paths import StoragePath
from raydrift.settings.gan_training import GanTraining
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.synthesize import SynthesizeSettings
from raydrift.settings.translate import TranslateSettings
from raydrift.storage.training_record import training_fingerprint

GanSettings = TranslateSettings | SynthesizeSettings


@dataclass(frozen=True)
class TrainingJob:
    """What every process of a training is told.

    Attributes:
        settings: The run's.
        domains: The images that it is trained on.
        output: The folder of the run.
        identity: All that the networks depend on, as plain values.
        weights: Those of the network that measures generated images; None: pixels are measured.
        threads: CPU threads of each process; None: as many as torch takes by itself.
        notes: Plain sentences for the record.
    """

    settings: GanSettings
    domains: tuple[KeptImages, ...]
    output: StoragePath
    identity: Mapping[str, Any]
    weights: Weights | None = None
    threads: int | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def train(self) -> GanTraining:
        """How the networks are trained."""
        return self.settings.train

    @property
    def run(self) -> GenerateSettings:
        """The settings that all runs have."""
        return self.settings.run

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the identity."""
        return training_fingerprint(self.identity)
