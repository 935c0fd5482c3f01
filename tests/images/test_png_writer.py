"""PNGs that are written here, read back by other programs."""

import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from imagecodecs import png_decode
from PIL import Image

from raydrift.images.codec import decode
from raydrift.images.pixels import RGB
from raydrift.images.png_writer import encode_png
from raydrift.images.scenes import draw_scene
from raydrift.settings import ImageSettings

HEIGHT, WIDTH = 48, 72
SCENE = draw_scene("house", seed=0, index=0, height=HEIGHT, width=WIDTH)

Pixels = npt.NDArray[Any]

SIDES = st.integers(1, 40)
SHAPES = st.tuples(SIDES, SIDES) | st.tuples(SIDES, SIDES, st.sampled_from([1, 3, 4]))
ANY_PIXELS = st.sampled_from([np.uint8, np.uint16]).flatmap(lambda dtype: arrays(dtype, SHAPES))


DIGEST = """
from hashlib import sha256

import numpy as np

from raydrift.images.png_writer import encode_png

digest = sha256()
first, between, ramp = np.uint8([[0]]), np.uint8([[250, 251, 252]]), np.arange(140, dtype=np.uint8)
for words in np.random.default_rng(1).integers(0, 100, (20_000, 1, 12), dtype=np.uint8):
    digest.update(encode_png(np.hstack([first, words, between, words, ramp[None]])))
print(digest.hexdigest())
"""
"""Prints the digest of 20,000 images whose first pixels come again."""


def as_pillow_reads(data: bytes) -> RGB:
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image)


def as_opencv_reads(data: bytes) -> Pixels:
    """In the order of channels that everyone else has."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(
            pixels, {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}[pixels.shape[2]]
        )
    return pixels


@given(ANY_PIXELS)
def test_8_and_16_bits_in_grey_rgb_and_rgba_come_back_through_others(pixels: Pixels) -> None:
    data = encode_png(pixels)
    flat = pixels[:, :, 0] if pixels.shape[2:] == (1,) else pixels
    for read in (png_decode(data), as_opencv_reads(data)):
        assert read.dtype == pixels.dtype
        np.testing.assert_array_equal(read, flat)
    if pixels.dtype == np.uint8 or flat.ndim == 2:  # Pillow reads no colours of 16 bits
        np.testing.assert_array_equal(as_pillow_reads(data), flat)


@pytest.mark.parametrize("shape", [(1, 1), (1, 8192), (8192, 1), (1000, 1), (224, 224), (333, 517)])
def test_any_size_comes_back_through_pillow(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert (as_pillow_reads(encode_png(image)) == image).all()


def test_photographs_come_back_through_pillow_and_our_own_decoder(photos: Path) -> None:
    for file in sorted(photos.rglob("*.JPEG"))[::40]:
        image = decode(file.read_bytes(), ImageSettings())
        assert (as_pillow_reads(encode_png(image)) == image).all()
        assert (decode(encode_png(image), ImageSettings()) == image).all()


def test_8_bit_rgb_is_that_and_nothing_else() -> None:
    data = encode_png(SCENE)
    with Image.open(BytesIO(data)) as image:
        image.verify()
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (WIDTH, HEIGHT))
        assert image.info == {}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">u2"])
def test_equal_pixels_give_equal_bytes_however_they_lie_in_memory(dtype: Any) -> None:
    deep = (SCENE * np.uint16(257)).astype(dtype) if dtype != np.uint8 else SCENE
    mirrored = np.ascontiguousarray(deep[:, ::-1])[:, ::-1]
    little = deep.astype(deep.dtype.newbyteorder("<"))
    assert encode_png(mirrored) == encode_png(deep.copy()) == encode_png(little)


def test_equal_pixels_give_equal_bytes_in_every_process() -> None:
    """Memory lies elsewhere in each."""
    command = [sys.executable, "-c", DIGEST]
    first, second = (subprocess.run(command, capture_output=True, check=True) for _ in range(2))
    assert len(first.stdout) == 65
    assert first.stdout == second.stdout


def test_the_image_is_left_alone() -> None:
    before = SCENE.copy()
    encode_png(SCENE)
    assert (before == SCENE).all()


def test_a_smooth_image_is_small() -> None:
    assert len(encode_png(np.full((224, 224, 3), 77, np.uint8))) < 2000
    ramp = np.arange(224, dtype=np.uint16).repeat(224).reshape(224, 224)
    assert len(encode_png(ramp)) < 2000


@pytest.mark.parametrize(
    ("pixels", "told"),
    [
        (np.zeros((4, 4, 3), np.float32), "float32 pixels of shape (4, 4, 3)"),
        (np.zeros((4, 4), np.int16), "int16 pixels of shape (4, 4)"),
        (np.zeros((4, 4, 2), np.uint8), "uint8 pixels of shape (4, 4, 2)"),
        (np.zeros((0, 4, 3), np.uint8), "uint8 pixels of shape (0, 4, 3)"),
        (np.zeros(4, np.uint8), "uint8 pixels of shape (4,)"),
    ],
)
def test_what_a_png_cannot_have_is_an_error(pixels: Pixels, told: str) -> None:
    with pytest.raises(TypeError) as caught:
        encode_png(pixels)
    assert str(caught.value) == (
        f"a PNG cannot have {told}: give uint8 or uint16 of shape (height, width) or "
        "(height, width, 1, 3 or 4)"
    )


def test_16_bits_say_so_in_the_header() -> None:
    assert struct.unpack_from(">IIBB", encode_png(np.zeros((2, 5), np.uint16)), 16) == (5, 2, 16, 0)
