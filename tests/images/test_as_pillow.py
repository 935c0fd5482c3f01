"""Files decoded to the very pixels that Pillow's own steps make of them."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from raydrift.errors import ImageError, SettingsError
from raydrift.images.as_pillow import INTERPOLATIONS, crop_box, decode
from tests.image_files import file_of


def by_hand(
    data: bytes, mode: str, size: tuple[int, int] | None = None, filter_name: str = "nearest"
) -> npt.NDArray[Any]:
    """What Keras does, step by step."""
    image = Image.open(BytesIO(data))
    if image.mode != mode:
        image = image.convert(mode)
    if size is not None and image.size != (size[1], size[0]):
        image = image.resize((size[1], size[0]), INTERPOLATIONS[filter_name])
    array = np.asarray(image)
    return array if array.ndim == 3 else array[..., None]


@pytest.fixture(scope="module")
def photo(photos: Path) -> Image.Image:
    return Image.open(min((photos / "dog").iterdir())).convert("RGB")


def test_photos_are_pillows_to_the_byte(photos: Path) -> None:
    for number, path in enumerate(sorted(photos.glob("*/*"))[::12]):
        data = path.read_bytes()
        name = tuple(INTERPOLATIONS)[number % len(INTERPOLATIONS)]
        size = ((224, 224), (31, 57), (640, 701))[number % 3]
        pixels = decode(data, target_size=size, interpolation=name)
        assert pixels.dtype == np.uint8
        np.testing.assert_array_equal(pixels, by_hand(data, "RGB", size, name))


MADE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "progressive": ("RGB", "JPEG", {"progressive": True}),
    "full colour": ("RGB", "JPEG", {"subsampling": 0}),
    "grey": ("L", "JPEG", {}),
    "inks": ("CMYK", "JPEG", {}),
    "palette": ("P", "PNG", {}),
    "palette with a transparent colour": ("P", "PNG", {"transparency": 3}),
    "alpha": ("RGBA", "PNG", {}),
    "grey with alpha": ("LA", "PNG", {}),
    "black and white": ("1", "PNG", {}),
    "bitmap": ("RGB", "BMP", {}),
    "tiff": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "webp": ("RGB", "WEBP", {}),
    "gif": ("P", "GIF", {}),
}


@pytest.mark.parametrize(("color_mode", "mode"), [("rgb", "RGB"), ("rgba", "RGBA")])
@pytest.mark.parametrize("kind", MADE)
def test_every_kind_of_file_is_converted_as_pillow_does(
    photo: Image.Image, kind: str, color_mode: str, mode: str
) -> None:
    made, file_format, options = MADE[kind]
    data = file_of(photo.convert(made), file_format, **options)
    for size, name in ((None, "nearest"), ((50, 61), "nearest"), ((50, 61), "bilinear")):
        pixels = decode(data, color_mode=color_mode, target_size=size, interpolation=name)
        np.testing.assert_array_equal(pixels, by_hand(data, mode, size, name))


def test_transparency_is_dropped_not_laid_over() -> None:
    red = np.zeros((4, 4, 4), np.uint8)
    red[..., 0] = 200
    assert (decode(file_of(red, "PNG"))[..., 0] == 200).all()


def test_exif_has_no_effect(photo: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    turned = file_of(photo, "JPEG", exif=exif)
    np.testing.assert_array_equal(decode(turned), decode(file_of(photo, "JPEG")))


def test_grey_of_sixteen_bits_keeps_them_and_as_rgb_is_clipped() -> None:
    deep = np.full((3, 5), 40_000, np.uint16)
    data = file_of(deep, "PNG")
    grey = decode(data, color_mode="grayscale")
    assert grey.shape == (3, 5, 1)
    assert grey.astype(np.float32).max() == 40_000.0
    assert (decode(data, color_mode="rgb") == 255).all()


def test_grey_of_thirty_two_bits_keeps_them() -> None:
    deep = np.array([[-5, 2**31 - 1]], np.int32)
    grey = decode(file_of(deep, "TIFF"), color_mode="grayscale")
    assert grey.dtype == np.int32
    assert grey[..., 0].tolist() == deep.tolist()


def test_the_first_picture_of_an_animation_counts() -> None:
    black, white = (Image.new("L", (4, 4), level) for level in (0, 255))
    data = file_of(black, "GIF", save_all=True, append_images=[white])
    assert decode(data).max() == 0


def test_the_aspect_ratio_is_kept_by_a_cut_from_the_middle(photo: Image.Image) -> None:
    data = file_of(photo, "PNG")
    box = crop_box(photo.size, (40, 90))
    wanted = np.asarray(photo.resize((90, 40), Image.Resampling.BOX, box=box))
    kept = decode(data, target_size=(40, 90), interpolation="box", keep_aspect_ratio=True)
    np.testing.assert_array_equal(kept, wanted)


@given(st.tuples(*[st.integers(1, 5_000)] * 2), st.tuples(*[st.integers(1, 5_000)] * 2))
def test_a_cut_lies_in_the_image_and_in_its_middle(
    size: tuple[int, int], target: tuple[int, int]
) -> None:
    left, upper, right, lower = crop_box(size, target)
    assert 0 <= left <= right <= size[0]
    assert 0 <= upper <= lower <= size[1]
    assert abs(left - (size[0] - right)) <= 1
    assert abs(upper - (size[1] - lower)) <= 1
    assert right - left == size[0] or lower - upper == size[1]


def test_the_pixels_are_the_callers(photo: Image.Image) -> None:
    for size in (None, (20, 30)):
        pixels = decode(file_of(photo, "JPEG"), target_size=size)
        assert pixels.flags.writeable


def test_arrays_are_neither_converted_nor_resized() -> None:
    array = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    file = BytesIO()
    np.save(file, array)
    loaded = decode(file.getvalue(), color_mode="grayscale", target_size=(9, 9))
    np.testing.assert_array_equal(loaded, array)
    with pytest.raises(ImageError, match="decode"):
        decode(file.getvalue()[:-8])


def test_a_pickle_in_an_array_file_is_not_opened() -> None:
    file = BytesIO()
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ImageError, match="allow_pickle"):
        decode(file.getvalue())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF"])
def test_a_file_that_is_cut_off_is_refused(photo: Image.Image, kind: str) -> None:
    data = file_of(photo, kind)
    for end in (0, 10, len(data) // 2):
        with pytest.raises(ImageError) as raised:
            decode(data[:end], target_size=(20, 20))
        assert raised.value.stage == "decode"
        assert "\n" not in raised.value.reason


def test_what_is_no_image_is_named_so() -> None:
    with pytest.raises(ImageError, match=r"^decode: not an image in a known format$"):
        decode(b"hello")


def test_another_interpolation_is_refused_where_it_would_be_used(photo: Image.Image) -> None:
    data = file_of(photo, "JPEG")
    size = (photo.height, photo.width)
    assert decode(data, target_size=size, interpolation="none").shape == (*size, 3)
    with pytest.raises(SettingsError, match="Invalid interpolation method none specified"):
        decode(data, target_size=(9, 9), interpolation="none")


def test_another_colour_mode_is_refused(photo: Image.Image) -> None:
    with pytest.raises(ValueError, match='color_mode must be "grayscale", "rgb", or "rgba"'):
        decode(file_of(photo, "JPEG"), color_mode="cmyk")
