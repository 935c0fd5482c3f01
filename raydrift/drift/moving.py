"""Transforms that move pixels: masks and points move along."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from raydrift.images.pixels import MASKS, RGB, ColourSpace
from raydrift.transforms import Transform

Matrix = npt.NDArray[np.float64]
"""Float64 (2, 3): where the centre of a pixel at (x, y, 1) goes to."""


@dataclass(frozen=True)
class MovingTransform(Transform):
    """A transform that moves pixels in straight lines: it says where to, the rest follows.

    What comes from outside the image is black. A mosaic cannot be moved so: its pixels would come
    under other filters.
    """

    moves = True
    takes = tuple(
        f"{dtype} {space}"
        for dtype, space in product(
            ("uint8", "uint16", "float32"),
            (ColourSpace.SRGB, ColourSpace.LINEAR, ColourSpace.GREY),
        )
    )

    def matrix(self, height: int, width: int, *_: Any, **parameters: Any) -> Matrix:
        """Where pixels go in an image of this size, in pixels; the first one's centre is (0, 0).

        Args:
            height: The height of the image.
            width: The width, pixels.
            **parameters: What ``draw`` returned.
        """
        raise NotImplementedError(f"{self.name} moves nothing: define matrix()")

    def apply(self, image: RGB, *_: Any, **parameters: Any) -> RGB:
        """Moves the pixels, bilinear in between."""
        return self._moved(image, cv2.INTER_LINEAR, parameters)

    def apply_to_mask(self, mask: npt.NDArray[Any], **parameters: Any) -> npt.NDArray[Any]:
        """Moves a mask of labels, (height, width): each pixel has the label of one before.

        What comes from outside is 0.

        Args:
            mask: bool, uint8, int16, uint16 or float32.
            **parameters: What ``draw`` returned.

        Raises:
            TypeError: It is of another type.
        """
        if mask.dtype == np.bool_:
            return self._moved(mask.astype(np.uint8), cv2.INTER_NEAREST, parameters) > 0
        if mask.dtype not in MASKS:
            raise TypeError(f"a mask of {mask.dtype}: give bool, uint8, int16, uint16 or float32")
        return self._moved(mask, cv2.INTER_NEAREST, parameters)

    def apply_to_points(
        self, points: npt.NDArray[np.float64], height: int, width: int, **parameters: Any
    ) -> npt.NDArray[np.float64]:
        """Moves points, float64 (n, 2) of (x, y) in pixels; some may lie outside afterwards."""
        matrix = self.matrix(height, width, **parameters)
        moved: npt.NDArray[np.float64] = points @ matrix[:, :2].T + matrix[:, 2]
        return moved

    def _moved(
        self, image: npt.NDArray[Any], interpolation: int, parameters: dict[str, Any]
    ) -> npt.NDArray[Any]:
        height, width = image.shape[:2]
        matrix = self.matrix(height, width, **parameters)
        moved: npt.NDArray[Any] = cv2.warpAffine(
            image, matrix, (width, height), flags=interpolation
        )
        return moved
