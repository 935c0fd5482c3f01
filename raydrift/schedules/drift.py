"""One drift on the timeline, as it is configured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from numbers import Real
from typing import Any, Final

from raydrift.errors import SettingsError, suggest
from raydrift.paths import redacted
from raydrift.schedules.curves import LINEAR, Curve, plain_curve
from raydrift.schedules.periods import fraction_of
from raydrift.schedules.positions import Plain, plain_length, plain_position
from raydrift.schedules.where import Where, plain_where
from raydrift.transforms import TransformInfo


class DriftKind(StrEnum):
    """The ways in which a drift can happen over time."""

    ABRUPT = "abrupt"
    GRADUAL = "gradual"
    INCREMENTAL = "incremental"
    RECURRING = "recurring"
    SEASONAL = "seasonal"

    @classmethod
    def parse(cls, name: str) -> "DriftKind":
        """The kind of a name; one that is unknown is an error that suggests."""
        try:
            return cls(name.strip().lower())
        except ValueError:
            names = [str(member) for member in cls]
            raise SettingsError(f"unknown drift {name!r}: {suggest(name, names)}") from None


LEVEL: Final = "level"
CHANCE: Final = "chance"

_RISING: Final = (DriftKind.GRADUAL, DriftKind.INCREMENTAL)
_PERIODIC: Final = (DriftKind.RECURRING, DriftKind.SEASONAL)
_ONLY_OF: Final[Mapping[str, tuple[DriftKind, ...]]] = {
    "width": _RISING,
    "curve": _RISING,
    "period": _PERIODIC,
    "phase": _PERIODIC,
    "duty": (DriftKind.RECURRING,),
    "varies": (DriftKind.SEASONAL,),
}
_NEEDED: Final = ("width", "period")
_DEFAULTS: Final[Mapping[str, Any]] = {
    "curve": LINEAR, "phase": 0.0, "duty": 0.5, "varies": LEVEL,
}  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """A drift on the timeline.

    Positions and lengths are samples (int), fractions of the stream (float), or time (a date, or a
    duration such as ``7d``).

    Attributes:
        transforms: What it does at its full level, applied in this order; ``NAME:LEVEL`` or
            ``TransformInfo``. Empty: what the run's calibration comes to.
        kind: ``abrupt``: every sample from ``start`` on. ``gradual``: each sample at the full level
            or not at all, with a chance that rises over ``width``. ``incremental``: every sample,
            at a level that rises over ``width``. ``recurring``: every sample in a share of each
            period. ``seasonal``: the level (or chance) follows (1 - cos) / 2 over each period.
        start: Where it begins.
        until: Where it ends; None: with the stream.
        width: How long a gradual or incremental drift rises: from 0 at the first sample of
            the rise to the full level at the first one after it. Over one sample it is a step, and
            that sample is at the full level.
        curve: How it rises: ``linear``, ``sigmoid``, values from 0 to 1 at even steps, or in Python
            a function of how much of the window is over (0 to 1), kept as 257 values.
        period: Until a recurring or seasonal drift is as at first again.
        phase: How far into its period it begins; a float is a fraction of the period.
        duty: The share of each period in which a recurring drift is on; it begins with it.
            Where that is no whole number of samples the periods differ, so that the share of the
            whole stream is right: 0.001 of a period of 100 is one sample in every tenth period.
        varies: What a seasonal drift varies, ``level`` or ``chance``.
        where: To which samples it happens (``plain_where``); empty: to all.
        replace: Instead of transforms, another set of images: what ``synthesize`` made, another
            finished run, or a folder with class folders. The samples that it happens to are images
            from there, of the same class. Where the set has one class, ``all``, which no folder
            told, it is of every class.
        level: Of a replacement: the share of the samples that are replaced where it is fully in
            force, each by chance; while it rises, falls or swings, as much of that share. None: 1.

    Raises:
        SettingsError: (a ``ValueError``) Something is missing, out of range, or of another kind.

    >>> Drift(["default:0.7"], "gradual", start=0.5, width="7d").width
    '7d'
    """

    transforms: tuple[TransformInfo, ...] = ()
    kind: DriftKind = DriftKind.ABRUPT
    start: Plain = 0
    until: Plain | None = None
    width: Plain | None = None
    curve: Curve | None = None
    period: Plain | None = None
    phase: Plain | None = None
    duty: float | None = None
    varies: str | None = None
    where: Where = ()
    replace: str | None = None
    level: float | None = None

    def __post_init__(self) -> None:
        kind = DriftKind.parse(str(self.kind))
        checked: dict[str, Any] = {
            "kind": kind,
            "where": plain_where(self.where),
            "start": plain_position(self.start, "start"),
        }
        if self.replace is None:
            if self.level is not None:
                raise SettingsError(
                    'level is of a drift that replaces images, as replace = "synthetic/": that '
                    'of a transform stands behind its name, as "hue:0.5"'
                )
        elif self.transforms != () or not self.replace:
            raise SettingsError(
                f"replace is {self.replace!r}: a drift has either transforms or another set of "
                "images: write two drifts"
            )
        else:
            checked["level"] = _share_replaced(1.0 if self.level is None else self.level)
        if self.transforms != ():
            checked["transforms"] = plain_transforms(self.transforms, "transforms")
        for name, kinds in _ONLY_OF.items():
            given = getattr(self, name) is not None
            if given and kind not in kinds:
                raise SettingsError(f"{name} is of {' and '.join(kinds)} drifts, this is {kind}")
            if not given and kind in kinds:
                if name in _NEEDED:
                    raise SettingsError(
                        f"{kind} drift: {name} is missing: give --{name} 0.2, or in a TOML file "
                        f"{name} = 0.2: a fraction of the stream, a number of samples such as 200, "
                        'or a duration such as "7d"'
                    )
                checked[name] = _DEFAULTS[name]
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        for name, check in _CHECKS.items():
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check(getattr(self, name), name))

    @property
    def varies_level(self) -> bool:
        """Whether samples get it at any level up to the full one."""
        rises = self.kind is DriftKind.INCREMENTAL or self.varies == LEVEL
        return rises and self.replace is None

    def written(self) -> dict[str, Any]:
        """The drift as plain values, the way TOML has it; what is not of its kind is left out."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["kind"] = str(self.kind)
        values["transforms"] = tuple(str(info) for info in self.transforms)
        return {name: _lists(value) for name, value in values.items() if value not in (None, ())}

    def __str__(self) -> str:
        if self.replace is not None:
            place = redacted(self.replace).rstrip("/").rpartition("/")[2]
            return f"{self.kind} replacement by {place}:{self.level:g}"
        return f"{self.kind} {named(self.transforms) or 'calibrated drift'}"


