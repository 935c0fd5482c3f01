"""Masks: their values are labels, and stay what they are."""

import struct
from contextlib import closing
from io import BytesIO
from typing import Any
from zlib import compress, crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from raydrift.errors import ImageError
from raydrift.images.codec import decode_image
from raydrift.images.decoded import Decoded
from raydrift.images.isolated_masks import IsolatedMaskDecoder
from raydrift.images.masks import decode_mask, resized_mask, with_mask
from raydrift.images.pixels import ColourSpace
from raydrift.settings import ImageSettings
from tests.image_files import file_of
from tests.tiff_files import tiff_of

LABELS = np.arange(12, dtype=np.uint8).reshape(3, 4)
SIDES = st.integers(1, 40)


def saved(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def png_of_bits(bits: int) -> bytes:
    """Labels as a grey PNG of few bits, as optimisers make them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    rows = (LABELS % 2**bits)[..., None] >> np.arange(bits)[::-1] & 1
    packed = np.packbits(rows.reshape(3, -1), axis=1)
    body = b"".join(b"\0" + row.tobytes() for row in packed)
    header = struct.pack(">IIBBBBB", 4, 3, bits, 0, 0, 0, 0)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", compress(body)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def transparent() -> Image.Image:
    pixels = np.zeros((3, 4, 4), np.uint8)
    pixels[:, :, 3] = LABELS
    return Image.fromarray(pixels, "RGBA")


def with_palette() -> Image.Image:
    image = Image.fromarray(LABELS, "P")
    image.putpalette([255 - value for value in range(256) for _ in range(3)])
    return image


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        (saved(Image.fromarray(LABELS)), LABELS),
        (saved(Image.fromarray(LABELS), "TIFF"), LABELS),
        (saved(Image.fromarray(LABELS), "BMP"), LABELS),
        (saved(Image.fromarray(LABELS), "PPM"), LABELS),
        (saved(with_palette()), LABELS),  # the indices, not the colours
        (saved(Image.fromarray(LABELS > 5)), (LABELS > 5).astype(np.uint8)),
        (saved(Image.fromarray(LABELS.astype(np.uint16) * 1000)), LABELS.astype(np.uint16) * 1000),
        (saved(Image.fromarray(np.repeat(LABELS[:, :, None], 3, axis=2))), LABELS),
        (saved(Image.fromarray(LABELS.astype(np.int32)), "TIFF"), LABELS.astype(np.uint16)),
        (png_of_bits(4), LABELS),
        (png_of_bits(2), LABELS % 4),
    ],
    ids=[
        "grey",
        "tiff",
        "bmp",
        "pgm",
        "palette",
        "two",
        "deep",
        "colours alike",
        "int32",
        "4 bits",
        "2 bits",
    ],
)
def test_labels_are_the_files_numbers(data: bytes, labels: np.ndarray) -> None:
    for decoded in (decode_mask(data, ImageSettings()), isolated(data)):
        assert decoded.space == ColourSpace.GREY
        assert decoded.pixels.dtype == labels.dtype
        np.testing.assert_array_equal(decoded.pixels, labels)


def isolated(data: bytes) -> Decoded:
    with closing(IsolatedMaskDecoder()) as decoder:
        return decoder(data, ImageSettings())


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "its mask cannot be decoded: what it says of itself contradicts its format"),
        (b"no image", "its mask cannot be decoded: .*"),
        (saved(Image.fromarray(LABELS))[:50], "its mask cannot be decoded: .*"),
        (file_of(np.zeros((4, 4), np.uint8), "JPEG"), "its mask cannot be decoded: .*"),
        (saved(Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))), ".*in grey"),
        (saved(Image.fromarray(-LABELS.astype(np.int32)), "TIFF"), ".* -11 to 0: give 0 to 65535"),
        (saved(Image.new("L", (200, 200))), "its mask: 40000 pixels are more than .*"),
        (b"P5 2 1 3 \0\3", ".*: its highest value is 3: save it with 255 or 65535, or as PNG"),
        (saved(Image.fromarray(LABELS.astype(np.float32)), "TIFF"), ".*of mode F: save labels .*"),
        (saved(transparent()), ".*: parts of it are transparent: save labels in grey"),
        (tiff_of(255 - LABELS, 0), ".*: its highest value is black: .*"),
        (tiff_of(LABELS.astype(np.int8), 1), ".*: its labels have a sign: give 0 to 65535"),
        (saved(Image.new("L", (4, 4)), "WEBP"), "its mask cannot be decoded: .*"),
    ],
    ids=[
        "empty",
        "text",
        "cut off",
        "jpeg",
        "colours",
        "below 0",
        "large",
        "highest",
        "floats",
        "transparent",
        "white is 0",
        "signed bytes",
        "webp",
    ],
)
def test_what_is_no_mask_is_one_line(data: bytes, told: str) -> None:
    with pytest.raises(ImageError, match=f"^mask: {told}$"):
        decode_mask(data, ImageSettings(max_pixels=10_000))


@given(height=SIDES, width=SIDES, wanted=st.integers(8, 40), other=st.integers(8, 40))
def test_a_resized_mask_has_the_label_under_each_centre(
    height: int, width: int, wanted: int, other: int
) -> None:
    labels = np.arange(height * width, dtype=np.uint16).reshape(height, width)
    found = resized_mask(labels, ImageSettings(wanted, other))
    assert found.shape == (wanted, other)
    for row, column in ((0, 0), (wanted // 2, other // 2), (wanted - 1, other - 1)):
        there = int((row + 0.5) * height / wanted), int((column + 0.5) * width / other)
        assert found[row, column] == labels[there]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_mask_has_the_size_of_its_image_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_image(saved(Image.new("RGB", (60, 40)), kind, exif=exif), ImageSettings(8, 8))
    upright = (60, 40) if orientation > 4 else (40, 60)
    assert image.size == upright
    masked = with_mask(image, np.ones(upright, np.uint8), ImageSettings(8, 8))
    assert masked.mask is not None
    np.testing.assert_array_equal(masked.mask, np.ones((8, 8), np.uint8))
    told = rf"^mask: its mask has 41 x 60 pixels, the image {upright[0]} x {upright[1]}: .*"
    with pytest.raises(ImageError, match=told):
        with_mask(image, np.ones((41, 60), np.uint8), ImageSettings(8, 8))
