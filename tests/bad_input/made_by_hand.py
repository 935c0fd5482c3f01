"""Files that Pillow would not write."""

import struct
import zlib
from io import BytesIO

from PIL import Image

LARGEST = 2**31 - 1


def png_of(width: int, height: int, depth: int = 8, rows: bytes = b"", colours: int = 2) -> bytes:
    """A PNG, in RGB or other colours; without rows there is only what its header claims."""

    def chunk(tag: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(tag + data))
        return struct.pack(">I", len(data)) + tag + data + checksum

    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(rows)) if rows else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def icon_of(png: bytes) -> bytes:
    """An icon that says it is 16 x 16, and holds any PNG."""
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(png), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + png


def bmp_of(width: int, height: int, compression: int = 0, pixels: bytes = b"") -> bytes:
    """A BMP with a palette of one colour, (200, 40, 40)."""
    depth = 8
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, compression, 0, 0, 0, 1, 1)
    start = 14 + len(header) + 4
    return struct.pack("<2sIHHI", b"BM", 0, 0, 0, start) + header + b"\x28\x28\xc8\0" + pixels


RUN_LENGTH_BMP = bmp_of(16, 16, 1, b"\x10\0\0\0" * 16 + b"\0\1")


def _written(kind: str, **options: object) -> bytearray:
    file = BytesIO()
    Image.new("RGB", (16, 16), "red").save(file, kind, **options)
    return bytearray(file.getvalue())


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose header lies."""
    data = _written("JPEG")
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def gif_of(width: int, height: int, frame_too: bool = False) -> bytes:
    """A GIF whose screen, or whose first frame, lies."""
    data = _written("GIF")
    place = data.index(b",\0\0\0\0") + 5 if frame_too else 6
    struct.pack_into("<HH", data, place, width, height)
    return bytes(data)


def tiff_of(width: int, height: int, compression: str = "raw") -> bytes:
    """A TIFF whose directory lies."""
    data = _written("TIFF", compression=compression)
    (directory,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, directory)
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", data, entry)
        if tag in (256, 257):
            struct.pack_into("<HII", data, entry + 2, 4, 1, width if tag == 256 else height)
    return bytes(data)


def tiled_tiff_of(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A grey TIFF of 16 x 16 pixels, in one deflated tile of any size."""
    content = zlib.compress(pixels)
    values = {256: 16, 257: 16, 258: 8, 259: 8, 262: 1, 277: 1, 322: width, 323: height}
    start = 8 + 2 + 12 * (len(values) + 2) + 4
    values |= {324: start, 325: len(content)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in values.items())
    return struct.pack("<2sHIH", b"II", 42, 8, len(values)) + entries + bytes(4) + content


def jp2_of(width: int, height: int) -> bytes:
    """A JPEG 2000 file whose box lies."""
    data = _written("JPEG2000")
    struct.pack_into(">II", data, data.index(b"ihdr") + 4, height, width)
    return bytes(data)


def avif_of(width: int, height: int) -> bytes:
    """An AVIF whose box lies."""
    data = _written("AVIF")
    struct.pack_into(">II", data, data.index(b"ispe") + 8, width, height)
    return bytes(data)


def webp_of(width: int, height: int) -> bytes:
    """A WebP that is nothing but a header."""
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + bytes([2, 0, 0, 0]) + sizes
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def tga_of(width: int, height: int) -> bytes:
    """A TGA that is nothing but a header."""
    return b"\0\0\2" + bytes(9) + struct.pack("<HH", width, height) + b"\x18\0"
