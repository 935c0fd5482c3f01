"""Mosaics and renderings for batches."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from raydrift.camera import REFERENCE, Camera, Rendering
from raydrift.camera.rendering import linear_rgb, picture_of
from tests.camera.mosaics import uneven


def batch(n: int, height: int, width: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Different mosaics with edges and noise, up to a full scale and more."""
    whole = uneven(height + n, width + n)
    mosaics = [whole[i : i + height, i : i + width] for i in range(n)]
    return torch.tensor(np.stack(mosaics), dtype=dtype)


def by_numpy(raw: np.ndarray, rendering: Rendering) -> np.ndarray:
    """What numpy's code makes of a mosaic, (3, height, width), in its dtype."""
    return picture_of(linear_rgb(raw, rendering), rendering).transpose(2, 0, 1)


def plain(camera: Camera = REFERENCE, **changes: Any) -> Rendering:
    return replace(Rendering.by(camera), **changes)


def of_image(rendering: Rendering, image: int) -> Rendering:
    """A rendering of tensors as plain numbers for one of its images."""

    def number(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(number(one) for one in value)
        return value[image].item() if isinstance(value, Tensor) else value

    return Rendering(**{name: number(value) for name, value in vars(rendering).items()})
