"""One transform at one level, and the written form of both."""

from copy import copy
from dataclasses import dataclass
from numbers import Real
from typing import Self

from raydrift.errors import SettingsError
from raydrift.transforms.catalogue import is_short, names_class, plain_name
from raydrift.transforms.names import ImageTransform, Name
from raydrift.transforms.transform import Transform


@dataclass(frozen=True)
class TransformInfo:
    """One transform at one level.

    Args:
        transf_type: The transform's name, or a transform with ranges of its own.
        drift_level: How strong, from 0 (leaves every pixel as it is) to 1.

    Raises:
        SettingsError: (a ``ValueError``) The name is unknown or the level outside [0, 1].

    >>> from raydrift.transforms import ImageTransform
    >>> TransformInfo(ImageTransform.ROTATE, 0.9)
    TransformInfo(transf_type=<ImageTransform.ROTATE: 'rotate'>, drift_level=0.9)
    """

    transf_type: Name | Transform
    drift_level: float

    def __post_init__(self) -> None:
        given: object = self.transf_type
        if isinstance(given, type):
            written = f"TransformInfo({given.__name__}(), {self.drift_level!r})"
            raise SettingsError(f"that is a class, not a transform: write {written}")
        if not isinstance(self.transf_type, Transform):
            object.__setattr__(self, "transf_type", plain_name(str(self.transf_type)))
        check_level(self.drift_level, str(self.name))
        object.__setattr__(self, "drift_level", float(self.drift_level))

    @property
    def name(self) -> Name:
        """The transform's name."""
        given = self.transf_type
        if not isinstance(given, Transform):
            return given
        return given.name if given.code else ImageTransform(given.name)

    @property
    def own(self) -> Transform | None:
        """The transform where it was given itself, and not by its name."""
        return self.transf_type if isinstance(self.transf_type, Transform) else None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads the written form ``NAME:LEVEL``.

        >>> TransformInfo.parse("hue:0.25").drift_level
        0.25
        """
        name, written = split_level(text)
        try:
            return cls(name, float(written or ""))
        except SettingsError:
            raise
        except ValueError:
            problem = f"level {written!r} is not a number" if written else "the level is missing"
            raise SettingsError(
                f"transform {text!r}: {problem}: write {name}:0.5 (0 none, 1 most)"
            ) from None

    def at(self, level: float) -> "TransformInfo":
        """The same transform at another level; its class need not be here."""
        other = copy(self)
        object.__setattr__(other, "drift_level", check_level(level, str(self.name)))
        return other

    @property
    def named(self) -> "TransformInfo":
        """The same by the transform's name alone; its class need not be found by that."""
        other = copy(self)
        object.__setattr__(other, "transf_type", self.name)
        return other

    def __str__(self) -> str:
        return f"{self.name}:{self.drift_level!r}"


def split_level(text: str) -> tuple[Name, str | None]:
    """The name and the level of ``NAME:LEVEL``; None: there is no level.

    The name of a class has a colon itself.

    Raises:
        SettingsError: There is no such transform.

    >>> split_level("rotate"), split_level("rotate:0.5")
    ((<ImageTransform.ROTATE: 'rotate'>, None), (<ImageTransform.ROTATE: 'rotate'>, '0.5'))
    """
    name, colon, level = text.rpartition(":")
    if not colon or (":" not in name and not is_short(name) and names_class(text)):
        return plain_name(text), None
    return plain_name(name), level


def check_level(level: object, what: str) -> float:
    """Returns the drift level.

    Raises:
        SettingsError: It is not a number from 0 to 1.
    """
    if not isinstance(level, bool) and isinstance(level, Real) and 0 <= float(level) <= 1:
        return float(level)
    raise SettingsError(f"{what}: level {level!r} is not a number from 0 (none) to 1 (most)")
