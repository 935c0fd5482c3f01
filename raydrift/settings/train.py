"""A network that is trained on the pictures of a view."""

from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from raydrift.checked import at_least, check_types, choose, require
from raydrift.errors import SettingsError
from raydrift.settings.image import ImageSettings
from raydrift.settings.task import IMAGENET, Channels, plain_channels, written_channels

CLASSIFIERS: Final = ("resnet18", "resnet34")
"""Networks that tell classes apart; they are trained by cross entropy."""

SEGMENTERS: Final = ("unet", "unetplusplus")
"""Networks that tell the foreground of a mask apart; they are trained by the Dice loss."""

NETWORKS: Final = CLASSIFIERS + SEGMENTERS
AUGMENTATIONS: Final = ("none", "weak", "strong")

TITLES: Final = {
    "resnet18": "ResNet18",
    "resnet34": "ResNet34",
    "unet": "U-Net",
    "unetplusplus": "U-Net++",
}
"""What the networks are called in texts."""

_STEP: Final = 32
"""Pixels that become one in the deepest layer of all of these networks."""


@dataclass(frozen=True)
class TrainSettings:
    """A network that is trained on the pictures of each view, and how.

    The optimiser is Adam without weight decay, as published. Published are 100 epochs, a learning
    rate of 1e-5 and batches of 4.

    Attributes:
        network: ``resnet18`` or ``resnet34``, trained by cross entropy on classes; ``unet`` or
            ``unetplusplus``, with the encoder of a ResNet34, trained by the Dice loss on masks.
        epochs: How often it sees each image.
        lr: The learning rate, above 0.
        batch_size: Images a step, at least 2: batch normalisation has nothing to go by in one.
        augmentation: ``none``; ``weak``, flips and quarter turns; ``strong``, flips, turns by up
            to 90 degrees, noise and a little blur.
        weights: What it begins with: ``random``, ``imagenet``, or the path or URI of torchvision's
            state dict of the network, for the U-Nets of a ResNet34. The last layer is drawn.
        normalize: What is done to pixels from 0 to 1, as ``TaskSettings.normalize``.
        keep_models: Whether the networks are kept, in ``models/``.

    >>> TrainSettings("unet", lr=1e-5).title
    'U-Net'
    """

    network: str
    epochs: int = 30
    lr: float = 1e-3
    batch_size: int = 32
    augmentation: str = "none"
    weights: str = "random"
    normalize: str | tuple[Channels, Channels] = "none"
    keep_models: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "normalize", plain_channels(self.normalize, "train.normalize"))
        check_types(self, "train.")
        choose("train.network", self.network, NETWORKS)
        at_least(1, "train.epochs", self.epochs)
        require(isfinite(self.lr) and self.lr > 0, "train.lr", self.lr, "give a number above 0")
        wanted = "give at least 2: batch normalisation has nothing to go by in one image"
        require(self.batch_size >= 2, "train.batch_size", self.batch_size, wanted)
        choose("train.augmentation", self.augmentation, AUGMENTATIONS)
        wanted = "give random, imagenet or the path of a state dict"
        require(bool(self.weights), "train.weights", self.weights, wanted)

    @property
    def has_masks(self) -> bool:
        """Whether it learns masks, not classes."""
        return self.network in SEGMENTERS

    @property
    def title(self) -> str:
        """What the network is called in texts."""
        return TITLES[self.network]

    @property
    def model_suffix(self) -> str:
        """How the name of a network that is kept ends: a state dict's, or a program's."""
        return ".pt2" if self.has_masks else ".pt"

    @property
    def channels(self) -> tuple[Channels, Channels] | None:
        """Means and standard deviations; None: pixels stay as they are."""
        if self.normalize == "imagenet":
            return IMAGENET
        return None if isinstance(self.normalize, str) else self.normalize

    def identity(self, digest: str) -> dict[str, Any]:
        """All that what it gets right depends on, as plain values.

        Args:
            digest: Of the weights that it begins with.
        """
        return {
            "network": self.network,
            "epochs": self.epochs,
            "lr": self.lr,
            "batch_size": self.batch_size,
            "augmentation": self.augmentation,
            "weights": digest,
            "normalize": written_channels(self.normalize),
        }

    def check_size(self, image: ImageSettings) -> None:
        """Makes sure that the network can see images of this size.

        Raises:
            SettingsError: They are too small, or of a size that a U-Net cannot halve five times.
        """
        sides = {"height": image.height, "width": image.width}
        for name, side in sides.items():
            if side < _STEP:
                raise SettingsError(
                    f"image.{name} is {side}: {self.title} needs at least {_STEP} pixels: "
                    "give a larger --image-size"
                )
            if self.has_masks and side % _STEP:
                raise SettingsError(
                    f"image.{name} is {side}: {self.title} halves it five times: "
                    f"give a multiple of {_STEP}, as {side // _STEP * _STEP}"
                )
