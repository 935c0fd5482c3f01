"""Image files in memory."""

from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image


def file_of(image: Image.Image | npt.NDArray[np.generic], kind: str, **options: Any) -> bytes:
    """An image file, as Pillow writes it."""
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