def _lists(value: Any) -> Any:
    """JSON's and TOML's form of tuples."""
    return [_lists(item) for item in value] if isinstance(value, tuple) else value


def named(transforms: Iterable[TransformInfo]) -> str:
    """Transforms in one line: ``hue:0.5 + rotate:0.3``."""
    return " + ".join(f"{info.name}:{info.drift_level:g}" for info in transforms)


def plain_transforms(written: object, name: str) -> tuple[TransformInfo, ...]:
    """One or more transforms from their written form, or as they are.

    Raises:
        SettingsError: There is none, or one is neither text nor a ``TransformInfo``.
    """
    if not isinstance(written, Iterable) or isinstance(written, str | bytes | Mapping):
        raise SettingsError(f'{name} is {written!r}: write a list, ["gaussian_blur:0.5"]')
    infos = []
    for item in written:
        if not isinstance(item, str | TransformInfo):
            raise SettingsError(f'{name} has {item!r}: write it as "gaussian_blur:0.5"')
        infos.append(item if isinstance(item, TransformInfo) else TransformInfo.parse(item))
    if not infos:
        raise SettingsError(f'{name} is empty: give at least one, ["gaussian_blur:0.5"]')
    return tuple(infos)


def _plain_phase(phase: object, name: str) -> Plain:
    return 0.0 if isinstance(phase, Real) and phase == 0 else plain_length(phase, name)


def _share(duty: object, name: str) -> float:
    number = float(duty) if not isinstance(duty, bool) and isinstance(duty, Real) else 0.0
    if 0 < number < 1 and 0 < fraction_of(number) < 1:  # else it would be on never, or always
        return number
    raise SettingsError(
        f"{name} is {duty!r}: give the share of a period, from 0.000001 to 0.999999"
    )


def _share_replaced(level: object) -> float:
    number = float(level) if not isinstance(level, bool) and isinstance(level, Real) else 0.0
    if 0 < number <= 1:
        return number
    raise SettingsError(
        f"level is {level!r}: give the share of samples to replace, above 0, up to 1"
    )


def _varies(varies: object, name: str) -> str:
    if not isinstance(varies, str) or varies not in (LEVEL, CHANCE):
        raise SettingsError(f"{name} is {varies!r}: {suggest(str(varies), (LEVEL, CHANCE))}")
    return str(varies)


_CHECKS: Final[Mapping[str, Any]] = {
    "until": plain_position,
    "width": plain_length,
    "curve": plain_curve,
    "period": plain_length,
    "phase": _plain_phase,
    "duty": _share,
    "varies": _varies,
}
