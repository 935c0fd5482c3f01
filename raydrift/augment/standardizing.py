"""What is done to an image's numbers after its augmentation, before a network sees them."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.warned import warn

Image = npt.NDArray[Any]

_EPSILON: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Standardization:
    """What is done, in this order.

    Attributes:
        preprocessing_function: Is given the numbers first, and returns others.
        rescale: A factor; None or 0: none.
        samplewise_center: Subtract the mean of all numbers.
        samplewise_std_normalization: Divide by their standard deviation.
        featurewise_center: Subtract ``mean``.
        featurewise_std_normalization: Divide by ``std``.
        zca_whitening: Multiply by ``zca``.
        mean: Of each channel, as it broadcasts; None: not known yet.
        std: Of each channel.
        zca: A square matrix over all numbers of an image.
    """

    preprocessing_function: Callable[[Image], Image] | None = None
    rescale: float | None = None
    samplewise_center: bool = False
    samplewise_std_normalization: bool = False
    featurewise_center: bool = False
    featurewise_std_normalization: bool = False
    zca_whitening: bool = False
    mean: Image | None = None
    std: Image | None = None
    zca: Image | None = None


def standardize(x: Image, how: Standardization) -> Image:
    """Standardizes an image, or a batch of them, in place where that can be.

    What has to be known of the whole set, but is not, is passed over with a warning.

    Args:
        x: Floats. Of a batch, the mean and the deviation are those of the whole batch.
        how: What is done.

    Returns:
        ``x`` itself; another array after a preprocessing function or whitening.

    Raises:
        TypeError: ``x`` is of a whole-number type, in which the result cannot be held; or the
            preprocessing function returned None.

    >>> standardize(np.array([[[51.0]]]), Standardization(rescale=1 / 255))
    array([[[0.2]]])
    """
    if how.preprocessing_function:
        x = how.preprocessing_function(x)
        if x is None:
            raise TypeError("preprocessing_function returned None: return the image")
    if how.rescale:
        x *= how.rescale
    if how.samplewise_center:
        x -= _mean(x)
    if how.samplewise_std_normalization:
        x /= _deviation(x, centred=how.samplewise_center) + _EPSILON
    if how.featurewise_center:
        if how.mean is not None:
            x -= how.mean
        else:
            _warn_not_fitted("featurewise_center")
    if how.featurewise_std_normalization:
        if how.std is not None:
            x /= how.std + _EPSILON
        else:
            _warn_not_fitted("featurewise_std_normalization")
    if how.zca_whitening:
        if how.zca is not None:
            x = (x.reshape(-1, prod(x.shape[-3:])) @ how.zca).reshape(x.shape)
        else:
            _warn_not_fitted("zca_whitening")
    return x


def _mean(x: Image) -> Any:
    """The mean in the image's dtype; of float32 from a sum in float64."""
    if not _is_plain(x):
        return np.mean(x)
    return np.float32(cv2.sumElems(x.reshape(len(x), -1))[0] / x.size)


def _deviation(x: Image, centred: bool) -> Any:
    if not (centred and _is_plain(x)):
        return np.std(x)
    flat = x.reshape(len(x), -1)
    left = cv2.sumElems(flat)[0] / x.size  # what float32 could not take off
    return np.float32(max(cv2.norm(flat) ** 2 / x.size - left**2, 0) ** 0.5)


def _is_plain(x: Image) -> bool:
    """Whether OpenCV can sum it up, which it does in float64, faster than numpy in float32."""
    return bool(x.dtype == np.float32 and x.flags.c_contiguous and x.size)


def _warn_not_fitted(what: str) -> None:
    warn(
        f"This ImageDataGenerator specifies `{what}`, but it hasn't been fit on any training "
        "data. Fit it first by calling `.fit(numpy_data)`."
    )
