"""The sizes of a StyleGAN2: what its networks are built from, and what a model file says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log2
from typing import Any, Final

from raydrift.errors import SettingsError
from raydrift.gan.model_content import STYLEGAN
from raydrift.settings.synthesize import SynthesizeSettings

LEAST_SIDE: Final = 4
"""Height or width, the smaller one, of the constant that the synthesis begins with."""

_SETTINGS: Final = {
    "height": "image.height",
    "width": "image.width",
    "channels": "channels",
    "channel_base": "stylegan.width",
    "max_channels": "stylegan.max_channels",
    "latent": "stylegan.latent",
    "mapping_layers": "stylegan.mapping_layers",
}


@dataclass(frozen=True)
class Architecture:
    """The sizes of a generator and its discriminator.

    Attributes:
        height: Of the images, a power of 2 of at least 8.
        width: Of the images, likewise.
        channels: Of the images, 1 or 3.
        channel_base: A layer of r x r pixels has ``channel_base / r`` channels.
        max_channels: The most channels of a layer.
        latent: The length of z and w.
        mapping_layers: Fully connected layers from z to w.
        classes: The names of the classes that the networks know; none: they know no classes.
    """

    height: int
    width: int
    channels: int
    channel_base: int
    max_channels: int
    latent: int
    mapping_layers: int
    classes: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """The smaller one of height and width."""
        return min(self.height, self.width)

    @property
    def sides(self) -> list[int]:
        """The smaller side of every size that images are made in: 4, 8, …, ``side``."""
        return [LEAST_SIDE << place for place in range(int(log2(self.side)) - 1)]

    @property
    def styles(self) -> int:
        """How many times w is used: 2 log2(side) - 2."""
        return 2 * len(self.sides)

    def size_at(self, side: int) -> tuple[int, int]:
        """Height and width at a smaller side."""
        return self.height * side // self.side, self.width * side // self.side

    def width_at(self, side: int) -> int:
        """Channels of the layers at a smaller side."""
        return max(1, min(self.channel_base // side, self.max_channels))

    def description(self) -> dict[str, Any]:
        """What the networks are, as JSON holds it."""
        return {"kind": STYLEGAN, **asdict(self), "classes": list(self.classes)}

    def check_same(self, description: Mapping[str, Any]) -> None:
        """Checks that weights of other networks fit these.

        Args:
            description: Of the other networks.

        Raises:
            SettingsError: They do not; the message names the setting that differs.
        """
        own = self.description()
        _check_kind(description)
        for name, setting in _SETTINGS.items():
            if description.get(name) != own[name]:
                raise SettingsError(
                    f"{setting} is {own[name]}, but the model was trained with "
                    f"{description.get(name)}: give {setting} = {description.get(name)}, "
                    "or another model"
                )
        if list(description.get("classes", ())) != own["classes"]:
            raise SettingsError(
                f"the classes are {_listed(own['classes'])}, but the model was trained with "
                f"{_listed(description.get('classes', ()))}: give images of the same classes, "
                "or another model"
            )


def architecture_of(settings: SynthesizeSettings, classes: Sequence[str]) -> Architecture:
    """The architecture that settings ask for.

    Args:
        settings: Of the run.
        classes: The names of the classes that the networks are to know.
    """
    image, networks = settings.run.image, settings.stylegan
    return Architecture(
        image.height,
        image.width,
        settings.channels,
        networks.width_at(min(image.height, image.width)),
        networks.max_channels,
        networks.latent,
        networks.mapping_layers,
        tuple(classes),
    )


def described(description: Mapping[str, Any]) -> Architecture:
    """The architecture that a description is of.

    Raises:
        SettingsError: It is of another kind, or lacks a size.
    """
    _check_kind(description)
    missing = [name for name in (*_SETTINGS, "classes") if name not in description]
    if missing:
        raise SettingsError(
            f"the model does not say its {missing[0]}: give one that raydrift has written"
        )
    sizes = {name: int(description[name]) for name in _SETTINGS}
    return Architecture(**sizes, classes=tuple(map(str, description["classes"])))


def _check_kind(description: Mapping[str, Any]) -> None:
    kind = description.get("kind")
    if kind != STYLEGAN:
        raise SettingsError(f"the model is of kind {kind!r}: give one of kind {STYLEGAN!r}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"
