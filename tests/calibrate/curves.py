"""Curves to test with."""

from collections.abc import Callable, Sequence

from raydrift.calibrate import Curve, CurvePoint

TENTHS = tuple(number / 10 for number in range(11))


def curve(
    divergence: Callable[[float], float], levels: Sequence[float] = TENTHS, band: float = 0.1
) -> Curve:
    """The curve of a function, with intervals of so many of its parts to both sides."""
    points = []
    for level in levels:
        value = divergence(level)
        margin = band * abs(value)
        points.append(CurvePoint(level, value, value - margin, value + margin))
    return Curve(tuple(points))


def like_default(level: float) -> float:
    """Blur, then suddenly a little noise, then more: what ``default`` is like on photographs."""
    return 1.4 * level**2 if level <= 0.5 else 0.16 + 1.6 * (level - 0.5)


DEFAULT_LEVELS = tuple(sorted((*TENTHS, 0.500001)))
