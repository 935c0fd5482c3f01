"""Mosaics that the settings declare."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tifffile import imwrite

from raydrift.errors import ImageError
from raydrift.images.raw.decoder import read_raw
from raydrift.settings import ImageSettings, RawSettings
from tests.image_files import file_of
from tests.raw_files import PRESET, dng, noise, raw_file

IMAGE = ImageSettings()
DEEP = noise(13, 17)
SHALLOW = (DEEP >> 4).astype(np.uint8)


def declared(kind: str, **values: Any) -> RawSettings:
    return RawSettings(**{"files": kind, "cfa": "GRBG", **PRESET, **values})


def tiff_of(samples: np.ndarray, **options: Any) -> bytes:
    file = BytesIO()
    imwrite(file, samples, metadata=None, **options)
    return file.getvalue()


FILES = {
    "tiff": tiff_of(DEEP),
    "png": file_of(DEEP, "PNG"),
    "pgm": b"P5 17 13 65535\n" + DEEP.astype(">u2").tobytes(),
    "headerless": DEEP.astype("<u2").tobytes(),
}
HEADERLESS = {"shape": [13, 17], "bits": 12}


@pytest.mark.parametrize("kind", FILES)
def test_16_bits_are_read_as_they_are(kind: str) -> None:
    of = HEADERLESS if kind == "headerless" else {}
    found = read_raw(FILES[kind], IMAGE, declared(kind, **of))
    assert found.kind == "uint16 mosaic"
    np.testing.assert_array_equal(found.pixels, DEEP)
    white = 4095 if of else 65_535
    assert found.facts == {
        "cfa": "GRBG",
        "black": [0.0] * 4,
        "black_by_colour": [0.0] * 4,
        "white": white,
        "full": 65_535.0,
        "orientation": 1,
    }


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("tiff", tiff_of(SHALLOW)),
        ("tiff", tiff_of(SHALLOW[:, :, None].repeat(3, 2), photometric="rgb")),
        ("png", file_of(SHALLOW, "PNG")),
        ("png", file_of(SHALLOW[:, :, None].repeat(3, 2), "PNG")),
        ("pgm", b"P5 17 13 255\n" + SHALLOW.tobytes()),
        ("headerless", SHALLOW.tobytes()),
    ],
)
def test_8_bits_are_of_255(kind: str, data: bytes) -> None:
    of = {"shape": [13, 17], "bits": 8} if kind == "headerless" else {}
    found = read_raw(data, IMAGE, declared(kind, **of))
    np.testing.assert_array_equal(found.pixels, SHALLOW)
    assert (found.facts["white"], found.facts["full"]) == (255, 255)


def test_the_shared_mosaics_are_read() -> None:
    rose = read_raw(
        raw_file("rose_768x512_rggb_u16le.raw"),
        IMAGE,
        declared("headerless", cfa="RGGB", shape=[512, 768], bits=14, black=600, white=15_520),
    )
    assert rose.pixels.shape == (512, 768)
    halide = raw_file("halide_256x344_grbg_u16.png")
    found = read_raw(halide, IMAGE, declared("png", black=25, bits=10))
    assert (found.pixels.shape, found.facts["white"]) == ((344, 256), 1023)
    assert found.pixels.max() == 1053
    tile = read_raw(raw_file("rawdrone_256_rggb_u8.png"), IMAGE, declared("png", cfa="RGGB"))
    assert (tile.pixels.shape, tile.facts["full"]) == ((256, 256), 255)


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("png", FILES["tiff"], "it is no png: set raw.files to what it is"),
        ("tiff", FILES["png"], "it is no tiff: set raw.files to what it is"),
        ("pgm", b"P6 1 1 255\n\1\2\3", "it is no pgm: set raw.files to what it is"),
        ("png", FILES["png"][:-40], "cannot be decoded: .*"),
        ("tiff", FILES["tiff"][:-40], "the file is cut off"),
        ("pgm", FILES["pgm"][:-40], "cannot be decoded: .*"),
        ("headerless", FILES["headerless"][:-2], "it has 440 bytes, 13 x 17 .* set raw.shape .*"),
        ("headerless", b"", "it has 0 bytes, 13 x 17 .* are 442: set raw.shape and raw.bits"),
        ("tiff", tiff_of(DEEP[:1]), "the mosaic has 1 x 17 pixels: at least 2 x 2 are needed"),
        ("tiff", tiff_of(DEEP.astype(np.float32)), "its numbers are float32: a mosaic has .*"),
        ("tiff", dng(DEEP), 'it is a camera\'s raw file, .*: set raw.files = "auto"'),
        ("png", file_of(noise(4, 15).reshape(4, 5, 3).astype(np.uint8), "PNG"),
         "it has several colours: a mosaic has one channel"),
        ("png", file_of(SHALLOW > 9, "PNG"), "it is a picture of mode 1, and no mosaic"),
    ],
)  # fmt: skip
def test_what_is_no_such_mosaic_is_one_line(kind: str, data: bytes, told: str) -> None:
    of = HEADERLESS if kind == "headerless" else {}
    with pytest.raises(ImageError) as caught:
        read_raw(data, IMAGE, declared(kind, **of))
    assert caught.match(told)
    assert "\n" not in caught.value.reason


@pytest.mark.parametrize("kind", ["tiff", "png", "pgm", "headerless"])
def test_the_limits_hold(kind: str) -> None:
    of = HEADERLESS if kind == "headerless" else {}
    for few in (ImageSettings(max_pixels=220), ImageSettings(max_memory=2**24)):
        with pytest.raises(ImageError, match=r"more than (max_pixels|image.max_memory)"):
            read_raw(FILES[kind], few, declared(kind, **of))


@pytest.mark.parametrize(
    "values",
    [
        {"bits": 16},  # 8 bits on the right, taken for the left
        {"bits": 8, "left": True},
        {"black": 3000},
    ],
)
def test_numbers_that_do_not_fit_black_and_white_warn(values: dict[str, Any]) -> None:
    bits = SHALLOW.astype(np.uint16) // 5
    data = tiff_of(bits << 8 if values.pop("left", False) else bits)
    (remark,) = read_raw(data, IMAGE, declared("tiff", **values)).remarks
    assert remark.startswith("have a mean far outside black ")
    assert remark.endswith(": set raw.black, raw.white and raw.bits")


def test_left_justified_numbers_are_told_by_white() -> None:
    data = tiff_of(DEEP << 4)
    found = read_raw(data, IMAGE, declared("tiff", bits=12, white=65_535, black=1600))
    assert (found.facts["white"], found.remarks) == (65_535, ())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_mosaic_or_one_line(data: bytes) -> None:
    for kind, start in (("tiff", b"II*\0"), ("png", b"\x89PNG\r\n\x1a\n"), ("pgm", b"P5 ")):
        with pytest.raises(ImageError) as caught:
            read_raw(start + data, IMAGE, declared(kind))
        assert "\n" not in caught.value.reason
