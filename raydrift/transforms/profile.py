"""The ranges that a level spans, of all transforms."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from raydrift.errors import SettingsError, suggest
from raydrift.transforms.catalogue import plain_name, published, transform_class
from raydrift.transforms.info import TransformInfo
from raydrift.transforms.names import ImageTransform, Name
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


@dataclass(frozen=True, init=False)
class DriftProfile:
    """The ranges that a level spans, where they are not the published ones.

    Args:
        **ranges: A transform's name, and its ranges: ``rotate={"degrees": 30}`` or
            ``rotate=Rotate(degrees=30)``.

    Attributes:
        given: The transforms with these ranges, by name.

    Raises:
        SettingsError: (a ``ValueError``) There is no such transform or range, or it cannot be.

    >>> DriftProfile(rotate={"degrees": 30.0})["rotate"]
    Rotate(degrees=30.0)
    """

    given: Mapping[Name, Transform] = field(default_factory=dict)

    def __init__(self, **ranges: Mapping[str, Any] | Transform) -> None:
        given = dict(_item(name, one) for name, one in ranges.items())
        for name, transform in list(given.items()):
            if isinstance(name, ImageTransform) and transform == published(name):
                del given[name]
        object.__setattr__(self, "given", given)

    def __getitem__(self, name: Name) -> Transform:
        """The transform of a name, with its ranges here or its own."""
        found = self.given.get(name)
        if found is not None:
            return found
        return published(name) if isinstance(name, ImageTransform) else transform_class(name)()

    def of(self, info: TransformInfo) -> Transform:
        """The transform that is asked for, with the ranges that hold for it."""
        return self[info.name] if info.own is None else info.own

    def holding(self, infos: Iterable[TransformInfo]) -> "DriftProfile":
        """The same profile with some transforms at hand, for where their modules are not."""
        found = {str(name): transform for name, transform in self.given.items()}
        for info in infos:
            transform = self.of(info)
            if info.own is None:
                found.setdefault(str(info.name), transform)
            for level in (info.drift_level, _LEAST):
                name = transform.resolve(level)[0]
                if name != transform.name:
                    found.setdefault(str(name), self[name])
        return DriftProfile(**found)

    def written(self) -> dict[str, dict[str, Any]]:
        """The ranges as plain values, the way TOML has them."""
        return {str(name): asdict(transform) for name, transform in self.given.items()}

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
            if info.drift_level == 0 or info.own is not None:  # which says its ranges itself
                continue
            transform = self.of(info)
            used = {str(info.name): transform.in_use(info.drift_level, varies)}
            for level in (info.drift_level, min(_LEAST, info.drift_level))[: 1 + varies]:
                name = str(transform.resolve(level)[0])
                if name != transform.name:
                    used[name] = asdict(self[name])
            for name, ranges in used.items():
                found[name] = found.get(name, {}) | ranges
        return {name: found[name] for name in sorted(found) if found[name]}


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
            told = suggest(str(key), keys) if keys else f"{name} has no ranges"
            raise SettingsError(f"unknown key profile.{name}.{key}: {told}")
    return name, kind(**ranges)
