"""JPEG files: decoded by libjpeg-turbo, at a scale; those that have lost data are refused.

libjpeg makes a picture of nearly anything, and tells in words what it had to put up with. It only
tells the first thing. Some of it is harmless: a comment or a colour profile that is broken, bytes
that belong to nothing. The rest means that pixels are not those that were photographed.
"""

import re
from typing import Final

import numpy as np
import simplejpeg

from raydrift.errors import ImageError
from raydrift.images.jpeg_segments import Frame, JpegHeader, Scan, read_scans
from raydrift.images.limits import BESIDES, check_memory, check_pixels
from raydrift.images.pixels import RGB
from raydrift.settings.image import ImageSettings

JPEG_START: Final = b"\xff\xd8"

_END: Final = b"\xff\xd9"
_MARGIN: Final = 2
_BYTES_A_PIXEL: Final = 9  # the pixels, and two copies of them where they are resized
_FULL_SEQUENTIAL: Final = b"\0\x3f\0"  # all 64 coefficients, all their bits

_HARMLESS: Final = (
    "bad ICC marker",
    "Unknown Adobe color transform",
    "unknown JFIF revision",
    "Invalid SOS parameters for sequential JPEG",
)
_EXTRANEOUS: Final = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]{2})")
_RESTART: Final = re.compile(rb"\xff([\xd0-\xd7])")

# Some encoders and cameras fill a scan up. What is left over of a scan whose decoding lost its way
# is more, and looks like noise.
_FILLED_UP: Final = 16
_LEFT_AT_END: Final = 64
_VALUES_OF_FILLING: Final = 32

_PROBE: Final = bytes(64)
_READ_AHEAD: Final = 4  # bytes beyond its data that an arithmetic decoder asks for
_LEFT_OUT: Final = 16  # and where the picture ends in one colour: its code is zeros, left out
_ONE_COLOUR: Final = 4  # levels that the last pixels may differ


def decode_scaled(
    data: bytes, header: JpegHeader, least: tuple[int, int], settings: ImageSettings
) -> RGB | None:
    """Decodes a JPEG at the smallest of libjpeg's scales that is at least twice the wanted size.

    What a filter then sees is as good as the whole image.

    Args:
        data: The file's content.
        header: Its header.
        least: Wanted height and width.
        settings: The limits.

    Returns:
        The pixels; None: it is not a JPEG that is read here, as one in CMYK.

    Raises:
        ImageError: It is too large, or has lost data.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    except (ValueError, KeyError):  # the latter where the sampling is unknown
        _check_coding(header.frame)
        return None
    check_pixels(height * width, settings)
    if colours in ("CMYK", "YCCK"):
        check_whole(data, header)
        return None
    size = {"min_height": _MARGIN * least[0], "min_width": _MARGIN * least[1]}
    _check_memory(data, header, height * width, size, settings)
    pixels: RGB
    try:
        pixels = simplejpeg.decode_jpeg(data, **size)
    except ValueError:
        _check_coding(header.frame)
        check_whole(data, header)
        try:
            pixels = simplejpeg.decode_jpeg(bare(data, header), **size, strict=False)
        except ValueError:
            return None
    else:
        _check_scans(data, header)
    return pixels


def check_whole(data: bytes, header: JpegHeader) -> None:
    """Refuses a JPEG that has lost data.

    Raises:
        ImageError: With libjpeg's words.
    """
    _check_scans(data, header)
    words = _complaint(bare(data, header))
    if words and not _is_harmless(words, data, header):
        raise ImageError("decode", f"the file is damaged: {words}")


def _check_memory(
    data: bytes, header: JpegHeader, pixels: int, size: dict[str, int], settings: ImageSettings
) -> None:
    held = header.frame.coefficient_bytes if header.frame and header.several_scans else 0
    needed = len(data) + held
    if needed + _BYTES_A_PIXEL * pixels + BESIDES > settings.max_memory:
        height, width, _, _ = simplejpeg.decode_jpeg_header(data, **size, strict=False)
        check_memory(needed + _BYTES_A_PIXEL * height * width, settings)


def _complaint(data: bytes) -> str:
    """What libjpeg complains of first, or cannot read at all; empty: nothing."""
    try:
        simplejpeg.decode_jpeg(data, min_height=1, min_width=1)
    except ValueError as error:
        return " ".join(str(error).split())
    return ""


def bare(data: bytes, header: JpegHeader) -> bytes:
    """The JPEG without what harmless complaints of its header are about: they hide others."""
    scans = data[header.scan :]
    if header.frame is not None and not header.frame.progressive and len(scans) > 5:
        place = 5 + 2 * scans[4]  # in front of what says which coefficients the scan brings
        scans = scans[:place] + _FULL_SEQUENTIAL + scans[place + 3 :]
    return b"".join((JPEG_START, *header.tables, scans))


def _is_harmless(words: str, data: bytes, header: JpegHeader) -> bool:
    """Whether a complaint about a bare JPEG says nothing of its pixels."""
    if any(harmless in words for harmless in _HARMLESS):
        return True
    found = _EXTRANEOUS.search(words)
    if found is None:
        return False
    count, marker = int(found[1]), int(found[2], 16)
    scans = list(read_scans(data, header.scan))
    if not scans or not all(_restarts_are_there(data, header, scan) for scan in scans):
        return False
    if marker != _END[1]:
        return count <= _FILLED_UP
    start = scans[-1].end - count
    left, before = set(data[start : scans[-1].end]), set(data[start - _FILLED_UP : start])
    # Where the same comes before, the decoder took it for the picture.
    return count <= _LEFT_AT_END or (len(left) <= _VALUES_OF_FILLING and not before <= left)


def _restarts_are_there(data: bytes, header: JpegHeader, scan: Scan) -> bool:
    """Whether a scan's restart markers are in order and, where it is the only one, all of them."""
    numbers = [found[1][0] & 7 for found in _RESTART.finditer(data, scan.start, scan.end)]
    if not all(number == place % 8 for place, number in enumerate(numbers)):
        return False
    return header.several_scans or len(numbers) == header.restarts


