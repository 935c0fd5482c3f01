"""A camera and a model that learn together."""

from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from raydrift.checked import at_least, check_types, choose, require
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.mlflow import MlflowSettings
from raydrift.settings.raw import HALF
from raydrift.settings.task import TaskSettings
from raydrift.settings.train import AUGMENTATIONS

ALL: Final = "all"
LAST: Final = "last"
NOTHING: Final = "none"

PARAMETRIZED: Final = "parametrized"
NETWORK: Final = "neural_network"
NO_PROCESSOR: Final = "none"
PROCESSORS: Final = (PARAMETRIZED, NETWORK, NO_PROCESSOR)
"""What makes pictures of mosaics, by the published names."""

_MULTIPLE: Final = 16
"""Height and width of a mosaic, for a network of three steps on half-size pictures."""

_MOST_STAGED: Final = 100


@dataclass(frozen=True)
class AdjustSettings:
    """One adjustment: the camera and the model learn together, against the model alone.

    Images drift as the settings of the run say, and are undone to the mosaics of its reference
    camera. A camera of 132 numbers (``camera.differentiable.Parametrised``) develops them for the
    model. In one training its numbers learn with the model, in the other they stay.

    Raw files are mosaics, of ``image.height`` rows and ``image.width`` columns, and their camera
    is the one that learns. What drifts is the sensor: ``isp_exposure``, ``isp_noise``,
    ``isp_bits``, or nothing.

    Attributes:
        run: The images, their drift and the workers, as for a run that writes.
        task: The user's model, a program or a state dict; its ``batch_size`` and ``drop`` are not
            used.
        splits: How often the files are split in two parts, one to learn from, one to test on.
        train_size: The share of the files that is learned from, above 0 and below 1.
        epochs: How often each image is seen.
        lr: The learning rate of the model, above 0.
        camera_lr: That of the camera; None: the model's.
        batch_size: Images a step, at least 2.
        augmentation: What is done to developed pictures, as of ``TrainSettings``.
        learn: ``all`` of the model, its ``last`` layer, or ``none`` of it: the camera alone learns.
        batch_norm: Whether the camera ends with a batch normalisation, as published.
        processor: What learns in the place of that camera: ``parametrized`` is it;
            ``neural_network`` makes half-size pictures of the mosaics and sends them through a
            UNet++ and a batch normalisation; ``none`` leaves half-size pictures as they are. The
            training that it is held against has the camera in any case.
        stages: Of how many test images of the first split the stages of the camera are kept, with
            their gradients, and of classes the predictions about all test images; at most 100.
        weight_decay: How strongly Adam draws the model's numbers to 0; the camera's stay free.
        mlflow: Where what was found is tracked; None: nowhere.

    Raises:
        SettingsError: (a ``ValueError``) One of them cannot be.
    """

    run: GenerateSettings
    task: TaskSettings
    splits: int = 5
    train_size: float = 0.8
    epochs: int = 30
    lr: float = 1e-4
    camera_lr: float | None = None
    batch_size: int = 32
    augmentation: str = "none"
    learn: str = ALL
    batch_norm: bool = False
    processor: str = PARAMETRIZED
    stages: int = 0
    weight_decay: float = 0.0
    mlflow: MlflowSettings | None = None

    def __post_init__(self) -> None:
        self.run.check_no_copies()
        check_types(self, leave=("run", "task"))
        for name in ("splits", "epochs"):
            at_least(1, name, getattr(self, name))
        wanted = "give a share between 0 and 1, as 0.8"
        require(0 < self.train_size < 1, "train_size", self.train_size, wanted)
        for name in ("lr", "camera_lr"):
            rate = getattr(self, name)
            ok = rate is None or (isfinite(rate) and rate > 0)
            require(ok, name, rate, "give a number above 0")
        ok = isfinite(self.weight_decay) and self.weight_decay >= 0
        require(ok, "weight_decay", self.weight_decay, "give 0 or more")
        wanted = "give at least 2: batch normalisation has nothing to go by in one image"
        require(self.batch_size >= 2, "batch_size", self.batch_size, wanted)
        choose("augmentation", self.augmentation, AUGMENTATIONS)
        choose("learn", self.learn, (ALL, LAST, NOTHING))
        ok = 0 <= self.stages <= _MOST_STAGED
        require(ok, "stages", self.stages, f"give at most {_MOST_STAGED} images, or 0")
        choose("processor", self.processor, PROCESSORS)
        sides, raw = (self.run.image.height, self.run.image.width), self.run.raw
        size = "{} x {}".format(*sides)
        ok = self.processor != NETWORK or not any(side % _MULTIPLE for side in sides)
        remedy = f"with processor {NETWORK!r} height and width are multiples of {_MULTIPLE}"
        require(ok, "image", size, remedy)
        ok = (self.learn, self.processor) != (NOTHING, NO_PROCESSOR)
        remedy = 'with processor "none" nothing is left to learn: give "all" or "last"'
        require(ok, "learn", self.learn, remedy)
        if raw is not None:
            remedy = 'a camera learns from whole mosaics: give "full" or "tile"'
            require(raw.read != HALF, "raw.read", raw.read, remedy)
            ok = not raw.is_tiled or sides == (raw.tile, raw.tile)
            remedy = f"tiles are not resized: set image.height and image.width to {raw.tile}"
            require(ok, "image", size, remedy)

    @property
    def rates(self) -> tuple[float, float]:
        """The learning rates of the model and of the camera."""
        return self.lr, self.lr if self.camera_lr is None else self.camera_lr

    def identity(self, digest: str) -> dict[str, Any]:
        """All that what is learned depends on beside the images, as plain values.

        Args:
            digest: Of the model.
        """
        names = (
            "splits", "train_size", "epochs", "batch_size", "augmentation", "learn", "batch_norm",
            "weight_decay", "processor", "stages",
        )  # fmt: skip
        plain = {name: getattr(self, name) for name in names}
        model = {"model": digest, "normalize": self.task.written_normalize}
        return {**plain, "rates": list(self.rates), "task": model | {"ignore": self.task.ignore}}
