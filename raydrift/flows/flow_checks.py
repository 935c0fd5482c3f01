"""What a flow is given that cannot be, told when it is made."""

from numbers import Integral, Real
from typing import Any

from raydrift.errors import SettingsError


def checked_batch_size(batch_size: Any) -> int:
    """The batch size as a plain int.

    Raises:
        SettingsError: It is not a whole number of at least 1.

    >>> checked_batch_size(32.0)
    32
    """
    found = _whole(batch_size)
    if found is None or found < 1:
        raise SettingsError(f"batch_size is {batch_size!r}: give a whole number of at least 1")
    return found


def checked_size(target_size: Any) -> tuple[int, int] | None:
    """Height and width as plain ints; None: images are loaded as they are.

    Raises:
        SettingsError: They are not two whole numbers of at least 1.

    >>> checked_size([224.0, 224])
    (224, 224)
    """
    if target_size is None:
        return None
    try:
        found = [_whole(size) for size in target_size]
    except TypeError:  # one number, which has no items
        found = []
    height, width = found if len(found) == 2 else (None, None)
    if height is None or width is None or min(height, width) < 1:
        raise SettingsError(
            f"target_size is {target_size!r}: give height and width, two whole numbers of at "
            "least 1, as (224, 224)"
        )
    return height, width


def _whole(given: Any) -> int | None:
    """A whole number of any type; None: it is none."""
    is_number = isinstance(given, Integral | Real) and not isinstance(given, bool)
    return int(float(given)) if is_number and float(given).is_integer() else None
