"""What a transform is: one frozen dataclass in one file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Final, get_type_hints

from raydrift.checked import check_types, require
from raydrift.errors import SettingsError, reason
from raydrift.transforms.code import code_digest, is_ours
from raydrift.transforms.names import Name

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

_RANGES = (float, int, bool, str)

GPU: Final = "gpu"
"""A need that no package fulfils."""

Parameters = Mapping[str, Any]
"""What was drawn for one image: numbers, lists of numbers, or text."""


@dataclass(frozen=True)
class Transform:
    """One way in which an image can drift; its fields are the ranges that a level spans.

    A subclass is all that there is to a transform. It is a frozen dataclass whose fields are
    numbers with defaults, and it says how parameters are drawn and applied. TOML, calibration,
    fingerprints, provenance and the table of the README take everything else from it.

    Attributes:
        name: As it is written in ``-t NAME:LEVEL``; of a class outside raydrift ``MODULE:CLASS``.
        code: Digest of the code of a class outside raydrift, as Python loaded it; else empty.
        help: What it does, in one line.
        draws: What is drawn for each image, in a word or two; empty: nothing is.
        at_level: What level L means; ``{field}`` stands for the value of a range.
        moves: Whether pixels move. Masks and points then move along, see ``MovingTransform``.
        blends: Whether it takes the image's twin beside the image, see ``TwinTransform``.
        takes: Which pixels it is for, by their dtype and colour space, as ``uint16 mosaic``.
        needs: What has to be there, with spaces between: packages, as ``torch``, and ``gpu``.
        family: Those of one family that follow each other are applied in one pass, and share the
            settings of that name, see ``JointTransform``; empty: it stands alone.

    Raises:
        SettingsError: (a ``ValueError``) A range is not a number of at least 0, a package that it
            needs is not installed, or a class with ranges is no dataclass.

    Example:
        ::

            @dataclass(frozen=True)
            class Fog(Transform):
                help = "Lays grey over the image."
                at_level = "up to {most}·L of the light is grey"
                most: float = 0.8

                def draw(self, level, rng):
                    return {"share": float(rng.uniform(0, self.most * level))}

                def apply(self, image, share):
                    return np.rint((1 - share) * image + share * 200).astype(np.uint8)
    """

    name: ClassVar[str] = ""
    code: ClassVar[str] = ""
    help: ClassVar[str] = ""
    draws: ClassVar[str] = ""
    at_level: ClassVar[str] = ""
    moves: ClassVar[bool] = False
    blends: ClassVar[bool] = False
    takes: ClassVar[tuple[str, ...]] = ("uint8 srgb",)
    needs: ClassVar[str] = ""
    family: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """A class that does not come with raydrift is called by its place."""
        if not is_ours(cls):
            cls.name = f"{cls.__module__}:{cls.__qualname__}"
            cls.code = code_digest(cls)

    def __post_init__(self) -> None:
        """Checks the ranges; a subclass that checks more calls this first."""
        check_class(type(self), self.name)
        prefix = f"profile.{self.name}."
        hints = get_type_hints(type(self))
        for item in fields(self):
            if hints[item.name] not in _RANGES:
                raise SettingsError(
                    f"{prefix}{item.name}: a range is a float, an int, a bool or a str"
                )
        check_types(self, prefix)
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, int | float):
                ok = 0 <= value < inf
                require(ok, prefix + item.name, value, "give a number of at least 0")

    def __str__(self) -> str:
        """Its name."""
        return self.name

    def require(self, ok: bool, field: str, remedy: str) -> None:
        """Raises SettingsError where a range cannot be; it names the range and the remedy."""
        require(ok, f"profile.{self.name}.{field}", getattr(self, field), remedy)

    def draw(self, level: float, rng: "np.random.Generator") -> Parameters:
        """Draws the parameters of one image.

        Args:
            level: Above 0, up to 1.
            rng: The generator of (seed, place in the list, sample id), and of nothing else.

        Returns:
            The keyword arguments of ``apply``, at least one.
        """
        raise NotImplementedError(f"{self.name} draws nothing: define draw()")

    def apply(self, image: "Pixels", *_: Any, **parameters: Any) -> "Pixels":
        """Applies what was drawn.

        Args:
            image: uint8 RGB of shape (height, width, 3); it is left alone.
            **parameters: What ``draw`` returned.

        Returns:
            Pixels of the same shape and type.
        """
        raise NotImplementedError(f"{self.name} does nothing: define apply()")

    def apply_with(
        self, rng: "np.random.Generator", image: "Pixels", *_: Any, **parameters: Any
    ) -> "Pixels":
        """Applies what was drawn, with more numbers: instead of ``apply``, for noise.

        Args:
            rng: The generator as ``draw`` left it.
            image: As for ``apply``.
            **parameters: What ``draw`` returned.
        """
        return self.apply(image, **parameters)

    def resolve(self, level: float) -> tuple[Name, float]:
        """Which transform does it, at which level: another one's name, or this one's.

        The name may be another only above each of the levels that ``jumps`` gives: raydrift asks
        once between any two of them which transforms a run needs. With three outcomes::

            def resolve(self, level):
                if level <= 0.3:
                    return "gaussian_blur", level
                return ("hue", level) if level <= 0.6 else ("gaussian_noise", level)

            def jumps(self):
                return (0.3, 0.6)
        """
        return self.name, level

    def jumps(self) -> tuple[float, ...]:
        """The levels just above which pixels are suddenly others."""
        return ()

    def in_use(self, level: float, varying: bool) -> dict[str, Any]:
        """The ranges that pixels depend on.

        Args:
            level: Above 0, up to 1.
            varying: Whether samples get any level up to that one, or exactly that one.
        """
        return asdict(self)

    def described(self) -> str:
        """What level L means, with the values of the ranges.

        Raises:
            SettingsError: ``at_level`` names what is no range.
        """
        try:
            return self.at_level.format(**asdict(self))
        except (LookupError, ValueError) as error:
            raise SettingsError(
                f"transform {self.name!r}: at_level is {self.at_level!r} ({reason(error)}): write "
                "a range as {most}, and { as {{"
            ) from None


def check_class(kind: type[Transform], name: str) -> None:
    """Makes sure that a class can be used here.

    Raises:
        SettingsError: It has ranges but is no dataclass, or needs a package that is not installed.
    """
    for one in kind.__mro__[: kind.__mro__.index(Transform)]:
        if not issubclass(one, Transform):
            continue
        ranges = [
            field
            for field, hint in vars(one).get("__annotations__", {}).items()
            if "ClassVar" not in str(hint)
        ]
        if ranges and "__dataclass_params__" not in vars(one):
            raise SettingsError(
                f"transform {name!r}: {one.__name__} has ranges ({', '.join(ranges)}) but is no "
                "dataclass: write @dataclass(frozen=True) above it"
            )
    for need in kind.needs.split():
        if need != GPU and find_spec(need) is None:
            raise SettingsError(f"transform {name!r} needs {need}: install it")
