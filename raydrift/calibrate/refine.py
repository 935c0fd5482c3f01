"""Where to measure next, so that a curve is known well and the level of a target exactly."""

from itertools import pairwise
from typing import Final

from raydrift.calibrate.curve import Curve
from raydrift.errors import SettingsError

_LARGE: Final = 0.15  # of all that the curve spans
_NOTABLE: Final = 0.03  # if it is to the double as well
_FINEST: Final = 0.02
_DIGITS: Final = 5


def next_levels(curve: Curve, target: float | None, halve: bool) -> tuple[float, ...]:
    """The levels to measure next, all at once; none: the curve is good enough.

    Instead of one level, as in bisection, a round takes several, for starting a round of work
    costs more than a level: where the curve is expected to have the target, and the middle of what
    remains on the longer side, in case it is not there.

    Args:
        curve: As it was measured so far.
        target: The divergence that a level is wanted for; None: only the curve is.
        halve: Whether large steps anywhere are halved as well.
    """
    known = {point.level for point in curve.points}
    wanted = set(_halves(curve)) if halve else set()
    if target is not None:
        wanted |= set(_around(curve, target))
    return tuple(sorted({round(level, _DIGITS) for level in wanted} - known))


def _halves(curve: Curve) -> list[float]:
    values = [point.divergence for point in curve.points]
    span = max(values) - min(values)
    found = []
    for here, there in pairwise(curve.points):
        step = abs(there.divergence - here.divergence)
        smaller, larger = sorted((abs(here.divergence), abs(there.divergence)))
        far = step > _LARGE * span or (step > _NOTABLE * span and larger > 2 * smaller)
        if far and there.level - here.level > _FINEST:
            found.append((here.level + there.level) / 2)
    return found


def _around(curve: Curve, target: float) -> list[float]:
    try:
        level = curve.level_for(target)
    except SettingsError:  # a finer curve may reach farther
        return []
    if any(point.level == level for point in curve.points):
        return []
    below = max(point.level for point in curve.points if point.level < level)
    above = min(point.level for point in curve.points if point.level > level)
    farther = below if level - below > above - level else above
    return [level, (level + farther) / 2]
