"""Resizing is Pillow's antialiased bilinear filter, whoever does it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from raydrift.images import resize as module
from raydrift.images.codec import RGB
from raydrift.images.resize import resize, resize_image

simd = pytest.importorskip("cykooz_resizer", reason="no wheel for this machine")

SIDES = st.integers(1, 70)


def by_pillow(pixels: RGB, height: int, width: int) -> RGB:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


def most_off(one: RGB, other: RGB) -> int:
    return int(np.abs(one.astype(int) - other).max())


@given(st.data())
def test_any_pixels_of_any_size_are_at_most_one_grey_level_from_pillows(
    data: st.DataObject,
) -> None:
    channels = data.draw(st.sampled_from([(), (3,)]))
    shape = (data.draw(SIDES), data.draw(SIDES), *channels)
    pixels = data.draw(arrays(np.uint8, shape))
    height, width = data.draw(SIDES), data.draw(SIDES)
    resized = resize(pixels, height, width)
    assert resized.shape == (height, width, *channels)
    assert resized.dtype == np.uint8
    assert most_off(resized, by_pillow(pixels, height, width)) <= 1


@pytest.mark.parametrize("size", [(224, 224), (48, 64), (500, 300), (1, 1)])
def test_so_are_photographs(photos: Path, size: tuple[int, int]) -> None:
    for file in sorted(photos.rglob("*.*"))[::40]:
        with Image.open(file) as image:
            pixels = np.asarray(image.convert("RGB"))
        assert most_off(resize(pixels, *size), by_pillow(pixels, *size)) <= 1


def test_pixels_of_the_wanted_size_are_returned_as_they_are() -> None:
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    assert resize(pixels, 5, 7) is pixels


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", [(50, 40), (2000, 1400)])
def test_an_image_of_pillows_is_as_good_small_or_large(mode: str, size: tuple[int, int]) -> None:
    image = Image.radial_gradient("L").resize(size).convert(mode)
    resized = resize_image(image, 33, 21)
    assert most_off(resized, by_pillow(np.asarray(image), 33, 21)) <= 1


def test_every_kind_of_cpu_makes_the_same_bytes(photos: Path) -> None:
    file = sorted(photos.rglob("*.*"))[0]
    with Image.open(file) as image:
        pixels = np.asarray(image.convert("RGB"))
    source = simd.ImageData(pixels.shape[1], pixels.shape[0], simd.PixelType.U8x3, pixels.tobytes())
    bilinear = simd.ResizeOptions(simd.ResizeAlg.convolution(simd.FilterType.bilinear))
    result = simd.ImageData(224, 224, simd.PixelType.U8x3)
    resizer = simd.Resizer()
    resizer.cpu_extensions = simd.CpuExtensions.none
    resizer.resize(source, result, bilinear)
    assert result.rust_image.buffer() == resize(pixels, 224, 224).tobytes()


@pytest.mark.parametrize("shape", [(60, 80, 3), (60, 80)])
def test_without_the_fast_package_it_is_pillow(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...]
) -> None:
    monkeypatch.setattr(module, "simd", None)
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    assert (resize(pixels, 33, 21) == by_pillow(pixels, 33, 21)).all()
