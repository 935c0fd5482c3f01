"""Has libraries keep to themselves what they think of a broken file: why it is rejected says it."""

import ctypes
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Final

from PIL import _imaging

_LOGGERS: Final = ("PIL", "PIL.TiffImagePlugin", "imagecodecs", "tifffile")


@contextmanager
def quiet() -> Iterator[None]:
    """While it lasts, Pillow, tifffile and imagecodecs write nothing on standard error."""
    _silence_libtiff()
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in _LOGGERS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for log in levels:
            log.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for log, level in levels.items():
                log.setLevel(level)


@cache
def _silence_libtiff() -> None:
    """Takes away what libtiff says things with; Pillow leaves it be, and has no setting for it.

    Where Pillow was built in another way, and its libtiff cannot be found, nothing happens.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(_imaging.__file__)
        for setter in (library.TIFFSetErrorHandler, library.TIFFSetWarningHandler):
            setter.argtypes, setter.restype = (ctypes.c_void_p,), ctypes.c_void_p
            setter(None)
