"""What a maker of batches is made of: whether workers still have what the user has."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

import numpy as np

_PLAIN: Final = (bool, int, float, complex, str, bytes, np.generic, type(None))
_COPIED: Final = 2**16  # bytes of an array, of which a change in place is seen
_LONG: Final = 1000  # items
_DEEP: Final = 8


def made_of(value: Any, depth: int = 0) -> Any:
    """What a value is made of at this moment, to be compared with ``==`` later; it is cheap.

    Settings of generators and makers are looked into, with their lists, dicts and small arrays. A
    large array is equal to itself and to one of the same numbers, a long list and any other object
    to itself alone: what is changed inside of these is not seen.

    >>> ranges = [0.8, 1.2]
    >>> before = made_of({"zoom_range": ranges, "function": print})
    >>> before == made_of({"zoom_range": [0.8, 1.2], "function": print})
    True
    >>> ranges[0] = 0.5
    >>> before == made_of({"zoom_range": ranges, "function": print})
    False
    """
    if isinstance(value, _PLAIN):
        return type(value), repr(value)  # so that NaN is NaN
    if depth > _DEEP:
        return _Itself(value)
    if isinstance(value, np.ndarray):
        small = value.nbytes <= _COPIED and not value.dtype.hasobject
        return _Numbers(value.copy() if small else value)
    if isinstance(value, Mapping) and len(value) <= _LONG:
        parts = [(made_of(key, depth + 1), made_of(one, depth + 1)) for key, one in value.items()]
        return type(value), parts
    if isinstance(value, list | tuple) and len(value) <= _LONG:
        return type(value), [made_of(one, depth + 1) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in fields(value)]
        return type(value), [made_of(getattr(value, name), depth + 1) for name in names]
    if isinstance(getattr(type(value), "flow_options", None), property):  # a generator of ours
        return type(value), made_of(vars(value), depth + 1)
    return _Itself(value)


@dataclass(frozen=True, eq=False)
class _Itself:
    """An object that is equal to itself; it is held, so that no other has its address."""

    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Itself):
            return False
        # Each look at a method makes another object.
        return self.value is other.value or (callable(self.value) and self.value == other.value)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class _Numbers:
    """An array that is equal to one of the same numbers."""

    array: np.ndarray[Any, Any]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Numbers):
            return False
        a, b = self.array, other.array
        if a is b:
            return True
        is_same = a.dtype == b.dtype and a.shape == b.shape
        return is_same and not a.dtype.hasobject and a.tobytes() == b.tobytes()

    __hash__ = None  # type: ignore[assignment]
