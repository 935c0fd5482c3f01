"""Image bytes to pixels.

What becomes of the less usual images: the orientation that EXIF gives is applied, or the one in XMP
where EXIF gives none; broken ones are not believed. Transparent pixels are laid over white. Of an
animation or a multi-page file the first frame is taken. Samples of more than 8 bits, with a sign or
with a point are drawn in the range of values that the settings give, else in the one that their
kind promises: 16-bit grey is divided by 257, floats are taken as 0 to 1. CMYK is converted by
Pillow's formula. Colour profiles are applied where the settings say so. A file that has lost data
is rejected, never half used.
"""

from raydrift.errors import ImageError
from raydrift.images import readers
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import RGB as RGB
from raydrift.images.pixels import rgb_of
from raydrift.images.png_writer import encode_png as encode_png
from raydrift.settings.image import ImageSettings


def decode(data: bytes, settings: ImageSettings) -> RGB:
    """Decodes an image file as ``decode_image``; returns its pixels alone.

    Raises:
        ImageError: The file is not a whole image that can be used.
        PipelineError: Its reader does not give uint8 RGB.
    """
    return rgb_of(decode_image(data, settings), "decode()")


def decode_image(data: bytes, settings: ImageSettings) -> Decoded:
    """Decodes an image file, turns it upright and resizes it.

    The size is changed as torchvision's ``Resize`` does it, by an antialiased bilinear filter. A
    JPEG is first decoded at the smallest of libjpeg's scales that is at least twice the wanted
    size. Everything else, and a JPEG that libjpeg complains of, is Pillow's to judge.

    Args:
        data: The file's content.
        settings: The wanted size and the limits.

    Returns:
        The pixels, of shape (settings.height, settings.width, 3) where the file's reader
        (``readers.READERS``) does not say otherwise, and remarks on them.

    Raises:
        ImageError: The file is not a whole image that can be used.
    """
    if not data:
        raise ImageError("decode", "the file is empty")
    try:
        for reader in readers.READERS:
            if reader.recognises(data):
                decoded = reader.read(data, settings)
                if decoded is not None:
                    return decoded
    except MemoryError:
        raise ImageError("decode", "decoding it takes more memory than there is") from None
    raise ImageError("decode", "not an image in a known format")
