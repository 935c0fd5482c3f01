"""The ways in which an image can drift, and how strongly."""

from dataclasses import dataclass
from enum import StrEnum
from numbers import Real
from typing import Self

from raydrift.errors import SettingsError, suggest


class ImageTransform(StrEnum):
    """The ways in which an image can drift."""

    ROTATE = "rotate"
    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    SATURATION = "saturation"
    HUE = "hue"
    GAUSSIAN_BLUR = "gaussian_blur"
    GAUSSIAN_NOISE = "gaussian_noise"
    DEFAULT = "default"

    @classmethod
    def parse(cls, name: str) -> "ImageTransform":
        """The transform of a name; one that is unknown is an error that suggests."""
        try:
            return cls(name.strip().lower().replace("-", "_"))
        except ValueError:
            names = [str(member) for member in cls]
            raise SettingsError(f"unknown transform {name!r}: {suggest(name, names)}") from None


@dataclass(frozen=True)
class TransformInfo:
    """One transform at one level.

    Args:
        transf_type: The transform, or its name.
        drift_level: How strong, from 0 (leaves every pixel as it is) to 1.

    Raises:
        SettingsError: (a ``ValueError``) The name is unknown or the level outside [0, 1].

    >>> TransformInfo(ImageTransform.ROTATE, 0.9)
    TransformInfo(transf_type=<ImageTransform.ROTATE: 'rotate'>, drift_level=0.9)
    """

    transf_type: ImageTransform
    drift_level: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "transf_type", ImageTransform.parse(str(self.transf_type)))
        check_level(self.drift_level, str(self.transf_type))
        object.__setattr__(self, "drift_level", float(self.drift_level))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads the written form ``NAME:LEVEL``.

        >>> TransformInfo.parse("hue:0.25").drift_level
        0.25
        """
        name, colon, level = text.partition(":")
        transform = ImageTransform.parse(name)
        try:
            value = float(level)
        except ValueError:
            problem = f"level {level!r} is not a number" if colon else "the level is missing"
            raise SettingsError(
                f"transform {text!r}: {problem}: write {transform}:0.5 (0 none, 1 most)"
            ) from None
        return cls(transform, value)

    def __str__(self) -> str:
        return f"{self.transf_type}:{self.drift_level!r}"


def check_level(level: object, what: str) -> float:
    """Returns the drift level.

    Raises:
        SettingsError: It is not a number from 0 to 1.
    """
    if not isinstance(level, bool) and isinstance(level, Real) and 0 <= float(level) <= 1:
        return float(level)
    raise SettingsError(f"{what}: level {level!r} is not a number from 0 (none) to 1 (most)")
