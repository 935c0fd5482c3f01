"""A run that makes one domain look like another, with CycleGAN."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Final, Literal

from raydrift.checked import as_written, at_least, check_disjoint, check_types, choose, require
from raydrift.errors import SettingsError
from raydrift.settings.gan_training import AUTO, GanTraining, check_rate, check_resume
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.validate import ValidateSettings

TO_TARGET: Final = "to_target"
TO_SOURCE: Final = "to_source"
DIRECTIONS: Final = (TO_TARGET, TO_SOURCE)

_STEP: Final = 4  # pixels of the image that are one inside of the generator
_LEAST: Final = 32
_MANY_BLOCKS_FROM: Final = 256


@dataclass(frozen=True)
class CycleGanSettings:
    """The networks of a CycleGAN and their losses (Zhu et al. 2017).

    Attributes:
        blocks: Residual blocks of a generator; ``auto``: 9 from 256 pixels, 6 below.
        width: Channels of a generator's first layer.
        discriminator_width: Channels of a discriminator's first layer.
        discriminator_layers: Its strided layers, 1 to 3: 3 see patches of 70 x 70 pixels.
        lambda_cycle: The weight of the cycle loss.
        lambda_identity: The weight of the identity loss, as a share of ``lambda_cycle``.
        pool: Generated images a domain that the discriminators are shown again.
        decay: The share of the steps, at the end, in which the rates fall to 0.
    """

    blocks: int | Literal["auto"] = "auto"
    width: int = 64
    discriminator_width: int = 64
    discriminator_layers: int = 3
    lambda_cycle: float = 10.0
    lambda_identity: float = 0.5
    pool: int = 50
    decay: float = 0.5

    def __post_init__(self) -> None:
        check_types(self, "cyclegan.", leave=("blocks",))
        ok = self.blocks == AUTO or (isinstance(self.blocks, int) and self.blocks >= 1)
        require(ok, "cyclegan.blocks", self.blocks, 'give "auto" or at least 1')
        for name in ("width", "discriminator_width", "discriminator_layers"):
            at_least(1, f"cyclegan.{name}", getattr(self, name))
        layers = self.discriminator_layers
        require(layers <= 3, "cyclegan.discriminator_layers", layers, "give 1, 2 or 3")
        at_least(0, "cyclegan.pool", self.pool)
        for name in ("lambda_cycle", "lambda_identity"):
            value = getattr(self, name)
            ok = isfinite(value) and value >= 0
            require(ok, f"cyclegan.{name}", value, "give a number of at least 0")
        require(0 <= self.decay <= 1, "cyclegan.decay", self.decay, "give a share from 0 to 1")

    def blocks_at(self, image: ImageSettings) -> int:
        """Residual blocks for images of a size."""
        if self.blocks != AUTO:
            return int(self.blocks)
        return 9 if min(image.height, image.width) >= _MANY_BLOCKS_FROM else 6


@dataclass(frozen=True)
class TranslateTraining(GanTraining):
    """How a CycleGAN is trained.

    Attributes:
        epochs: An epoch is as many pairs as the larger domain has images.
        generator_rate: Adam's learning rate of both generators.
        discriminator_rate: Of both discriminators.
    """

    epochs: int = 100
    generator_rate: float = 1e-4
    discriminator_rate: float = 1e-4

    def __post_init__(self) -> None:
        check_types(self, "train.", leave=("workers",))
        self.check()
        at_least(1, "train.epochs", self.epochs)
        check_rate("train.generator_rate", self.generator_rate)
        check_rate("train.discriminator_rate", self.discriminator_rate)


@dataclass(frozen=True)
class TranslateSettings:
    """One run that translates images.

    Attributes:
        run: The images to translate, the output and the workers, as for a run that drifts.
        to: The other domain: a folder or a manifest. None: ``model`` is given.
        model: An earlier run's folder or its ``generator.safetensors``: nothing is trained.
        direction: ``to_target``, or with a model ``to_source``: the images are of the other domain.
        channels: 3, or 1 for grey images.
        train: How the networks are trained.
        cyclegan: The networks.
        validate: The checks of the input.

    Raises:
        SettingsError: Neither or both of ``to`` and ``model`` are given; drift is asked for; the
            size cannot be.
    """

    run: GenerateSettings
    to: str | None = None
    model: str | None = None
    direction: str = TO_TARGET
    channels: int = 3
    train: TranslateTraining = field(default_factory=TranslateTraining)
    cyclegan: CycleGanSettings = field(default_factory=CycleGanSettings)
    validate: ValidateSettings = field(default_factory=ValidateSettings)

    def __post_init__(self) -> None:
        check_types(self)
        check_images_alone(self.run, "translate")
        if (self.to is None) == (self.model is None):
            raise SettingsError(
                "give either --to TARGET, the other domain to train on, or --model EARLIER"
            )
        choose("direction", self.direction, DIRECTIONS)
        require(self.channels in (1, 3), "channels", self.channels, "give 1 or 3")
        check_disjoint(self.run.input, self.run.output)
        check_resume(self.train.resume, self.run.output)
        if self.to is not None:
            require(bool(self.to), "to", self.to, "give a folder or a manifest")
            itself = as_written(self.to) == as_written(self.run.input)
            ok = not itself or self.run.split is not None
            require(ok, "to", self.to, "that is the input itself: give other images")
            check_disjoint(self.to, self.run.output)
            told = "give --model, or exchange the input and --to"
            require(self.direction == TO_TARGET, "direction", self.direction, told)
        # A model is used without its discriminators.
        layers = 1 if self.to is None else self.cyclegan.discriminator_layers
        for name, side in (("height", self.run.image.height), ("width", self.run.image.width)):
            check_side(name, side, layers)


def check_side(name: str, side: int, layers: int) -> None:
    """Checks a side of the images.

    Raises:
        SettingsError: It is no multiple of 4, or too small for the discriminators.
    """
    least = {1: 8, 2: 16, 3: _LEAST}[layers]
    if side < least:
        raise SettingsError(
            f"image.{name} is {side}: discriminators of {layers} strided layers need at least "
            f"{least} pixels: give a larger --image-size"
        )
    if side % _STEP:
        below = side // _STEP * _STEP
        raise SettingsError(
            f"image.{name} is {side}: the network needs a multiple of {_STEP}: "
            f"give {below} or {below + _STEP}"
        )


def check_images_alone(run: GenerateSettings, command: str) -> None:
    """Makes sure that a run's images are asked for as they are.

    Raises:
        SettingsError: Drift, a calibration, copies or raw files are asked for.
    """
    run.check_no_copies()
    asked = {
        "transforms": run.transforms,
        "drift": run.drift,
        "label_shift": run.label_shift,
        "calibration": run.calibration.profile,
        "raw": run.raw,
        "masks": run.masks,
    }
    for name, given in asked.items():
        if given:
            raise SettingsError(
                f"{name}: {command} takes images as they are: leave it out, "
                "and use generate on the result"
            )
    if run.embedding.compute:
        raise SettingsError(
            f"embedding.compute: {command} writes no embeddings: leave it out, "
            "and use evaluate on the result"
        )
