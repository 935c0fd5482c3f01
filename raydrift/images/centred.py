"""The centre of an image, as square as the image that is asked for, instead of all of it."""

from collections.abc import Callable
from dataclasses import replace

from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.settings.image import ImageSettings

_LARGEST = 8192  # pixels of a side that a decoder gives


class Centred:
    """Decodes images, and keeps the centre square of each.

    The square is resized to the size that is asked for. An image is resized whole and then cut,
    which gives the same pixels but at the edges, and keeps the decoders' scales.

    Args:
        decoder: Decodes an image, and stretches it to a size.
    """

    def __init__(self, decoder: Callable[[bytes, ImageSettings], Decoded]) -> None:
        self._decoder = decoder

    def __call__(self, data: bytes, settings: ImageSettings) -> Decoded:
        """Decodes an image file; what has no size in its file is stretched.

        Raises:
            ImageError: It cannot be decoded, or is so long that its square would be too small.
        """
        stretched = self._decoder(data, settings)
        if stretched.size is None or stretched.size[0] == stretched.size[1]:
            return stretched
        rows, columns = stretched.size
        least, height, width = min(rows, columns), settings.height, settings.width
        whole = (round(height * rows / least), round(width * columns / least))
        if max(whole) > _LARGEST:
            raise ImageError(
                "decode", f"is {rows} x {columns} pixels, too long for its centre to be cut out"
            )
        decoded = self._decoder(data, replace(settings, height=whole[0], width=whole[1]))
        top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
        pixels = decoded.pixels[top : top + height, left : left + width]
        return replace(decoded, pixels=pixels.copy())
