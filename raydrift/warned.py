"""Warnings that point at the user's line, however deep in the package they arise."""

import sys
import warnings
from typing import Final

_NOT_THE_USERS: Final = ("raydrift", "keras", "tf_keras")
"""Packages whose lines no warning points at."""


def warn(words: str, category: type[Warning] = UserWarning) -> None:
    """Warns at the innermost line that is neither ours nor Keras'.

    Args:
        words: What is said, in one line.
        category: Kind of warning.
    """
    frame = sys._getframe(1)
    level = 2
    while frame.f_back is not None and _package(frame.f_globals) in _NOT_THE_USERS:
        frame, level = frame.f_back, level + 1
    warnings.warn(words, category, stacklevel=level)


def _package(told: dict[str, object]) -> str:
    return str(told.get("__name__", "")).partition(".")[0]
