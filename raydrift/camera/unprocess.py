"""Unprocessing: the mosaic that a camera would have made a photograph of."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from raydrift.camera.camera import Camera
from raydrift.camera.cfa import mosaicked
from raydrift.camera.matrices import Matrix, inverse, scaled_rows
from raydrift.camera.planes import Planes, mixed
from raydrift.errors import SettingsError
from raydrift.images.pixels import RGB, check_rgb


def unprocess(photo: RGB, camera: Camera, oversample: int = 1) -> npt.NDArray[np.float32]:
    """The raw mosaic behind a photograph: each step of the camera undone, and then mosaicked.

    As in Brooks et al., "Unprocessing Images for Learned Raw Denoising" (CVPR 2019), but for the
    tone curve, which is the camera's power, and for highlights, which stay as they are. Sharpening
    and denoising are not undone.

    Args:
        photo: RGB, (height, width, 3).
        camera: Its matrix must have an inverse.
        oversample: Of how many times as many rows and columns the mosaic is. A photograph that was
            made smaller is as sharp as pixels get; in a larger mosaic that survives.

    Returns:
        float32, (height · oversample, width · oversample). White is the black level and 1 less the
        gain, which with a gain of 1 is more than the full scale: values are not cut.

    Raises:
        PipelineError: The photograph is not uint8 RGB.
        SettingsError: The matrix has no inverse.
    """
    check_rgb(photo, "unprocess")
    if oversample > 1:
        height, width = photo.shape[:2]
        size = (width * oversample, height * oversample)
        # Pillow's whole numbers are the same everywhere; OpenCV's resize calls Intel's library.
        photo = np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC))
    return mosaicked(camera_rgb(photo, camera), camera.cfa, camera.black_level)


def camera_rgb(photo: RGB, camera: Camera) -> Planes:
    """What the sensor would have seen of a photograph, all three colours of each pixel.

    Args:
        photo: RGB, uint8, (height, width, 3).
        camera: Its matrix must have an inverse.

    Returns:
        float32 planes (3, height, width), without the black level.
    """
    table = _linear(camera.gamma)
    linear, seen = np.empty((2, 3, *photo.shape[:2]), np.float32)
    for channel, plane in enumerate(linear):
        cv2.LUT(cv2.extractChannel(photo, channel), table, dst=plane)
    return mixed(linear, from_srgb(camera), seen)


def from_srgb(camera: Camera) -> Matrix:
    """From linear sRGB to a camera's own colours: 1/gains · the inverse of its matrix.

    Raises:
        SettingsError: There is no inverse.
    """
    try:
        matrix = inverse(camera.colour_matrix)
    except ZeroDivisionError:
        raise SettingsError(
            f"colour_matrix is {camera.colour_matrix!r}: give one with an inverse"
        ) from None
    return scaled_rows(matrix, [1 / gain for gain in camera.white_balance])


def downsampled(image: npt.NDArray[Any], oversample: int) -> npt.NDArray[Any]:
    """The mean over squares of pixels, of what was rendered from a larger mosaic.

    Args:
        image: RGB in [0, 1], (height · oversample, width · oversample, 3).
        oversample: As it was given to ``unprocess``.
    """
    if oversample == 1:
        return image
    sums = sum(
        image[row::oversample, column::oversample]
        for row in range(oversample)
        for column in range(oversample)
    )
    means: npt.NDArray[Any] = np.multiply(sums, image.dtype.type(1 / oversample**2))
    return means


@lru_cache(maxsize=8)
def _linear(gamma: float) -> npt.NDArray[np.float32]:
    """Linear light of each grey level."""
    table = np.array([(level / 255) ** gamma for level in range(256)], np.float32)
    table.flags.writeable = False
    return table
