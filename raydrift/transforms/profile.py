"""The ranges that a level spans, of all transforms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from typing import Any, Final

from raydrift.errors import SettingsError, suggest
from raydrift.transforms.catalogue import plain_name, published, transform_class
from raydrift.transforms.info import TransformInfo
from raydrift.transforms.names import SETUPS, ImageTransform, Name
from raydrift.transforms.setups import published_setup, setup_of
from raydrift.transforms.transform import Transform

_OLD: Final = {
    "rotate_degrees": "rotate.degrees",
    "brightness_span": "brightness.span",
    "contrast_span": "contrast.span",
    "saturation_span": "saturation.span",
    "hue_turns": "hue.turns",
    "blur_sigma": "gaussian_blur.sigma",
    "blur_kernel": "gaussian_blur.kernel",
    "noise_mean": "gaussian_noise.mean",
    "noise_sigma": "gaussian_noise.sigma",
    "default_switch": "default.switch",
    "default_noise_offset": "default.noise_offset",
}
"""Keys of earlier versions, and what they are now."""

_LEAST: Final = 1e-12
_STEPS: Final = 200


@dataclass(frozen=True, init=False)
class DriftProfile:
    """The ranges that a level spans, where they are not the published ones.

    Args:
        given: Ranges by the names of transforms, as another profile has them.
        setups: What families share, as another profile has it.
        **ranges: A transform's name, and its ranges: ``rotate={"degrees": 30}`` or
            ``rotate=Rotate(degrees=30)``; or a family's, and what its transforms share:
            ``camera={"mode": "full"}``.

    Attributes:
        given: The transforms with these ranges, by name.
        setups: What the transforms of a family share, by its name.

    Raises:
        SettingsError: (a ``ValueError``) There is no such transform or range, or it cannot be.

    >>> from dataclasses import replace
    >>> profile = DriftProfile(rotate={"degrees": 30.0})
    >>> profile["rotate"]
    Rotate(degrees=30.0)
    >>> replace(profile, hue={"turns": 0.2})["hue"]
    Hue(turns=0.2)
    """

    given: Mapping[Name, Transform] = field(default_factory=dict)
    setups: Mapping[str, Any] = field(default_factory=dict)

    def __init__(
        self,
        *,
        given: Mapping[Name, Transform] | None = None,
        setups: Mapping[str, Any] | None = None,
        **ranges: Mapping[str, Any] | Transform,
    ) -> None:
        shared = {name: ranges.pop(name) for name in SETUPS if name in ranges}
        shared = {name: setup_of(name, one) for name, one in shared.items()}
        items = {**({} if given is None else given), **ranges}
        found = dict(_item(name, one) for name, one in items.items())
        profile = _of(found, {**({} if setups is None else setups), **shared}).changed()
        object.__setattr__(self, "given", profile.given)
        object.__setattr__(self, "setups", profile.setups)

    def __hash__(self) -> int:
        """Equal profiles have equal ones."""
        return hash((frozenset(self.given.items()), frozenset(self.setups.items())))

    def __getitem__(self, name: Name) -> Transform:
        """The transform of a name, with its ranges here or its own."""
        found = self.given.get(name)
        if found is not None:
            return found
        return published(name) if isinstance(name, ImageTransform) else transform_class(name)()

    def setup(self, family: str) -> Any:
        """What the transforms of a family share: here, or as it is published; None: nothing."""
        found = self.setups.get(family)
        return published_setup(family) if found is None and family in SETUPS else found

    def check_setups(self, infos: Iterable[TransformInfo]) -> None:
        """Makes sure that what families share fits the transforms of a run.

        Raises:
            SettingsError: It does not.
        """
        if not self.setups:
            return
        parts = [(self.of(info), info.drift_level) for info in infos]
        for family, setup in self.setups.items():
            setup.check([(one, level) for one, level in parts if one.family == family])

    def of(self, info: TransformInfo) -> Transform:
        """The transform that is asked for, with the ranges that hold for it."""
        return self[info.name] if info.own is None else info.own

    def blends(self, infos: Iterable[TransformInfo]) -> bool:
        """Whether one of some transforms, above level 0, blends images with their twins.

        Of one whose class is not here nothing is known: it does not.

        >>> DriftProfile().blends([TransformInfo.parse("twin:0.4")])
        True
        """
        return any(info.drift_level > 0 and self._blends(info) for info in infos)

    def _blends(self, info: TransformInfo) -> bool:
        try:
            transform = self.of(info)
            others = _others(transform)
            return transform.blends or any(self[name].blends for name in others)
        except SettingsError:
            return False

    def holding(self, infos: Iterable[TransformInfo]) -> "DriftProfile":
        """The same profile with some transforms at hand, for where their modules are not.

        Raises:
            SettingsError: Two of a name have other ranges.
        """
        found = dict(self.given)
        for info in infos:
            transform = found.get(info.name) if info.own is None else info.own
            transform = self[info.name] if transform is None else transform
            if found.setdefault(info.name, transform) != transform:
                raise _two_sets(info.name)
            for name in _others(transform):
                found.setdefault(name, self[name])
        return _of(found, self.setups)

    def changed(self) -> "DriftProfile":
        """The same profile without the transforms whose ranges are the published ones."""
        return _of(
            {
                name: transform
                for name, transform in self.given.items()
                if not isinstance(name, ImageTransform) or transform != published(name)
            },
            {name: one for name, one in self.setups.items() if one != published_setup(name)},
        )

    def with_own(self, infos: Iterable[TransformInfo]) -> "DriftProfile":
        """The same profile with the ranges of transforms that were given themselves.

        Raises:
            SettingsError: Two of a name have other ranges.
        """
        infos = list(infos)
        own = [info for info in infos if info.own is not None]
        if not own:
            return self
        found = self.holding(own)
        found.holding(infos)
        for info in infos:
            if info.own is None and self[info.name] != found[info.name]:
                raise _two_sets(info.name)
        return found.changed()

    def written(self) -> dict[str, dict[str, Any]]:
        """The ranges, and what families share, as plain values, the way TOML has them."""
        changed = self.changed()
        return {
            str(name): _plain(one)
            for name, one in [*changed.given.items(), *changed.setups.items()]
        }

    def code(self, infos: Iterable[TransformInfo]) -> dict[str, str]:
        """Digests of the code of the transforms that do not come with raydrift, by name."""
        held = self.holding(infos).given
        names = [*(info.name for info in infos), *held.keys() - self.given.keys()]
        transforms = {str(name): held[name] for name in names if name in held}
        return {name: one.code for name, one in sorted(transforms.items()) if one.code}

    def ranges(self, name: str) -> dict[str, Any]:
        """The ranges of a transform, or what a family shares, as plain values.

        Raises:
            SettingsError: There is no such transform.
        """
        return asdict(self.setup(name) if name in SETUPS else self[plain_name(name)])

    def in_use(
        self, transforms: Iterable[TransformInfo], varying: Iterable[TransformInfo] = ()
    ) -> dict[str, dict[str, Any]]:
        """The ranges that some transforms depend on, by transform.

        Args:
            transforms: Applied at their levels, or not at all.
            varying: Applied at any level up to theirs.

        >>> DriftProfile().in_use([TransformInfo.parse("default:0.3")])
        {'gaussian_blur': {'sigma': 3.0, 'kernel': 5}}
        """
        found: dict[str, dict[str, Any]] = {}
        asked = [(info, False) for info in transforms] + [(info, True) for info in varying]
        for info, varies in asked:
            if info.drift_level == 0:
                continue
            transform = self.of(info)
            used = {str(info.name): transform.in_use(info.drift_level, varies)}
            if transform.family in SETUPS:
                used[transform.family] = _plain(self.setup(transform.family))
            below = (one for one in levels_of(transform) if one < info.drift_level)
            for level in (info.drift_level, *(below if varies else ())):
                name = str(transform.resolve(level)[0])
                if name != transform.name:
                    used[name] = self.ranges(name)
            for name, ranges in used.items():
                found[name] = found.get(name, {}) | ranges
        return {name: found[name] for name in sorted(found) if found[name]}


def _plain(settings: Any) -> dict[str, Any]:
    """A dataclass as plain values; an empty table is left out, as if it had never been."""
    return {name: value for name, value in asdict(settings).items() if value != {}}


def _of(given: Mapping[Name, Transform], setups: Mapping[str, Any]) -> DriftProfile:
    """A profile of transforms that are at hand; their names need not be found."""
    profile = DriftProfile.__new__(DriftProfile)
    object.__setattr__(profile, "given", given)
    object.__setattr__(profile, "setups", setups)
    return profile


def _two_sets(name: Name) -> SettingsError:
    return SettingsError(f"transform {name} has two sets of ranges in this run: give it one")


def levels_of(transform: Transform) -> tuple[float, ...]:
    """A level of each part of a transform's curve.

    Raises:
        SettingsError: It resolves to another transform where ``jumps`` does not say so.
    """
    jumps = sorted(transform.jumps())
    levels = (_LEAST, *(min(1.0, jump + _LEAST) for jump in jumps), 1.0)
    if type(transform).resolve is not Transform.resolve:
        _check_resolve(transform, jumps)
    return levels


def _others(transform: Transform) -> list[Name]:
    """The transforms that stand for one at some level, in the order of the levels."""
    names = dict.fromkeys(transform.resolve(level)[0] for level in levels_of(transform))
    return [name for name in names if name != transform.name]


def _check_resolve(transform: Transform, jumps: Sequence[float]) -> None:
    levels = sorted({*jumps, *(step / _STEPS for step in range(1, _STEPS + 1))})
    names = [str(transform.resolve(level)[0]) for level in levels]
    for (level, name), (above, other) in pairwise(zip(levels, names, strict=True)):
        if name != other and level not in jumps:
            raise SettingsError(
                f"transform {transform.name!r}: resolve() gives {name} at level {level:g} and "
                f"{other} at {above:g}: jumps() has to have the last level of {name}"
            )


def old_ranges(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Ranges as earlier versions wrote them, as they are written now.

    >>> old_ranges({"rotate_degrees": 30.0})
    {'rotate': {'degrees': 30.0}}
    """
    found: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        name, _, item = _OLD[key].partition(".")
        found.setdefault(name, {})[item] = value
    return found


