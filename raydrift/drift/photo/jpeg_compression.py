"""``jpeg_compression``."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
import simplejpeg
from PIL import Image

from raydrift.images.decoded import RGB
from raydrift.transforms import Parameters, Transform

_HIGHEST: Final = 95


@dataclass(frozen=True)
class JpegCompression(Transform):
    """Saves the image as a JPEG, and reads it again.

    Attributes:
        lowest: libjpeg's quality at level 1; just above level 0 it is 95.
    """

    name = "jpeg_compression"
    help = "Saves the image as a JPEG of low quality."
    at_level = "quality from 95 to {lowest}"

    lowest: int = 5

    def __post_init__(self) -> None:
        """As libjpeg takes it."""
        super().__post_init__()
        self.require(1 <= self.lowest <= _HIGHEST, "lowest", f"give 1 to {_HIGHEST}")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``quality``, 1 to 95."""
        return {"quality": round(_HIGHEST - (_HIGHEST - self.lowest) * level)}

    def apply(self, image: RGB, quality: float) -> RGB:
        """With colours at half the resolution, as most cameras and programs save them."""
        file = BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=int(quality), subsampling="4:2:0")
        decoded: RGB = simplejpeg.decode_jpeg(file.getvalue())
        return decoded

    def jumps(self) -> tuple[float, ...]:
        """Even the highest quality changes pixels."""
        return (0.0,)
