"""What an augmentation does to each image: ranges for what is usual, transforms for the rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import isfinite
from numbers import Real
from typing import Any, Final, Self

from raydrift.checked import check_types, choose, require
from raydrift.errors import SettingsError, suggest
from raydrift.schedules.drift import plain_transforms
from raydrift.settings.generate import GenerateSettings
from raydrift.transforms import DriftProfile, ImageTransform, TransformInfo

FILLS: Final = ("nearest", "reflect", "constant", "wrap")
"""What lies around an image that was moved."""

Pair = tuple[float, float]

_NUMBERS: Final = ("rotate", "shift", "shear", "channel_shift", "fill_value")


@dataclass(frozen=True)
class Augment:
    """An augmentation: each image gets its own numbers from these ranges.

    The image is moved first, all at once. Then its levels change, and then the transforms of
    ``drift`` follow. What is left out is not done.

    Attributes:
        rotate: Degrees. The angle is between -rotate and rotate.
        shift: A share of the width and of the height, below 1, in both directions.
        shear: Degrees, below 90; as for ``rotate``.
        zoom: The least and the greatest factor, each direction by itself. Above 1 more of the scene
            is seen. A number below 1, as 0.2, is (0.8, 1.2).
        flip: Mirror each image with probability 0.5.
        flip_vertical: Turn each image upside down with probability 0.5.
        keep_aspect: Zoom both directions by one factor.
        fill: The filling outside the image: ``nearest`` (its outermost pixels), ``reflect``,
            ``constant`` or ``wrap``.
        fill_value: The grey level of ``constant``, 0 to 255.
        brightness: The least and the greatest factor of all levels; 1 leaves them.
        contrast: The least and the greatest factor of the distance from the mean grey.
        channel_shift: Grey levels, up to 255. One number between -channel_shift and channel_shift
            is added to all channels.
        drift: Transforms of the catalogue or of your own at a level, ``NAME:LEVEL``, in order.

    Raises:
        SettingsError: (a ``ValueError``) A value is invalid, or a transform of ``drift`` has a
            range as well.

    >>> augment = Augment(rotate=20, zoom=(0.8, 1.2), flip=True, drift=["gaussian_noise:0.2"])
    >>> [str(info) for info in augment.transforms()]
    ['affine:1.0', 'gaussian_noise:0.2']
    >>> augment.profile()["affine"].rotate
    20.0
    """

    rotate: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    zoom: Pair | float | None = None
    flip: bool = False
    flip_vertical: bool = False
    keep_aspect: bool = False
    fill: str = "nearest"
    fill_value: float = 0.0
    brightness: Pair | None = None
    contrast: Pair | None = None
    channel_shift: float = 0.0
    drift: Sequence[str | TransformInfo] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "zoom", _zoom(self.zoom))
        for name in ("brightness", "contrast"):
            object.__setattr__(
                self, name, _pair(name, getattr(self, name), "of at least 0, the last above 0")
            )
        given: object = self.drift
        infos = () if given in ((), [], None) else plain_transforms(given, "augment.drift")
        if DriftProfile().blends(infos):
            raise SettingsError(
                "augment.drift has twin: an augmentation knows no twins: make the drifted images "
                "with raydrift generate, and augment its output"
            )
        object.__setattr__(self, "drift", infos)
        check_types(self, "augment.")
        for name in _NUMBERS:
            value = float(getattr(self, name))
            object.__setattr__(self, name, value)
            wanted = "give a number of at least 0"
            wanted += "" if name == "fill_value" else ": it goes both ways"
            require(value >= 0 and isfinite(value), f"augment.{name}", value, wanted)
        wanted = "give a share of the image below 1, as 0.1"
        require(self.shift < 1, "augment.shift", self.shift, wanted)
        require(self.shear < 90, "augment.shear", self.shear, "give less than 90 degrees")
        for name in ("channel_shift", "fill_value"):
            value = getattr(self, name)
            require(value <= 255, f"augment.{name}", value, "give grey levels, 0 to 255")
        choose("augment.fill", self.fill, FILLS)
        self._check_drift()

    @classmethod
    def read(cls, written: object) -> Self:
        """An augmentation from the table ``[augment]``, or as it is; None: nothing is done.

        Raises:
            SettingsError: It is no table, or has a key that there is not, or that cannot be.

        >>> Augment.read({"rotate": 20, "zoom": [0.8, 1.2]}).zoom
        (0.8, 1.2)
        """
        if written is None or isinstance(written, cls):
            return cls() if written is None else written
        if not isinstance(written, Mapping):
            raise SettingsError(f"augment is {written!r}: write it as a table, [augment]")
        names = [item.name for item in fields(cls)]
        for key in written:
            if key not in names:
                raise SettingsError(f"unknown key augment.{key}: {suggest(str(key), names)}")
        return cls(**written)

    def transforms(self) -> tuple[TransformInfo, ...]:
        """What is done to each image, in order: each range at level 1, then ``drift``."""
        ranges = (TransformInfo(name, 1.0) for name in self._ranges())
        return (*ranges, *self._infos)

    def profile(self, base: DriftProfile | None = None) -> DriftProfile:
        """What the levels of these transforms span.

        Args:
            base: The ranges of all other transforms; None: the published ones.
        """
        base = DriftProfile() if base is None else base
        ranges: dict[str, Any] = {str(name): values for name, values in self._ranges().items()}
        return replace(base, **ranges).with_own(self._infos)

    def in_run(self, run: GenerateSettings) -> GenerateSettings:
        """The settings of a run with this augmentation in place of its transforms.

        Raises:
            SettingsError: A drift on the timeline has a transform that a range stands for.
        """
        self.check_apart((info for one in run.drift for info in one.transforms), "drift")
        return replace(run, transforms=self.transforms(), profile=self.profile(run.profile))

    def written(self) -> dict[str, Any]:
        """The augmentation as plain values, the way TOML has it; what is not done is left out."""
        found = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value != item.default:
                found[item.name] = list(value) if isinstance(value, tuple) else value
        if self.drift:
            found["drift"] = [str(info) for info in self._infos]
        return found

    @property
    def _infos(self) -> tuple[TransformInfo, ...]:
        """``drift``, which was read when it was given."""
        return tuple(one for one in self.drift if isinstance(one, TransformInfo))

    def _ranges(self) -> dict[ImageTransform, Mapping[str, Any]]:
        """The transforms that ranges stand for, in order, and their ranges."""
        low, high = _zoom(self.zoom) or (1.0, 1.0)
        found: dict[ImageTransform, Mapping[str, Any]] = {}
        still = (self.rotate, self.shift, self.shear, low, high, self.flip, self.flip_vertical)
        if still != (0, 0, 0, 1, 1, False, False):
            found[ImageTransform.AFFINE] = {
                "rotate": self.rotate,
                "shift_x": self.shift,
                "shift_y": self.shift,
                "shear": self.shear,
                "zoom_low": low,
                "zoom_high": high,
                "flip": self.flip,
                "flip_vertical": self.flip_vertical,
                "keep_aspect": self.keep_aspect,
                "fill": self.fill,
                "fill_value": self.fill_value,
            }
        if self.channel_shift:
            found[ImageTransform.CHANNEL_SHIFT] = {"levels": self.channel_shift}
        for name in (ImageTransform.BRIGHTNESS, ImageTransform.CONTRAST):
            pair = getattr(self, name)
            if pair is not None and pair != (1.0, 1.0):
                found[name] = dict(zip(("low", "high"), pair, strict=True))
        return found

    def _check_drift(self) -> None:
        """Refuses a transform at two levels: at its own, and at that of a range."""
        self.check_apart(self._infos, "augment.drift")

    def check_apart(self, infos: Iterable[TransformInfo], where: str) -> None:
        """Refuses transforms that a range stands for: they would have its ends.

        Args:
            infos: The transforms.
            where: The setting that has them, for the error.

        Raises:
            SettingsError: One of them has a range in the augmentation.
        """
        ranges = self._ranges()
        for info in infos:
            if info.name in ranges:
                moving = info.name is ImageTransform.AFFINE
                what = "rotate, shift, shear, zoom or flip" if moving else str(info.name)
                raise SettingsError(
                    f"{where} has {info}, and {what} has a range in [augment] as well: "
                    "leave out one of them"
                )


def _zoom(value: object) -> Pair | None:
    """Two factors; a number is how far they are from 1."""
    if not isinstance(value, bool) and isinstance(value, Real):
        share = float(value)
        wanted = "give a number from 0 to below 1, as 0.2, or two factors, as [0.8, 1.2]"
        require(0 <= share < 1, "augment.zoom", value, wanted)
        return 1.0 - share, 1.0 + share
    return _pair("zoom", value, "above 0")


def _pair(name: str, value: object, least: str) -> Pair | None:
    """Two factors, the least first.

    Raises:
        SettingsError: They are not, or are less than they can be.
    """
    if value is None:
        return None
    plain: Any = getattr(value, "tolist", lambda: value)()
    numbers = list(plain) if isinstance(plain, Sequence) and not isinstance(plain, str) else []
    fine = [isinstance(one, Real) and not isinstance(one, bool) for one in numbers]
    ok = len(numbers) == 2 and all(fine) and all(map(isfinite, numbers))
    ok = ok and min(numbers) >= 0 and (min(numbers) > 0 or least != "above 0") and max(numbers) > 0
    remedy = f"give two factors {least}, as [0.8, 1.2]: 1 leaves an image as it is"
    require(ok, f"augment.{name}", value, remedy)
    first, last = map(float, numbers)
    require(first <= last, f"augment.{name}", value, "give the least factor first")
    return first, last
