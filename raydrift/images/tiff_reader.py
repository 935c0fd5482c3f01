"""TIFF files to decoded images."""

from io import BytesIO

from raydrift.errors import ImageError
from raydrift.images import tiff
from raydrift.images.decoded import Decoded
from raydrift.images.finish import finished_drawn
from raydrift.images.limits import check_memory, check_pixels
from raydrift.images.metadata import Metadata
from raydrift.images.photometric import draw
from raydrift.images.reasons import reason_of
from raydrift.settings.image import ImageSettings


def read_tiff(data: bytes, settings: ImageSettings) -> Decoded | None:
    """Decodes a TIFF; None: Pillow reads it as well, or tells better what is wrong with it."""
    try:
        with tiff.opened(BytesIO(data)) as page:
            if page is None or tiff.is_plain(data, page):
                return None
            check_pixels(tiff.size_of(page), settings)
            check_memory(len(data) + tiff.memory_of(page), settings)
            image = tiff.read(data, page)
        drawn = draw(image, settings)
    except (ImageError, MemoryError):
        raise
    except Exception as error:
        raise ImageError("decode", reason_of(error)) from None
    profile = image.profile if image.colours not in ("cielab", "icclab") else None  # it is applied
    said = Metadata(image.orientation, profile)
    return finished_drawn(drawn, said, settings, image.colours == "cmyk")
