"""What a sensor saw of a sample, and what views make of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.camera import Camera, View, develop_views, downsampled, unprocess
from raydrift.drift.camera.setup import CameraSetup
from raydrift.images.pixels import RGB, Sample, rgb_of

Picture = tuple[View, RGB]
"""A view, and its picture of a sample."""


@dataclass(frozen=True)
class Sensed:
    """A mosaic and the camera that it is of.

    Attributes:
        mosaic: float32, (height · oversample, width · oversample); 1 is the full scale.
        camera: Its constants; its view is not used.
        oversample: Of how many times as many rows and columns the mosaic is as the picture.
    """

    mosaic: npt.NDArray[np.float32]
    camera: Camera
    oversample: int = 1

    @property
    def facts(self) -> dict[str, Any]:
        """The constants that the mosaic is developed with, as JSON has them."""
        camera = self.camera
        return {
            "black_level": list(camera.black_level),
            "white_balance": list(camera.white_balance),
            "colour_matrix": [list(row) for row in camera.colour_matrix],
            "gamma": camera.gamma,
            "cfa": str(camera.cfa),
            "oversample": self.oversample,
        }


def sensed(sample: Sample, setup: CameraSetup) -> Sensed:
    """The mosaic and the camera of a sample.

    A photograph goes through the camera of the setup backwards.

    Raises:
        PipelineError: The sample is no photograph.
    """
    photo = rgb_of(sample, "a view")
    raw = unprocess(photo, setup.camera, setup.oversample)
    return Sensed(raw, setup.camera, setup.oversample)


def pictures(seen: Sensed, views: Iterable[View], compat: bool = False) -> Iterator[Picture]:
    """What each view makes of a mosaic, in grey levels.

    Args:
        seen: The mosaic and its camera.
        views: As for ``develop_views``.
        compat: As for ``develop``.

    Yields:
        Each view and its picture, uint8 RGB of shape (height, width, 3), in the order of
        ``develop_views``.
    """
    for view, image in develop_views(seen.mosaic, seen.camera, views, compat):
        levels = downsampled(image, seen.oversample)
        levels = np.rint(np.multiply(levels, np.float32(255), out=levels), out=levels)
        yield view, levels.astype(np.uint8)  # develop clips
