"""The filter between whose doubling and halving an image is resampled."""

from math import sqrt
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

SYM6: Final = (
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
)
"""The low-pass filter of Daubechies' least asymmetric wavelet of 6 vanishing moments; its sum is
sqrt(2), and it is orthogonal to itself shifted by 2, 4, …: doubling and halving is the identity."""

REACH: Final = len(SYM6) // 4
"""Pixels of an image on each side of a place that its doubled image depends on."""

CENTRE: Final = -0.5
"""Where the centre of a doubled image lies, in its pixels, beside the middle of its rows: pixel i
is doubled to around 2i, for the filter's centre is its sixth tap."""


def double(images: Tensor) -> Tensor:
    """Twice the size.

    Args:
        images: Floats of shape (n, channels, h, w).

    Returns:
        Of shape (n, channels, 2h, 2w); outside the images are 0.
    """
    channels = images.shape[1]
    taps = _taps(images) * sqrt(2)
    columns, rows = taps.reshape(1, 1, -1, 1), taps.reshape(1, 1, 1, -1)
    for kernel, stride, padding in ((columns, (2, 1), (5, 0)), (rows, (1, 2), (0, 5))):
        filters = kernel.expand(channels, -1, -1, -1)
        images = conv_transpose2d(images, filters, None, stride, padding, groups=channels)
    return images


def halve(images: Tensor) -> Tensor:
    """Half the size: the inverse of ``double``, whose doubled images have a margin of 3 pixels.

    Args:
        images: Floats of shape (n, channels, 2h + 12, 2w + 12).

    Returns:
        Of shape (n, channels, h, w).
    """
    channels = images.shape[1]
    taps = _taps(images) / sqrt(2)
    columns, rows = taps.reshape(1, 1, -1, 1), taps.reshape(1, 1, 1, -1)
    images = images[:, :, 1:-1, 1:-1]
    for kernel, stride in ((columns, (2, 1)), (rows, (1, 2))):
        images = conv2d(images, kernel.expand(channels, -1, -1, -1), None, stride, groups=channels)
    return images


def _taps(images: Tensor) -> Tensor:
    return torch.tensor(SYM6, dtype=images.dtype, device=images.device)
