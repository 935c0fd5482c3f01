"""What a decoder gives, brought to its size, upright and into its colours."""

from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from raydrift.images.decoded import Decoded
from raydrift.images.metadata import Metadata
from raydrift.images.orientation import lying, upright, upright_size
from raydrift.images.photometric import Drawn
from raydrift.images.profiles import managed
from raydrift.images.resize import resize_image
from raydrift.settings.image import ImageSettings


def finished(
    image: Image.Image, said: Metadata, settings: ImageSettings, inks: bool = False
) -> Decoded:
    """An image at its size, upright and in its colours.

    Args:
        image: In grey, RGB or, where its profile converts that, CMYK.
        said: What its file says.
        settings: The wanted size.
        inks: Whether the file stores CMYK.
    """
    size = lying(settings, said.orientation)
    if image.mode == "CMYK":
        pixels = np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR))
    else:
        pixels = resize_image(image, *size)
    if pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    decoded = managed(upright(pixels, said.orientation), said.profile, settings, inks)
    return replace(decoded, size=upright_size(image.height, image.width, said.orientation))


def finished_drawn(
    drawn: Drawn, said: Metadata, settings: ImageSettings, inks: bool = False
) -> Decoded:
    """As ``finished``, of samples that were drawn in 8 bits, with their values and remarks."""
    image = Image.fromarray(drawn.levels, "CMYK" if drawn.levels.shape[2:] == (4,) else None)
    decoded = finished(image, said, settings, inks)
    return replace(decoded, remarks=drawn.remarks + decoded.remarks, values=drawn.values)
