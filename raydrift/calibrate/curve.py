"""From measured (level, divergence) points to a curve, and back from a divergence to its level."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np

from raydrift.errors import SettingsError

JUMP: Final = 1e-6
"""Points that are no farther apart are the two sides of a jump: there is no level between them."""

TOLERANCE: Final = 0.005
"""A measured point whose divergence is within this share of the target is taken as it is."""

_DIGITS: Final = 6


@dataclass(frozen=True)
class CurvePoint:
    """What was measured at one level.

    Attributes:
        level: From 0 to 1.
        divergence: The divergence of the sample.
        low: Lower end of its 95 % interval: how sure the divergence is.
        high: Upper end.
        other_low: Lower end of the 95 % interval for another sample of images; None: it was not
            asked for.
        other_high: Upper end.
    """

    level: float
    divergence: float
    low: float
    high: float
    other_low: float | None = None
    other_high: float | None = None


@dataclass(frozen=True)
class Curve:
    """A divergence by level: monotone cubics (PCHIP) between the measured points.

    Between two neighbours the curve stays between their divergences: it rises and falls only where
    the measurements do. Where it jumps it ends, and another piece begins.

    A divergence may be had at several levels, as ``default`` falls where it goes from blur to
    noise: then the lowest one counts. So from the divergence at level 0 upwards a higher
    divergence never has a lower level, whatever the curve does in between, unless it jumps upwards
    and falls from there.

    Attributes:
        points: Two or more, in rising order of their levels.

    Raises:
        SettingsError: (a ``ValueError``) The points are too few, out of order or not finite.

    >>> points = [CurvePoint(x, x**2, 0.9 * x**2, 1.1 * x**2) for x in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    >>> curve = Curve(tuple(points))
    >>> round(curve.level_for(0.5), 2), curve.level_for(0.64)
    (0.71, 0.8)
    """

    points: tuple[CurvePoint, ...]

    def __post_init__(self) -> None:
        levels = [point.level for point in self.points]
        if len(levels) < 2 or any(there <= here for here, there in pairwise(levels)):
            raise SettingsError("a curve needs two or more points in rising order of their levels")
        values = [(point.divergence, point.low, point.high) for point in self.points]
        others = [(point.other_low, point.other_high) for point in self.points]
        known = [value for pair in others for value in pair if value is not None]
        if len(known) not in (0, 2 * len(others)):
            raise SettingsError("a curve needs intervals for another sample at all levels, or none")
        values += [(value, 0.0, 0.0) for value in known]
        if not (np.isfinite(values).all() and levels[0] >= 0 and levels[-1] <= 1):
            raise SettingsError("a curve needs levels from 0 to 1 and finite divergences")

    def at(self, level: float) -> float:
        """The divergence at a level; beyond the first or last point it is that point's."""
        for piece in self._pieces:
            if level <= piece.points[-1].level:
                return piece.divergence(max(level, piece.points[0].level))
        return self.points[-1].divergence

    def level_for(self, target: float) -> float:
        """The lowest level with a divergence.

        Returns:
            A level that was measured, if its divergence is within 0.5 % of the target; else one
            between two that were, to six digits.

        Raises:
            SettingsError: (a ``ValueError``) The curve never has it; the message says what it has.
        """
        return self._find(target)[1]

    def interval_for(self, target: float, other: bool = False) -> tuple[float, float]:
        """The levels around ``level_for`` at which the band of the 95 % intervals holds the target.

        The band is not followed over a jump. An end that is an end of the curve means: or beyond.

        Args:
            target: The divergence.
            other: The band is that for another sample of images.

        Raises:
            SettingsError: (a ``ValueError``) As for ``level_for``; or there is no such band.
        """
        piece, level = self._find(target)
        if other and self.points[0].other_low is None:
            raise SettingsError("for another sample nothing was measured: give for_images")
        return piece.around(level, target, "other_" if other else "")

    @property
    def reach(self) -> tuple[tuple[float, float], ...]:
        """Which divergences there are: (from, to), rising; gaps that do not matter are closed."""
        spans = sorted(
            (
                min(one.divergence for one in piece.points),
                max(one.divergence for one in piece.points),
            )
            for piece in self._pieces
        )
        merged = spans[:1]
        for low, high in spans[1:]:
            if low - merged[-1][1] <= TOLERANCE * abs(low):
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return tuple(merged)

    @cached_property
    def _pieces(self) -> tuple["_Piece", ...]:
        pieces = [[self.points[0]]]
        for here, there in pairwise(self.points):
            if is_jump(here, there):
                pieces.append([])
            pieces[-1].append(there)
        return tuple(_Piece(tuple(piece)) for piece in pieces)

    def _find(self, target: float) -> tuple["_Piece", float]:
        for piece in self._pieces:
            level = piece.level_for(target)
            if level is not None:
                return piece, level
        spans = [(f"{low:.4g}", f"{high:.4g}") for low, high in self.reach]
        reach = " and ".join(low if low == high else f"{low} to {high}" for low, high in spans)
        raise SettingsError(f"divergence {target:g} is out of reach: there is {reach}")


@dataclass(frozen=True)
class _Piece:
    """A part of a curve without jumps; it may be a single point."""

    points: tuple[CurvePoint, ...]

    def divergence(self, level: float) -> float:
        return float(self._lines["divergence"](level))

    def level_for(self, target: float) -> float | None:
        for here, there in pairwise(self.points):
            near = _nearest((here, there), target)
            if near is not None:
                return near.level
            low, high = sorted((here.divergence, there.divergence))
            if low < target < high:
                return round(self._solve(target, here.level, there.level), _DIGITS)
        near = _nearest(self.points, target)
        return None if near is None else near.level

    def around(self, level: float, target: float, band: str) -> tuple[float, float]:
        levels = [point.level for point in self.points]
        below = [one for one in reversed(levels) if one < level]
        above = [one for one in levels if one > level]
        return self._edge(level, below, target, band), self._edge(level, above, target, band)

    def _edge(self, level: float, outwards: Iterable[float], target: float, band: str) -> float:
        """Where the band lets go of the target, on the way from a level over others."""

        def slack(at: float) -> float:
            low, high = (float(self._lines[band + end](at)) for end in ("low", "high"))
            return min(target - low, high - target)

        if slack(level) <= 0:
            return level
        for there in outwards:
            if slack(there) < 0:
                return round(_root(slack, level, there), _DIGITS)
            level = there
        return level

    def _solve(self, target: float, here: float, there: float) -> float:
        return _root(lambda level: self.divergence(level) - target, here, there)

    @cached_property
    def _lines(self) -> dict[str, Any]:
        """The curves: of the divergence and of both ends of its intervals."""
        from scipy.interpolate import PchipInterpolator

        levels = [point.level for point in self.points]
        names = ["divergence", "low", "high"]
        if self.points[0].other_low is not None:
            names += ["other_low", "other_high"]
        if len(levels) == 1:
            return {name: lambda _, name=name: getattr(self.points[0], name) for name in names}
        return {
            name: PchipInterpolator(levels, [getattr(point, name) for point in self.points])
            for name in names
        }


def is_jump(here: CurvePoint, there: CurvePoint) -> bool:
    """Whether two neighbours are the two sides of a jump."""
    return there.level - here.level <= 1.5 * JUMP  # which is not exact in binary


def _root(function: Callable[[float], float], one: float, other: float) -> float:
    """Where a function is 0 between two places, or at one of them but for rounding."""
    from scipy.optimize import brentq

    ends = function(one), function(other)
    if np.sign(ends[0]) * np.sign(ends[1]) >= 0:
        return one if abs(ends[0]) <= abs(ends[1]) else other
    return float(brentq(function, one, other))


def _nearest(points: Iterable[CurvePoint], target: float) -> CurvePoint | None:
    """The point that has the target, or nearly; None: none of them does."""
    nearest = min(points, key=lambda point: abs(point.divergence - target))
    return nearest if abs(nearest.divergence - target) <= TOLERANCE * abs(target) else None
