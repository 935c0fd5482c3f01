"""Keras' functions that load images."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from raydrift.flows.loading import img_to_array, list_pictures, load_img, validate_filename
from raydrift.flows.saving import array_to_img, save_img
from tests.image_files import file_of


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    save_img(path, np.arange(300, dtype=np.float32).reshape(10, 10, 3) % 256, scale=False)
    return path


def test_an_image_comes_back_as_it_was_saved(png: Path) -> None:
    image = load_img(png)
    assert isinstance(image, Image.Image)
    array = img_to_array(image)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array.ravel(), np.arange(300) % 256)


def test_a_path_may_be_text_bytes_a_path_or_the_content(png: Path) -> None:
    wanted = img_to_array(load_img(str(png)))
    for path in (png, str(png).encode(), BytesIO(png.read_bytes())):
        np.testing.assert_array_equal(img_to_array(load_img(path)), wanted)
    with pytest.raises(TypeError, match="path should be path-like or io"):
        load_img(7)  # type: ignore[arg-type]


@pytest.mark.parametrize(("mode", "bands"), [("grayscale", 1), ("rgb", 3), ("rgba", 4)])
def test_colour_modes(png: Path, mode: str, bands: int) -> None:
    assert img_to_array(load_img(png, color_mode=mode)).shape == (10, 10, bands)


def test_grayscale_is_deprecated_and_works(png: Path) -> None:
    with pytest.warns(UserWarning, match='grayscale is deprecated. Please use color_mode = "gray'):
        assert load_img(png, grayscale=True).mode == "L"


def test_a_colour_mode_may_stand_second_as_in_keras_3(png: Path) -> None:
    assert load_img(png, "rgba").mode == "RGBA"


def test_an_image_is_resized_to_height_and_width(png: Path) -> None:
    assert load_img(png, target_size=(4, 7)).size == (7, 4)
    assert load_img(png, target_size=(4, 7), keep_aspect_ratio=True).size == (7, 4)
    assert load_img(png, interpolation="swirl").size == (10, 10)
    with pytest.raises(ValueError, match="Invalid interpolation method swirl specified"):
        load_img(png, target_size=(4, 7), interpolation="swirl")
    with pytest.raises(ValueError, match="color_mode must be"):
        load_img(png, color_mode="cmyk")


def test_deep_grey_keeps_its_bits(tmp_path: Path) -> None:
    deep = np.array([[0, 40_000]], np.uint16)
    (tmp_path / "deep.png").write_bytes(file_of(deep, "PNG"))
    grey = img_to_array(load_img(tmp_path / "deep.png", color_mode="grayscale"))
    assert grey.ravel().tolist() == [0.0, 40_000.0]


def test_a_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"hello")
    with pytest.raises(UnidentifiedImageError, match=r"a\.png: not an image in a known format"):
        load_img(tmp_path / "a.png")
    with pytest.raises(FileNotFoundError):
        load_img(tmp_path / "b.png")


def test_files_are_closed(png: Path) -> None:
    """Warnings are errors here, also that of a file that nobody closed."""
    for _ in range(50):
        load_img(png)


def test_arrays_have_three_axes_in_either_format() -> None:
    grey = array_to_img(np.zeros((4, 6, 1)))
    assert img_to_array(grey).shape == (4, 6, 1)
    assert img_to_array(grey, data_format="channels_first").shape == (1, 4, 6)
    colours = array_to_img(np.zeros((4, 6, 3)))
    assert img_to_array(colours, data_format=None, dtype=None).dtype == np.float32
    assert img_to_array(colours, "channels_first", "uint8").shape == (3, 4, 6)
    with pytest.raises(ValueError, match="Unknown data_format: channels"):
        img_to_array(colours, data_format="channels")
    with pytest.raises(ValueError, match="Unsupported image shape"):
        img_to_array(np.zeros((4, 6, 5, 3)))


def test_pictures_are_listed_at_any_depth(tmp_path: Path) -> None:
    for name in ("a.png", "b.JPG", "c.gif", "d_png", "sub/e.tiff"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    listed = sorted(Path(path).name for path in list_pictures(str(tmp_path)))
    assert listed == ["a.png", "b.JPG", "e.tiff"]
    assert list_pictures(str(tmp_path), ext="png") == [str(tmp_path / "a.png")]


def test_a_name_is_valid_if_the_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.PnG").touch()
    assert validate_filename(str(tmp_path / "a.PnG"), ("png", "jpg"))
    assert not validate_filename(str(tmp_path / "a.PnG"), ("jpg",))
    assert not validate_filename(str(tmp_path / "b.png"), ("png",))
