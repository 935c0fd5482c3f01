"""PNGs are read whatever their texts and profiles are."""

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from raydrift.errors import ImageError
from raydrift.images.codec import RGB, decode, decode_image
from raydrift.images.profiles import UNREADABLE
from raydrift.images.scenes import draw_scene
from raydrift.settings import ImageSettings
from tests.image_files import file_of
from tests.images.made_profiles import ADOBE, rgb_profile

SCENE = draw_scene("house", seed=0, index=0, height=48, width=72)
SETTINGS = ImageSettings(48, 72)
PNG = file_of(SCENE, "PNG")
AFTER_HEADER = 33


def chunk(tag: bytes, data: bytes, wrong: bool = False) -> bytes:
    checksum = zlib.crc32(tag + data) ^ wrong
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", checksum)


def with_chunks(*chunks: bytes) -> bytes:
    return PNG[:AFTER_HEADER] + b"".join(chunks) + PNG[AFTER_HEADER:]


LONG = zlib.compress(b"a" * 5_000_000)
UPSIDE_DOWN = Image.Exif()
UPSIDE_DOWN[0x0112] = 3
ODD = {
    "a long text": chunk(b"tEXt", b"workflow\0" + b"a" * 2_000_000),
    "a long compressed text": chunk(b"zTXt", b"workflow\0\0" + LONG),
    "a long XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + LONG),
    "many texts": b"".join(chunk(b"zTXt", b"k%d\0\0" % number + LONG) for number in range(30)),
    "a text with a wrong checksum": chunk(b"tEXt", b"Software\0x", wrong=True),
    "a text that is no text": chunk(b"zTXt", b"x"),
    "EXIF with a wrong checksum": chunk(b"eXIf", UPSIDE_DOWN.tobytes()[6:], wrong=True),
    "a gamma with a wrong checksum": chunk(b"gAMA", struct.pack(">I", 45455), wrong=True),
    "primaries that are none": chunk(b"cHRM", b"x"),
    "code points of colours": chunk(b"cICP", bytes((12, 13, 0, 1))),
    "an unknown chunk": chunk(b"vpAg", bytes(9)),
    "an animation without its frames": chunk(b"acTL", struct.pack(">II", 7, 0)),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("behind", [False, True], ids=["before the pixels", "behind the pixels"])
def test_what_has_no_bearing_on_the_pixels_does_not_matter(name: str, behind: bool) -> None:
    data = PNG[:-12] + ODD[name] + PNG[-12:] if behind else with_chunks(ODD[name])
    decoded = decode_image(data, SETTINGS)
    assert (decoded.pixels == SCENE).all()
    assert decoded.remarks == ()


def test_a_long_profile_is_no_profile() -> None:
    decoded = decode_image(with_chunks(chunk(b"iCCP", b"scanner\0\0" + LONG)), SETTINGS)
    assert (decoded.pixels == SCENE).all()
    assert decoded.remarks == (UNREADABLE,)


def test_a_profile_behind_a_text_is_found() -> None:
    profile = zlib.compress(rgb_profile("like Adobe RGB", ADOBE, 2.2))
    data = with_chunks(ODD["many texts"], chunk(b"iCCP", b"x\0\0" + profile))
    settings = ImageSettings(48, 72, profile="convert")
    assert decode_image(data, settings).profile == "like Adobe RGB"


@pytest.mark.parametrize(
    "exif",
    [
        chunk(b"eXIf", UPSIDE_DOWN.tobytes()[6:]),
        chunk(
            b"zTXt",
            b"Raw profile type exif\0\0"
            + zlib.compress(b"\nexif\n      26\n" + UPSIDE_DOWN.tobytes().hex().encode()),
        ),
    ],
    ids=["in its chunk", "as ImageMagick writes it"],
)
def test_its_orientation_is_found(exif: bytes) -> None:
    assert (decode(with_chunks(ODD["a long text"], exif), SETTINGS) == SCENE[::-1, ::-1]).all()


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_colour_stays_transparent(mode: str) -> None:
    key: Any = {"P": 0, "L": 60, "RGB": (200, 0, 0)}[mode]
    image = Image.new(mode, (8, 8), key)
    if mode == "P":
        image.putpalette([200, 0, 0])
    data = file_of(image, "PNG", transparency=key)
    data = data[:AFTER_HEADER] + ODD["a long text"] + data[AFTER_HEADER:]
    assert (decode(data, ImageSettings(8, 8)) == 255).all()


@pytest.mark.parametrize(("colours", "bands"), [(0, 1), (2, 3)], ids=["grey", "RGB"])
def test_a_transparent_colour_of_16_bits_stays_transparent(colours: int, bands: int) -> None:
    clear = b"\x12\x34" * bands
    row = b"\0" + clear * 4 + b"\x12\x35" * bands * 4  # other in the lower byte alone
    data = b"".join(
        (
            PNG[:8],
            chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, colours, 0, 0, 0)),
            chunk(b"tRNS", clear),
            chunk(b"IDAT", zlib.compress(row * 8)),
            chunk(b"IEND", b""),
        )
    )
    image = decode(data, ImageSettings(8, 8))
    assert (image[:, :4] == 255).all()
    assert (image[:, 4:] == 0x12).all()


def test_a_chunk_of_the_pixels_with_a_wrong_checksum_is_refused() -> None:
    palette = file_of(Image.fromarray(SCENE).convert("P"), "PNG")
    place = palette.index(b"PLTE")
    broken = palette[: place + 5] + b"\x99" + palette[place + 6 :]
    with pytest.raises(ImageError):
        decode(broken, SETTINGS)


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "RGBA", "LA", "1"])
def test_rows_that_are_missing_are_told_though_the_data_ends_well(mode: str) -> None:
    whole = file_of(Image.fromarray(SCENE).convert(mode), "PNG")
    place = whole.index(b"IDAT")
    (size,) = struct.unpack_from(">I", whole, place - 4)
    rows = zlib.decompress(whole[place + 4 : place + 4 + size])
    few = chunk(b"IDAT", zlib.compress(rows[: len(rows) // 48 * 40]))  # of its 48 rows
    with pytest.raises(ImageError, match="rows of the image are missing"):
        decode(whole[: place - 4] + few + whole[place + 8 + size :], SETTINGS)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("height", [1, 2, 7, 8, 23])
def test_an_image_that_ends_in_black_is_whole(height: int, interlaced: bool) -> None:
    black = np.zeros((height, 13, 3), np.uint8)
    data = adam7(black) if interlaced else file_of(Image.fromarray(black), "PNG")
    assert not decode(data, SETTINGS).any()


def adam7(pixels: RGB) -> bytes:
    """An interlaced PNG, which Pillow reads but does not write."""
    steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
    passes = [pixels[top::down, left::across] for left, top, across, down in (*steps, (0, 1, 1, 2))]
    rows = b"".join(b"\0" + row.tobytes() for one in passes if one.size for row in one)
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return PNG[:8] + b"".join(parts)