def _item(written: str, ranges: object) -> tuple[Name, Transform]:
    if isinstance(ranges, Transform) and ranges.code and ranges.name == written:
        return written, ranges  # its class need not be found by that name
    if written in _OLD:
        name, _, item = _OLD[written].partition(".")
        value = ranges if isinstance(ranges, int | float | str) else "…"
        raise SettingsError(
            f"profile.{written} is profile.{name}.{item} now: write [profile.{name}] "
            f"{item} = {value}, or DriftProfile({name}={{{item!r}: {value}}})"
        )
    try:
        name = plain_name(written)
    except SettingsError as error:
        raise SettingsError(f"profile: {error}") from None
    if isinstance(ranges, Transform):
        if type(ranges) is not transform_class(name):
            raise SettingsError(f"profile.{name} is a {ranges.name}: give the ranges of {name}")
        return name, ranges
    if not isinstance(ranges, Mapping):
        raise SettingsError(f"profile.{name} is {ranges!r}: write it as a table, [profile.{name}]")
    kind = transform_class(name)
    keys = [item.name for item in fields(kind)]
    for key in ranges:
        if key not in keys:
            remedy = suggest(str(key), keys) if keys else f"{name} has no ranges"
            raise SettingsError(f"unknown key profile.{name}.{key}: {remedy}")
    return name, kind(**ranges)
