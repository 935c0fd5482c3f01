"""Parameters of drifted cameras that are fixed: all images of a run come from one camera."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isclose, isfinite
from numbers import Real
from typing import Any, Final

from raydrift.drift.camera.span import Span
from raydrift.errors import SettingsError, suggest
from raydrift.transforms import DriftProfile, Transform

_CLOSE: Final = 1e-9  # what TOML and projections round off


def with_fixed(profile: DriftProfile, fixed: Mapping[str, Any]) -> DriftProfile:
    """A profile with which all images come from one camera.

    >>> with_fixed(DriftProfile(), {"black": 0.01}).setup("camera").fixed
    {'black': 0.01}
    """
    setup = replace(profile.setup("camera"), fixed=dict(fixed))
    return DriftProfile(given=profile.given, setups={**profile.setups, "camera": setup})


def plain_fixed(given: object) -> dict[str, Any]:
    """Fixed parameters as plain numbers, and rows of numbers of a matrix.

    Raises:
        SettingsError: They are no table, or one of them is neither.
    """
    if not isinstance(given, Mapping):
        raise SettingsError(f"camera.fixed is {given!r}: write it as a table, [camera.fixed]")
    found = {}
    for name, value in given.items():
        try:
            found[str(name)] = _plain(value)
        except (TypeError, ValueError):
            raise SettingsError(
                f"camera.fixed.{name} is {value!r}: give a number, or three rows of three numbers"
            ) from None
    return found


def check_fixed(fixed: Mapping[str, Any], parts: Sequence[tuple[Transform, float]]) -> None:
    """Makes sure that transforms can draw what is fixed.

    Args:
        fixed: Parameters by name.
        parts: The transforms of cameras, and their levels.

    Raises:
        SettingsError: One is unknown, drawn by none of them, or beyond what a level spans.
    """
    for name, value in fixed.items():
        drawn = False
        for transform, level in parts:
            kind: Any = transform
            spans, choices = kind.spans(level), kind.choices(level)
            if name in choices and value not in choices[name]:
                choice = " or ".join(f"{one:g}" for one in choices[name])
                raise SettingsError(
                    f"camera.fixed.{name} is {value!r}: {transform}:{level:g} draws {choice}"
                )
            if name in spans and not _same(spans[name], spans[name].nearest, value):
                raise SettingsError(
                    f"camera.fixed.{name} is {value!r}: {_beyond(transform, level, spans[name])}"
                )
            drawn |= name in spans or name in choices
        if not drawn:
            raise _not_drawn(name, [str(transform) for transform, _ in parts])
    for transform, level in parts:
        _check_together(fixed, transform, level)


def _check_together(fixed: Mapping[str, Any], transform: Any, level: float) -> None:
    """Gains depend on each other, and so do the numbers of a matrix."""
    spans = transform.spans(level)
    if not spans or not spans.keys() <= fixed.keys():
        return
    nearest = transform.nearest(level, **{name: fixed[name] for name in spans})
    for name, span in spans.items():
        if not _same(span, lambda _, near=nearest[name]: near, fixed[name]):
            given = ", ".join(f"{one} {fixed[one]!r}" for one in spans)
            raise SettingsError(
                f"camera.fixed has {given}: {transform}:{level:g} cannot draw them together, "
                f"the nearest {name} is {nearest[name]!r}"
            )


def _same(span: Span, nearest: Any, value: Any) -> bool:
    """Whether what is nearest to a value is the value itself; it has to be of the span's shape."""
    try:
        near = nearest(value)
        pairs = zip(_numbers(near), _numbers(value), strict=True)
        return len(_numbers(span.least)) == len(_numbers(value)) and all(
            isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE) for one, other in pairs
        )
    except (TypeError, ValueError):
        return False


def _beyond(transform: Transform, level: float, span: Span) -> str:
    if isinstance(span.least, float | int):
        return f"{transform}:{level:g} draws from {span.least:g} to {span.most:g}"
    return f"{transform}:{level:g} draws other matrices: give three rows of three numbers of one"


def _not_drawn(name: str, names: Sequence[str]) -> SettingsError:
    owners = _owners()
    if name not in owners:
        return SettingsError(f"unknown key camera.fixed.{name}: {suggest(name, owners)}")
    of_run = f", which has {', '.join(names)}" if names else ""
    return SettingsError(
        f"camera.fixed.{name}: no transform of the run draws it{of_run}: give {owners[name]}"
    )


def _owners() -> dict[str, str]:
    """The parameters that can be fixed, and which transform draws each."""
    from raydrift.drift.camera.searched import searched_transforms

    found: dict[str, str] = {}
    for transform in searched_transforms():
        for name in (*transform.spans(1.0), *transform.choices(1.0)):
            found.setdefault(name, str(transform))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, int):
        return value
    if isinstance(value, Real):
        number = float(value)
        if not isfinite(number):
            raise TypeError
        return number
    if isinstance(value, str) or len(value) != 3:
        raise TypeError
    rows = [[float(cell) for cell in row] for row in value]
    if any(len(row) != 3 or not all(map(isfinite, row)) for row in rows):
        raise TypeError
    return rows


def _numbers(value: Any) -> list[float]:
    return [value] if isinstance(value, float | int) else [one for row in value for one in row]