def _check_coding(frame: Frame | None) -> None:
    """Refuses by name what libjpeg does not decode."""
    if frame is None:
        return
    if frame.marker in (0xC3, 0xCB):
        raise ImageError("decode", "a lossless JPEG cannot be read: convert it to PNG")
    if frame.precision != 8:
        bits = frame.precision
        raise ImageError("decode", f"a JPEG of {bits} bits a channel cannot be read: convert it")
    if frame.marker not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
        raise ImageError("decode", "a hierarchical JPEG cannot be read: convert it")


def _check_scans(data: bytes, header: JpegHeader) -> None:
    """Refuses a JPEG without some of its scans, of which libjpeg has nothing to say."""
    frame = header.frame
    if frame is None or not (header.several_scans or frame.arithmetic):
        return
    scans = list(read_scans(data, header.scan))
    if header.several_scans and not _complete(frame, scans):
        raise ImageError("decode", "the file is damaged: some of its scans are missing")
    if frame.arithmetic and not _reads_to_the_end(data, header, scans):
        raise ImageError("decode", "the file is damaged: premature end of data segment")


def _complete(frame: Frame, scans: list[Scan]) -> bool:
    """Whether the scans bring every bit of every coefficient."""
    lowest = {number: [16] * 64 for number, _, _ in frame.components}
    for scan in scans:
        for number in scan.components:
            if number in lowest and frame.progressive:
                span = slice(scan.first, scan.last + 1)
                lowest[number][span] = [scan.low_bit] * len(lowest[number][span])
            elif number in lowest:
                lowest[number] = [0] * 64
    return not any(any(bits) for bits in lowest.values())


def _reads_to_the_end(data: bytes, header: JpegHeader, scans: list[Scan]) -> bool:
    """Whether an arithmetically coded scan is all there: what is added to it is then left over.

    Such a decoder takes what is missing for zeros, and does not complain. It goes on with more of
    what was there last, for which it needs few bits; but seldom for a whole row.
    """
    if not scans:
        return False
    end = scans[-1].end
    found = _EXTRANEOUS.search(_complaint(bare(data[:end] + _PROBE + _END, header)))
    if found is None:
        return False
    beyond = len(_PROBE) - int(found[1])
    if beyond <= _READ_AHEAD:
        return True
    return beyond <= _LEFT_OUT and _ends_in_one_colour(bare(data, header))


def _ends_in_one_colour(data: bytes) -> bool:
    row = simplejpeg.decode_jpeg(data, min_height=1, min_width=1, strict=False)[-1]
    return bool(np.ptp(row, axis=0).max() <= _ONE_COLOUR)
