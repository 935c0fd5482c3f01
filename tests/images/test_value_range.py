"""Sample values to 8 bits: a range that is set or promised, and remarks where it does not fit."""

from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imagecodecs import png_encode
from PIL import Image

from raydrift.images.codec import decode, decode_image
from raydrift.images.isolated_decoder import IsolatedDecoder
from raydrift.images.value_range import Values, promised, range_of, seen, spread, to_8_bits
from raydrift.settings import ImageSettings
from tests.tiff_files import grey_picture, picture, tiff_of

PIC, GREY = picture(), grey_picture()
DARK = "came out black, dark or flat, with their"
CUT_OFF = "lost what is darkest or brightest, with their"
REMEDY = "set image.value_range"


def settings(value_range: Any = None) -> ImageSettings:
    return ImageSettings(64, 64, value_range=value_range)


def file_of(samples: npt.NDArray[Any], kind: str) -> bytes:
    file = BytesIO()
    Image.fromarray(samples).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("uint8", (0, 255)), ("uint12", (0, 4095)), ("uint16", (0, 65_535)), ("int8", (0, 127)),
        ("int16", (0, 32_767)), ("uint32", (0, 2**32 - 1)), ("float16", (0, 1)),
        ("float64", (0, 1)),
    ],
)  # fmt: skip
def test_what_a_kind_of_sample_promises(kind: str, expected: tuple[float, float]) -> None:
    assert promised(kind) == expected
    assert range_of(kind, settings()) == expected


def test_a_range_that_is_set_is_of_all_kinds_or_of_those_that_it_names() -> None:
    assert range_of("uint16", settings([0, 4095])) == (0, 4095)
    assert range_of("uint8", settings([0, 4095])) == (0, 255)
    table = settings({"uint16": [0, 4095]})
    assert range_of("uint16", table) == (0, 4095)
    assert range_of("float32", table) == (0, 1)


@pytest.mark.parametrize("dtype", ["uint16", "int16", "int32", "float32", "float64"])
@given(low=st.integers(0, 10_000), width=st.integers(1, 20_000))
def test_black_grey_and_white_lie_where_the_range_says(dtype: str, low: int, width: int) -> None:
    values = np.array([[0, low, low + width // 3, low + width, 32_000]])
    levels = to_8_bits(values.astype(dtype), (low, low + width))
    exact = np.clip((values - low) * 255 / width, 0, 255)
    assert np.abs(levels - exact).max() <= 0.501


def test_a_large_image_is_drawn_as_a_small_one() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(3000, 700)).astype(np.float32)
    whole = to_8_bits(samples, (-2, 2))
    assert (whole[2900:2910] == to_8_bits(samples[2900:2910], (-2, 2))).all()


def test_odd_values_and_those_that_say_nothing_are_left_out_of_what_an_image_spans() -> None:
    samples = GREY.astype(np.float32) / 255
    clean = spread("float32", seen(samples, None))
    odd = samples.copy()
    odd[0, :4] = np.nan, np.inf, -3.4e38, -9999
    odd[1, 0] = 1.001
    odd[40:50] = 7
    found = spread("float32", seen(odd, missing=7))
    assert clean is not None
    assert found is not None
    assert (found.low, found.high) == (
        pytest.approx(clean.low, abs=0.01),
        pytest.approx(clean.high, abs=0.01),
    )
    assert spread("float32", seen(np.full((8, 8), np.nan), None)) is None
    deep = GREY.astype(np.int16)
    deep[:30], deep[30:40] = -32_768, 32_767
    assert seen(deep, None).size == 24 * 64
    assert decode(tiff_of(np.full((8, 8), np.nan, np.float32), 1), settings()).max() == 0


ODD = [1.001, -9999.0, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("value", ODD)
def test_one_odd_pixel_changes_no_other(value: float) -> None:
    samples = GREY.astype(np.float32) / 255
    clean = decode(tiff_of(samples, 1), settings())
    samples[5, 7] = value
    odd = decode_image(tiff_of(samples, 1), settings())
    assert (odd.pixels != clean).any(2).sum() <= 1
    assert odd.remarks == ()


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("kind", ["TIFF", "PNG", "PPM"])
def test_few_bits_in_16_are_told_and_a_range_brings_them_back(bits: int, kind: str) -> None:
    values = (GREY.astype(np.uint32) * (2**bits - 1) // 255).astype(np.uint16)
    data = file_of(values, kind)
    dark = decode_image(data, settings())
    assert dark.pixels.max() <= 2 ** (bits - 8)
    told = f"{DARK} uint16 values in the range 0 to 65535: {REMEDY}"
    assert dark.remarks == (told,)
    assert dark.values is not None
    assert dark.values.high <= 2**bits - 1
    bright = decode_image(data, settings([0, 2**bits - 1]))
    assert np.abs(bright.pixels - GREY[:, :, None].astype(int)).max() <= 1
    assert bright.remarks == ()


@pytest.mark.parametrize("samples", [PIC, np.dstack([PIC, np.full((64, 64), 255, np.uint8)])])
def test_so_are_colours_of_a_png(samples: npt.NDArray[np.uint8]) -> None:
    deep = samples.astype(np.uint16) * 16
    if samples.shape[2] == 4:
        deep[:, :, 3] = 65_535
    data = png_encode(deep)
    assert decode_image(data, settings()).remarks[0].startswith(DARK)
    bright = decode_image(data, settings([0, 255 * 16]))
    assert (bright.pixels == PIC).all()
    assert bright.remarks == ()


def test_a_format_that_says_how_many_bits_it_has_spans_them() -> None:
    data = b"P5 8 8 4095 " + np.full((8, 8), 4095, ">u2").tobytes()
    for value_range in (None, {"uint16": (0, 1023)}):
        found = decode_image(data, ImageSettings(8, 8, value_range=value_range))
        assert (found.pixels == 255).all()
        assert found.values is None


def test_what_lies_outside_the_range_is_told() -> None:
    values = GREY.astype(np.float32) / 255 * 2 - 1
    found = decode_image(tiff_of(values, 1), settings())
    assert found.remarks == (f"{CUT_OFF} float32 values in the range 0 to 1: {REMEDY}",)
    assert decode_image(tiff_of(values, 1), settings([-1, 1])).remarks == ()


def test_an_image_that_is_flat_by_itself_is_not_told() -> None:
    for samples in (np.zeros((8, 8), np.uint16), np.full((8, 8), 0.5, np.float32), GREY):
        assert decode_image(tiff_of(samples, 1), settings()).remarks == ()


def test_remarks_and_values_come_out_of_the_child_that_decodes() -> None:
    data = tiff_of(GREY.astype(np.uint16), 1)
    decoder = IsolatedDecoder()
    try:
        there, here = decoder(data, settings({"int16": [-5, 5]})), decode_image(data, settings())
    finally:
        decoder.close()
    assert (there.remarks, there.values) == (here.remarks, here.values)
    assert there.values == Values("uint16", float(np.sort(GREY.ravel())[4]), there.values.high)
    assert (there.pixels == here.pixels).all()
