"""What the published test suites of the Keras libraries ask, in a few tests of our own."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from raydrift.flows import ImageDataGenerator

COMPATS = ("fixed", "keras3", "kp112")

EVERYTHING: dict[str, Any] = {
    "featurewise_center": True,
    "samplewise_center": True,
    "samplewise_std_normalization": True,
    "zca_whitening": True,
    "rotation_range": 90.0,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "shear_range": 0.5,
    "zoom_range": 0.2,
    "brightness_range": (1, 5),
    "cval": 0.5,
    "horizontal_flip": True,
    "vertical_flip": True,
}


@pytest.fixture(params=[1, 3, 4], ids=["grey", "rgb", "rgba"])
def images(request: pytest.FixtureRequest) -> Any:
    """Eight images of whole levels, float32."""
    shape = (8, 20, 20, request.param)
    return np.random.RandomState(1).randint(0, 256, shape).astype("float32")


@pytest.mark.parametrize("compat", COMPATS)
def test_everything_at_once_after_fit(images: Any, compat: str) -> None:
    generator = ImageDataGenerator(**EVERYTHING, compat=compat)
    generator.fit(images, augment=True, rounds=2, seed=1)
    x, y, weights = next(generator.flow(images, np.arange(8), 3, sample_weight=np.arange(8)))
    assert (x.shape, x.dtype, y.shape, weights.shape) == (
        (3, *images.shape[1:]),
        np.float32,
        (3,),
        (3,),
    )
    assert np.isfinite(x).all()
    assert generator.standardize(images.copy()).shape == images.shape


@pytest.mark.parametrize("compat", COMPATS)
@pytest.mark.parametrize("shape", [(32, 10, 10, 3), (32, 3, 10, 10), (32, 1, 4, 4)])
def test_channels_may_be_first_and_be_none(shape: Any, compat: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        generator = ImageDataGenerator(
            **{**EVERYTHING, "brightness_range": None},
            data_format="channels_first",
            compat=compat,
        )
        generator.fit(np.random.RandomState(0).uniform(size=shape), augment=True)
    assert generator.zca_whitening_matrix is not None


@pytest.mark.parametrize("compat", COMPATS)
def test_what_was_fitted_standardizes_the_set(images: Any, compat: str) -> None:
    given: dict[str, Any] = {
        "rescale": 1 / 255,
        "featurewise_center": True,
        "dtype": "float64",
        "compat": compat,
    }
    generator = ImageDataGenerator(**given, featurewise_std_normalization=True)
    generator.fit(images)
    batch = generator.flow(images, batch_size=8).next()
    assert abs(np.mean(batch)) < 1e-6
    assert abs(1 - np.std(batch)) < 1e-5
    generator = ImageDataGenerator(**given, zca_whitening=True)
    generator.fit(images)
    flat = generator.flow(images, batch_size=8).next().reshape(8, -1)
    assert ((np.abs(flat @ flat.T / 8) - np.identity(8)) < 1e-6).all()


@pytest.mark.parametrize("compat", COMPATS)
def test_order_0_makes_no_new_labels(compat: str) -> None:
    labels = np.array([[2, 2, 0, 2, 2], [1, 3, 2, 3, 1], [2, 1, 0, 1, 2], [3, 1, 0, 2, 0]])
    generator = ImageDataGenerator(rotation_range=90.0, interpolation_order=0, compat=compat)
    made = next(generator.flow(labels[np.newaxis, ..., np.newaxis], seed=123))
    assert set(np.unique(made)) <= set(np.unique(labels))


@pytest.mark.parametrize(
    ("compat", "rotated"),
    [
        ("kp112", [[0, 0, 1], [0, 1, 1], [0, 0, 1]]),
        ("keras3", [[0, 1, 0], [1, 1, 1], [0, 1, 0]]),
        ("fixed", [[0, 1, 0], [1, 1, 1], [0, 1, 0]]),
    ],
)
def test_an_angle_of_45_degrees(compat: str, rotated: Any) -> None:
    generator = ImageDataGenerator(fill_mode="constant", compat=compat)
    made = generator.apply_transform(np.ones((3, 3, 3)), {"theta": 45})
    expected = np.repeat(np.array(rotated, float)[..., np.newaxis], 3, axis=2)
    assert made == pytest.approx(expected)


def test_files_of_16_bits_and_of_any_depth_of_folders(tmp_path: Path) -> None:
    deep = tmp_path / "class-0" / "sub" / "sub-sub"
    deep.mkdir(parents=True)
    (tmp_path / "class-1").mkdir()
    levels = np.full((20, 20), 40_000, np.uint16)
    Image.fromarray(levels).save(deep / "image-0.png")
    Image.new("RGBA", (20, 20), (1, 2, 3, 0)).save(tmp_path / "class-1" / "image-1.png")

    def function(x: Any) -> Any:
        assert type(x) is np.ndarray
        return x

    generator = ImageDataGenerator(preprocessing_function=function)
    given: dict[str, Any] = {"target_size": (26, 26), "shuffle": False, "class_mode": "sparse"}
    x, y = generator.flow_from_directory(tmp_path, **given)[0]
    assert (x.shape, y.tolist()) == ((2, 26, 26, 3), [0, 1])
    assert (x[0].max(), x[1, 0, 0].tolist()) == (255, [1, 2, 3])
    x, _ = generator.flow_from_directory(tmp_path, color_mode="grayscale", **given)[0]
    assert x[0].max() == 40_000
