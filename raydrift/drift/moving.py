"""Transforms that move pixels: masks and points move along."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.images.decoded import RGB
from raydrift.transforms import Transform

Matrix = npt.NDArray[np.float64]
"""Float64 (2, 3): where the centre of a pixel at (x, y, 1) goes to."""


@dataclass(frozen=True)
class MovingTransform(Transform):
    """A transform that moves pixels in straight lines: it says where to, the rest follows.

    What comes from outside the image is black.
    """

    moves = True

    @abstractmethod
    def matrix(self, height: int, width: int, *_: Any, **parameters: Any) -> Matrix:
        """Where pixels go in an image of this size, in pixels; the first one's centre is (0, 0).

        Args:
            height: Of the image.
            width: Likewise.
            **parameters: What ``draw`` returned.
        """

    def apply(self, image: RGB, *_: Any, **parameters: Any) -> RGB:
        """Moves the pixels, bilinear in between."""
        return self._moved(image, cv2.INTER_LINEAR, parameters)

    def apply_to_mask(self, mask: RGB, **parameters: Any) -> RGB:
        """Moves a mask of labels, uint8 (height, width): each pixel has the label of one before.

        What comes from outside is 0.
        """
        return self._moved(mask, cv2.INTER_NEAREST, parameters)

    def apply_to_points(
        self, points: npt.NDArray[np.float64], height: int, width: int, **parameters: Any
    ) -> npt.NDArray[np.float64]:
        """Moves points, float64 (n, 2) of (x, y) in pixels; some may lie outside afterwards."""
        matrix = self.matrix(height, width, **parameters)
        moved: npt.NDArray[np.float64] = points @ matrix[:, :2].T + matrix[:, 2]
        return moved

    def _moved(self, image: RGB, interpolation: int, parameters: dict[str, Any]) -> RGB:
        height, width = image.shape[:2]
        matrix = self.matrix(height, width, **parameters)
        moved: RGB = cv2.warpAffine(image, matrix, (width, height), flags=interpolation)
        return moved
