"""What a camera's numbers can be, and what can be developed."""

from collections.abc import Iterable
from math import isfinite
from numbers import Real
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.camera.matrices import Matrix, Row, matrix_of
from raydrift.errors import ImageError, SettingsError
from raydrift.images.pixels import told

Black = tuple[float, float, float, float]
"""By place: (0, 0), (0, 1), (1, 0), (1, 1)."""

SMALLEST: Final = 2
"""Rows and columns: what is smaller lacks a colour."""

_DTYPES: Final = (np.uint8, np.uint16, np.float32, np.float64)


def black_of(given: object) -> Black:
    """A black level for each place.

    Args:
        given: One number for all places, or four.

    Raises:
        SettingsError: It is neither, or one of them is not finite or white.
    """
    remedy = "give one number, or four by place, of the full scale and below 1"
    levels = _numbers("black_level", given, remedy)
    if len(levels) == 1:
        levels *= 4
    if len(levels) != 4 or not all(isfinite(level) and level < 1 for level in levels):
        raise SettingsError(f"black_level is {given!r}: {remedy}")
    first, second, third, fourth = levels
    return first, second, third, fourth


def gains_of(given: object) -> Row:
    """White balance: a gain for red, green and blue.

    The published gains of the microscope are negative in red, and its colour matrix makes up for
    it. So negative ones are taken.

    Raises:
        SettingsError: They are not three numbers, or one is 0 or not finite.
    """
    remedy = "give three finite gains for red, green and blue, none of them 0"
    gains = _numbers("white_balance", given, remedy)
    if len(gains) != 3 or not all(isfinite(gain) and gain for gain in gains):
        raise SettingsError(f"white_balance is {given!r}: {remedy}")
    red, green, blue = gains
    return red, green, blue


def colour_matrix_of(given: object) -> Matrix:
    """A colour matrix, from a camera's red, green and blue to linear sRGB.

    Raises:
        SettingsError: It is not 3 × 3 finite numbers.
    """
    remedy = "give three rows of three finite numbers"
    try:
        matrix = matrix_of(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise SettingsError(f"colour_matrix is {given!r}: {remedy}") from None
    if not all(isfinite(one) for row in matrix for one in row):
        raise SettingsError(f"colour_matrix is {given!r}: {remedy}")
    return matrix


def gamma_of(given: object) -> float:
    """An exponent: pixels are the linear values to the power of 1/gamma.

    Raises:
        SettingsError: It is not a finite number above 0.
    """
    numbers = _numbers("gamma", given, "give a number above 0")
    if len(numbers) != 1 or not (isfinite(numbers[0]) and numbers[0] > 0):
        raise SettingsError(f"gamma is {given!r}: give a number above 0")
    return numbers[0]


def _numbers(name: str, given: object, remedy: str) -> list[float]:
    plain: Any = getattr(given, "tolist", lambda: given)()  # of numpy's arrays and numbers
    each = list(plain) if isinstance(plain, Iterable) and not isinstance(plain, str) else [plain]
    if not all(isinstance(one, Real) and not isinstance(one, bool) for one in each):
        raise SettingsError(f"{name} is {given!r}: {remedy}")
    return [float(one) for one in each]


def mosaic_of(given: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
    """A mosaic as floats, where 1 is the full scale.

    Args:
        given: (height, width); uint8 and uint16 are divided by 255 and 65,535.

    Returns:
        float64 for float64, float32 for all others; the same array where nothing had to be done.

    Raises:
        ImageError: It is of another dtype or shape, too small, or not finite everywhere.
    """
    mosaic = np.asarray(given)
    if not mosaic.dtype.isnative:
        mosaic = mosaic.astype(mosaic.dtype.newbyteorder("="))
    if mosaic.dtype not in _DTYPES:
        raise _refused(mosaic, "give uint8, uint16, float32 or float64")
    if mosaic.ndim != 2:
        raise _refused(mosaic, "give the one channel of a mosaic, (height, width)")
    if min(mosaic.shape) < SMALLEST:
        raise _refused(mosaic, f"give at least {SMALLEST} rows and {SMALLEST} columns")
    if np.issubdtype(mosaic.dtype, np.integer):
        most = np.float32(np.iinfo(mosaic.dtype).max)
        scaled: npt.NDArray[np.floating] = np.divide(mosaic, most, dtype=np.float32)
        return scaled
    whole = np.ascontiguousarray(mosaic)
    if not cv2.checkRange(whole)[0]:
        raise ImageError("develop", "the mosaic has values that are not finite")
    return whole


def _refused(mosaic: npt.NDArray[Any], remedy: str) -> ImageError:
    return ImageError("develop", f"the mosaic is {told(mosaic)}: {remedy}")
