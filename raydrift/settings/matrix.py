"""What is learned on one view and tested on another."""

from dataclasses import dataclass, replace
from typing import Final

from raydrift.checked import require
from raydrift.errors import SettingsError
from raydrift.settings.corruptions import severities
from raydrift.settings.mlflow import MlflowSettings
from raydrift.settings.train import TrainSettings
from raydrift.settings.views import ViewsSettings

NONE: Final = "none"
"""In the place of a metric: no divergence is measured."""


@dataclass(frozen=True)
class MatrixSettings(ViewsSettings):
    """One matrix: every view against every other one.

    Attributes:
        splits: How often the files are split in two parts, one to learn from, one to test on.
        train_size: The share of the files that is learned from, above 0 and below 1.
        divergence: A name in ``metrics.METRICS``, or ``none``.
        corruptions: The severities, from 1 to 5, at which each model is also tested on its own view
            under each of ``drift.corruptions.CORRUPTIONS``; none: it is not.
        train: The network that learns from each view; None: a probe on embeddings.
        mlflow: Where what was found is tracked; None: nowhere.

    Raises:
        SettingsError: As for ``ViewsSettings``; or there is one view only, or fewer than two
            splits, or no share of the files for one of the parts, or no such severity, or the
            images are too small for the network.
    """

    splits: int = 5
    train_size: float = 0.8
    divergence: str = "kl_softmax"
    corruptions: tuple[int, ...] = ()
    train: TrainSettings | None = None
    mlflow: MlflowSettings | None = None

    def __post_init__(self) -> None:
        """Whether embeddings are asked for makes no difference: they are always made."""
        embedding = replace(self.run.embedding, compute=False)
        object.__setattr__(self, "run", replace(self.run, embedding=embedding))
        object.__setattr__(self, "corruptions", severities(self.corruptions))
        super().__post_init__()
        if len(self.views) < 2:
            raise SettingsError(
                f"views is {self.views[0]} alone: a matrix compares views: give another one too"
            )
        wanted = "give at least 2: of one there is no standard deviation"
        require(self.splits >= 2, "splits", self.splits, wanted)
        wanted = "give a share between 0 and 1, as 0.8"
        require(0 < self.train_size < 1, "train_size", self.train_size, wanted)
        require(bool(self.divergence), "divergence", self.divergence, "give a metric, or none")
        if self.train is not None:
            self.train.check_size(self.run.image)
