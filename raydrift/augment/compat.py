"""Whose behaviour is followed where libraries differ: ours, or one of theirs to the letter."""

from typing import Final

from raydrift.errors import SettingsError, suggest

FIXED: Final = "fixed"
"""Ours: rows are rows, the centre is the centre, and brightness multiplies."""

KERAS3: Final = "keras3"
"""Keras 3 and tf_keras, with what they get wrong on images that are not square."""

KP112: Final = "kp112"
"""keras-preprocessing 1.1.2, in which x is the row."""

COMPATS: Final = (FIXED, KERAS3, KP112)


def check_compat(compat: object) -> str:
    """Returns the name of a behaviour.

    Raises:
        SettingsError: There is none of this name.

    >>> check_compat("fixed")
    'fixed'
    """
    for known in COMPATS:
        if compat == known:
            return known
    raise SettingsError(f"compat is {compat!r}: {suggest(str(compat), COMPATS)}")
