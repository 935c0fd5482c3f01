"""The user's own model, of which is measured what it gets right."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Final

from raydrift.checked import at_least, check_types, require
from raydrift.errors import SettingsError

Channels = tuple[float, float, float]
"""A number for each of red, green and blue, where black is 0 and white is 1."""

IMAGENET: Final[tuple[Channels, Channels]] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""The means and the standard deviations that models for ImageNet are trained with."""

ARCHITECTURES: Final = ("resnet18", "resnet34")
"""Of which a state dict is enough, as torchvision writes it."""

_ARCHITECTURE: Final = re.compile(r"([a-z]+[0-9]+\w*):(?!//)(.*)", re.DOTALL)
_WANTED: Final = (
    "give none, imagenet, or three means and three standard deviations, "
    '"0.5,0.5,0.5/0.25,0.25,0.25"'
)


@dataclass(frozen=True)
class TaskSettings:
    """The user's own model, of which is measured what it gets right.

    Attributes:
        model: The path or URI of a ``torch.export`` program or a TorchScript file; or
            ``resnet18:PATH``, ``resnet34:PATH``, a state dict of torchvision's networks.
        normalize: What is done to pixels from 0 to 1 before the model sees them: ``none``,
            ``imagenet``, or means and standard deviations of red, green and blue, as two lists or
            as text, ``0.5,0.5,0.5/0.25,0.25,0.25``.
        drop: How much accuracy, or intersection over union where there are masks, may be lost
            before the model is said to be broken, 0 to 1.
        batch_size: Images that pass the model at once; None: 8 on a CPU, 32 on a GPU, or what the
            program was exported for.
        ignore: The label of pixels of masks that do not count, as 255; None: all do.

    >>> TaskSettings("resnet34:flowers.pt").architecture
    'resnet34'
    """

    model: str
    normalize: str | tuple[Channels, Channels] = "none"
    drop: float = 0.1
    batch_size: int | None = None
    ignore: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "normalize", plain_channels(self.normalize, "task.normalize"))
        check_types(self, "task.")
        require(bool(self.path), "task.model", self.model, "give the path of a model")
        found = _ARCHITECTURE.fullmatch(self.model)
        if found is not None and len(found[1]) > 1 and found[1] not in ARCHITECTURES:
            known = " or ".join(f"{name}:PATH" for name in ARCHITECTURES)
            raise SettingsError(
                f"task.model is {self.model!r}: give {known}, "
                "or export the model with torch.export.save"
            )
        require(0 <= self.drop <= 1, "task.drop", self.drop, "give a number from 0 to 1")
        at_least(1, "task.batch_size", self.batch_size)

    @property
    def architecture(self) -> str | None:
        """The network whose state dict is given; None: the file has the network too."""
        name = self.model.partition(":")[0]
        return name if name in ARCHITECTURES and ":" in self.model else None

    @property
    def path(self) -> str:
        """Where the file is."""
        return self.model.partition(":")[2] if self.architecture else self.model

    @property
    def channels(self) -> tuple[Channels, Channels] | None:
        """Means and standard deviations; None: pixels stay as they are."""
        if self.normalize == "imagenet":
            return IMAGENET
        return None if isinstance(self.normalize, str) else self.normalize

    @property
    def written_normalize(self) -> str:
        """``normalize`` as text, which is read back as the same."""
        return written_channels(self.normalize)


def written_channels(normalize: str | tuple[Channels, Channels]) -> str:
    """``normalize`` as text, which is read back as the same."""
    if isinstance(normalize, str):
        return normalize
    return "/".join(",".join(map(repr, three)) for three in normalize)


def plain_channels(given: object, name: str) -> str | tuple[Channels, Channels]:
    """What ``normalize`` says, whichever way it was written.

    Args:
        given: ``none``, ``imagenet``, or means and standard deviations, as lists or as text.
        name: What the setting is called, for the error.

    Raises:
        SettingsError: It is none of these.
    """
    if given in ("none", "imagenet"):
        return str(given)
    parts: object = given
    if isinstance(given, str):
        parts = [_numbers(part) for part in given.split("/")]
    try:
        means, deviations = (_three(part) for part in parts)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise SettingsError(f"{name} is {given!r}: {_WANTED}") from None
    if not min(deviations) > 0:
        raise SettingsError(f"{name} is {given!r}: standard deviations are above 0")
    return means, deviations


def _numbers(part: str) -> list[float]:
    try:
        return [float(one) for one in part.split(",")]
    except ValueError:
        return []


def _three(part: object) -> Channels:
    if not isinstance(part, Iterable) or isinstance(part, str):
        raise TypeError
    red, green, blue = part
    for one in (red, green, blue):
        if isinstance(one, bool) or not isinstance(one, Real) or not isfinite(one):
            raise TypeError
    return float(red), float(green), float(blue)
