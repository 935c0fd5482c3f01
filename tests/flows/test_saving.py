"""Keras' functions that make images of arrays, and the names of saved samples."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from raydrift.flows.saving import array_to_img, save_img, saved_name, saved_name_of_file


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_channels_make_the_mode(channels: int, mode: str) -> None:
    x = np.random.default_rng(0).random((5, 7, channels))
    assert array_to_img(x).mode == mode
    turned = array_to_img(x.transpose(2, 0, 1), data_format="channels_first")
    assert (turned.mode, turned.size) == (mode, (7, 5))


def test_scaled_values_are_stretched_from_0_to_255() -> None:
    image = array_to_img(np.array([[[-1.0], [0.0], [1.0]]]))
    assert np.asarray(image).tolist() == [[0, 127, 255]]
    assert np.asarray(array_to_img(np.full((1, 2, 1), 7.0))).tolist() == [[0, 0]]
    assert np.asarray(array_to_img(np.full((1, 2, 1), 7.9), scale=False)).tolist() == [[7, 7]]


def test_what_is_given_is_not_changed() -> None:
    x = np.ones((2, 2, 3), np.float32)
    array_to_img(x)
    assert (x == 1).all()


def test_deep_grey_has_32_bits_a_pixel() -> None:
    image = array_to_img(np.array([[[70_000]]]), scale=False, dtype="int32")
    assert image.mode == "I"
    assert np.asarray(image).tolist() == [[70_000]]


def test_bad_arrays() -> None:
    with pytest.raises(ValueError, match=r"Expected image array to have rank 3 .*\(2, 2\)"):
        array_to_img(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="Invalid data_format: channels"):
        array_to_img(np.zeros((2, 2, 3)), data_format="channels")
    with pytest.raises(ValueError, match="Unsupported channel number: 5"):
        array_to_img(np.zeros((2, 2, 5)))


def test_images_are_saved_to_files_and_file_objects(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (5, 7, 3))
    save_img(tmp_path / "a.png", x, scale=False)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), x)
    file = BytesIO()
    save_img(file, x, file_format="jpg", quality=30)
    assert Image.open(file).format == "JPEG"


@pytest.mark.parametrize("ending", ["jpg", "JPEG"])
def test_a_jpeg_has_no_alpha(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    with pytest.warns(UserWarning, match="The JPG format does not support RGBA images, convert"):
        save_img(str(path), np.zeros((5, 7, 4)))
    with Image.open(path) as image:
        assert image.mode == "RGB"


def test_names_of_saved_samples_depend_on_seed_sample_and_epoch_alone() -> None:
    def name(seed: int, index: int, epoch: int) -> str:
        return saved_name("aug", index, "png", seed=seed, epoch=epoch)

    names = {name(seed, index, epoch) for seed in (1, 2) for index in (0, 5) for epoch in (0, 1)}
    assert len(names) == 8
    assert name(1, 5, 0) == name(1, 5, 0)
    assert name(1, 5, 0).startswith("aug_5_")
    assert saved_name(None, 0, "jpg", seed=1, epoch=0, numbers=1) == "_0_0.jpg"


def test_names_of_saved_files_have_the_files_path() -> None:
    name = saved_name_of_file("aug", "cat/b/1.jpg", "png", seed=1, index=3, epoch=0)
    assert name.startswith("aug_cat-b-1.jpg_")
    assert name.endswith(".png")
    assert saved_name_of_file("", "1.jpg", "png", seed=1, index=3, epoch=0).startswith("1.jpg_")
