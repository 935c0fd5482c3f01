"""A run that makes new images of a small set, with StyleGAN2 and adaptive augmentation."""

from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Final, Literal

from raydrift.checked import at_least, check_disjoint, check_types, choose, require
from raydrift.errors import SettingsError
from raydrift.settings.gan_training import AUTO, GanTraining, check_rate, check_resume
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.translate import check_images_alone
from raydrift.settings.validate import ValidateSettings

CONDITIONAL: Final = "conditional"
SEPARATE: Final = "separate"
AUGMENTS: Final = ("none", "b", "bg", "bgc")

_LEAST: Final = 8
_GROUP: Final = 4


@dataclass(frozen=True)
class StyleGanSettings:
    """The networks of a StyleGAN2 with adaptive augmentation (Karras et al. 2020).

    Attributes:
        width: The channel base: a layer of r x r pixels has ``width / r`` channels. ``auto``:
            16384 below 512 pixels, 32768 from there.
        max_channels: The most channels of a layer.
        latent: The length of z and w.
        mapping_layers: Fully connected layers from z to w.
        gamma: The weight of R1; ``auto``: 0.0002 · pixels / batch.
        path_length: The weight of the path length; 0: none.
        mixing: The chance that two latents make an image, one its coarse and one its fine layers.
        ada_target: The sign of the real images' scores that augmentation aims at.
        ada_kimg: Thousands of images in which the chance of augmentation can rise from 0 to 1.
        augment: ``bgc``: pixel blits, geometry and colour; ``bg``, ``b``, or ``none``.
        mirror: Whether half of the real images are mirrored.
        ema_kimg: The half-life of the averaged generator in thousands of images; ``auto``: 10/32
            of the batch.
        truncation: Of the sampled images: 1 is all the variety, 0 the mean image.
        classes: ``conditional``: one network that knows the classes; ``separate``: one a class.
    """

    width: int | Literal["auto"] = AUTO
    max_channels: int = 512
    latent: int = 512
    mapping_layers: int = 2
    gamma: float | Literal["auto"] = AUTO
    path_length: float = 2.0
    mixing: float = 0.9
    ada_target: float = 0.6
    ada_kimg: int = 500
    augment: str = AUGMENTS[-1]
    mirror: bool = False
    ema_kimg: float | Literal["auto"] = AUTO
    truncation: float = 1.0
    classes: str = CONDITIONAL

    def __post_init__(self) -> None:
        check_types(self, "stylegan.", leave=("width", "gamma", "ema_kimg"))
        for name in ("max_channels", "latent", "mapping_layers", "ada_kimg"):
            at_least(1, f"stylegan.{name}", getattr(self, name))
        for name in ("width", "gamma", "ema_kimg"):
            value = getattr(self, name)
            ok = value == AUTO or (isinstance(value, int | float) and isfinite(value) and value > 0)
            require(ok, f"stylegan.{name}", value, 'give "auto" or a number above 0')
        for name, most in (("path_length", inf), ("ada_target", 1), ("mixing", 1)):
            value = getattr(self, name)
            ok = isfinite(value) and 0 <= value <= most
            remedy = "give a number of at least 0" if most == inf else "give 0 to 1"
            require(ok, f"stylegan.{name}", value, remedy)
        ok = isfinite(self.truncation) and self.truncation >= 0
        require(ok, "stylegan.truncation", self.truncation, "give a number from 0, as 0.7")
        choose("stylegan.augment", self.augment, AUGMENTS)
        choose("stylegan.classes", self.classes, (CONDITIONAL, SEPARATE))

    def width_at(self, side: int) -> int:
        """The channel base at a size."""
        if self.width != AUTO:
            return int(self.width)
        return 16384 if side < 512 else 32768


@dataclass(frozen=True)
class SynthesizeTraining(GanTraining):
    """How a StyleGAN2 is trained.

    Attributes:
        kimg: Thousands of real images that the discriminator is shown.
        rate: Adam's learning rate of both networks; ``auto``: 0.0025, 0.002 from 1024 pixels.
    """

    batch_size: int = 8
    save_every: int = 10
    kimg: float = 300.0
    rate: float | Literal["auto"] = AUTO

    def __post_init__(self) -> None:
        check_types(self, "train.", leave=("workers", "rate"))
        self.check()
        ok = isfinite(self.kimg) and self.kimg > 0
        require(ok, "train.kimg", self.kimg, "give a number above 0")
        if self.rate != AUTO:
            check_rate("train.rate", float(self.rate))

    @property
    def together(self) -> int:
        """The discriminator compares groups of 4 images."""
        return _GROUP

    def rate_at(self, side: int) -> float:
        """The learning rate at a size."""
        if self.rate != AUTO:
            return float(self.rate)
        return 0.0025 if side < 1024 else 0.002


@dataclass(frozen=True)
class SynthesizeSettings:
    """One run that makes new images.

    Attributes:
        run: The images to learn from, the output and the workers, as for a run that drifts.
            ``num_samples`` is how many images are made of each class; None: 300.
        model: An earlier run's folder or its ``generator.safetensors``: nothing is trained.
        channels: 3, or 1 for grey images.
        train: How the networks are trained.
        stylegan: The networks.
        validate: The checks of the input.

    Raises:
        SettingsError: Drift is asked for, or the size cannot be.
    """

    run: GenerateSettings
    model: str | None = None
    channels: int = 3
    train: SynthesizeTraining = field(default_factory=SynthesizeTraining)
    stylegan: StyleGanSettings = field(default_factory=StyleGanSettings)
    validate: ValidateSettings = field(default_factory=ValidateSettings)

    def __post_init__(self) -> None:
        check_types(self)
        check_images_alone(self.run, "synthesize")
        require(self.channels in (1, 3), "channels", self.channels, "give 1 or 3")
        if self.model is None:
            check_disjoint(self.run.input, self.run.output)
            check_resume(self.train.resume, self.run.output)
        for name, side in (("height", self.run.image.height), ("width", self.run.image.width)):
            check_power_of_two(name, side)
        if self.run.image.height != self.run.image.width:
            raise SettingsError(
                f"image is {self.run.image.height} x {self.run.image.width}: "
                "synthesize makes square images: give one --image-size"
            )


def check_power_of_two(name: str, side: int) -> None:
    """Checks a side of the images.

    Raises:
        SettingsError: It is not a power of 2, or below 8.
    """
    if side < _LEAST or side & (side - 1):
        below = max(_LEAST, 1 << (max(side, 1).bit_length() - 1))
        either = f"{below} or {2 * below}" if side > _LEAST else f"{_LEAST}"
        raise SettingsError(
            f"image.{name} is {side}: the network needs a power of 2 of at least {_LEAST}: "
            f"give {either}"
        )
