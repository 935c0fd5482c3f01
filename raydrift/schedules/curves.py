"""How something rises over a window, from 0 at its begin to 1 at its end."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError, reason, suggest

Curve = str | tuple[float, ...]
"""``linear``, ``sigmoid``, or values at even steps, joined by straight lines."""

Rise = str | Sequence[float] | Callable[[float], float]
"""What ``plain_curve`` takes."""

LINEAR: Final = "linear"
SIGMOID: Final = "sigmoid"

DECIMALS: Final = 12
"""What transcendental functions are rounded to: last digits differ from machine to machine."""

_STEPS: Final = 256
_STEEPNESS: Final = 10.0


def plain_curve(curve: object, name: str) -> Curve:
    """Checks a curve; a function is looked up at 257 even steps from 0 to 1.

    Args:
        curve: ``linear``, ``sigmoid``, two or more values from 0 to 1 at even steps, or a function
            from 0 to 1 (how much of the window is over) to 0 to 1 (how much is risen).
        name: What an error calls it.

    Raises:
        SettingsError: It is none of these.

    >>> len(plain_curve(lambda t: t**2, "curve")), plain_curve([0, 0.5, 1], "curve")
    (257, (0.0, 0.5, 1.0))
    """
    if isinstance(curve, str):
        if curve not in (LINEAR, SIGMOID):
            raise SettingsError(f"{name} is {curve!r}: {suggest(curve, (LINEAR, SIGMOID))}")
        return curve
    if callable(curve):
        return _looked_up(curve, name)
    if isinstance(curve, Sequence) and len(curve) > 1:
        return tuple(_share(value, name) for value in curve)
    raise SettingsError(
        f"{name} is {curve!r}: give linear, sigmoid, or a list of values from 0 to 1"
    )


def _looked_up(function: Callable[[float], object], name: str) -> Curve:
    try:
        values = [function(step / _STEPS) for step in range(_STEPS + 1)]
    except Exception as error:
        raise SettingsError(f"{name}: the function failed with {reason(error)}") from error
    return tuple(_share(value, name) for value in values)


def _share(value: object, name: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number <= 1:
        raise SettingsError(f"{name} has the value {value!r}: give numbers from 0 to 1")
    return number


def risen(curve: Curve, over: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How much has risen where some of a window is over.

    Args:
        curve: What ``plain_curve`` gave.
        over: Float64, below 0 before the window and above 1 after it.

    Returns:
        Float64 of the same shape, 0 to 1.

    >>> risen("sigmoid", np.array([-1.0, 0.0, 0.5, 1.0])).round(3).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """
    inside = np.clip(over, 0.0, 1.0)
    if curve == LINEAR:
        return inside
    if curve == SIGMOID:  # the logistic function, stretched to reach 0 and 1
        least = 1 / (1 + np.exp(_STEEPNESS / 2))
        logistic = 1 / (1 + np.exp(-_STEEPNESS * (inside - 0.5)))
        stretched: npt.NDArray[np.float64] = (logistic - least) / (1 - 2 * least)
        return np.clip(stretched, 0.0, 1.0).round(DECIMALS)
    return np.interp(inside, np.linspace(0.0, 1.0, len(curve)), np.array(curve, np.float64))
