"""``gaussian_blur``."""

from dataclasses import dataclass

import cv2
import numpy as np

from raydrift.drift.pixels import as_levels
from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class GaussianBlur(Transform):
    """Averages with a Gaussian; the border is reflected without repeating the edge pixel.

    Attributes:
        sigma: Standard deviation x·L, pixels.
        kernel: Width to which it is cut, an odd number of pixels.
    """

    name = "gaussian_blur"
    help = "Blurs like a soft lens."
    at_level = "sigma {sigma:g}·L pixels, {kernel} × {kernel} kernel"

    sigma: float = 3.0
    kernel: int = 5

    def __post_init__(self) -> None:
        """A kernel has a middle."""
        super().__post_init__()
        odd = self.kernel % 2 == 1 and self.kernel <= 31
        self.require(odd, "kernel", "give an odd number up to 31")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``sigma`` and ``size``, pixels."""
        return {"sigma": self.sigma * level, "size": self.kernel}

    def apply(self, image: RGB, sigma: float, size: float) -> RGB:
        """Averages with a Gaussian of ``sigma`` pixels, cut to ``size`` × ``size``."""
        if sigma == 0:  # which OpenCV takes for a wish to choose it
            return image
        # In float32: OpenCV's own 8-bit blur rounds its weights and is 3 levels off at the worst.
        kernel = cv2.getGaussianKernel(int(size), sigma, cv2.CV_32F)
        return as_levels(
            cv2.sepFilter2D(image, cv2.CV_8U, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
        )
