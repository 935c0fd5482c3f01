"""ImageDataGenerator: its parameters, draws, transforms, standardization and fit."""

import inspect
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

from raydrift.augment.compat import COMPATS
from raydrift.errors import SettingsError
from raydrift.flows import ImageDataGenerator, fitting
from tests.flows.keras_numbers import LIBRARIES, keras_numbers

POSITIONAL = [
    "featurewise_center",
    "samplewise_center",
    "featurewise_std_normalization",
    "samplewise_std_normalization",
    "zca_whitening",
    "zca_epsilon",
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "brightness_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "fill_mode",
    "cval",
    "horizontal_flip",
    "vertical_flip",
    "rescale",
    "preprocessing_function",
    "data_format",
    "validation_split",
    "interpolation_order",
    "dtype",
]


def test_the_positional_order_is_that_of_keras() -> None:
    parameters = inspect.signature(ImageDataGenerator).parameters.values()
    assert [one.name for one in parameters if one.kind == one.POSITIONAL_OR_KEYWORD] == POSITIONAL


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom raydrift.flows import ImageDataGenerator, DataFrameIterator\n"
        "heavy = {'ray', 'torch', 'keras', 'pandas', 'tensorflow', 'scipy.optimize'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"zoom_range": (1, 2, 3)}, "zoom_range"),
        ({"zoom_range": ("a", "b")}, "zoom_range"),
        ({"brightness_range": 0.1}, "brightness_range"),
        ({"brightness_range": np.array([0.1, 0.2])}, "brightness_range"),
        ({"data_format": "channels_middle"}, "data_format"),
        ({"validation_split": 5}, "strictly between 0 and 1"),
        ({"validation_split": -0.1}, "strictly between 0 and 1"),
        ({"zoom_range": (0.0, 1.0)}, "zoom_range is .* holds 0 or less"),
        ({"brightness_range": (-0.2, 0.2)}, "brightness_range is .* less than 0"),
        ({"compat": "keras"}, "compat"),
        ({"draws": "keras3"}, "draws"),
        ({"decode": "pil"}, "decode"),
        ({"on_error": "skip"}, "on_error"),
        ({"workers": 1.5}, "workers"),
        ({"workers": -1}, "workers"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ImageDataGenerator(**given)


def test_a_zoom_of_numpys_own_kind_is_no_number_as_in_keras() -> None:
    with pytest.raises(TypeError):
        ImageDataGenerator(zoom_range=np.float32(0.2))


def test_the_old_behaviours_refuse_what_keras_refuses_alone() -> None:
    assert ImageDataGenerator(zoom_range=(0.0, 1.0), compat="keras3").zoom_range == [0.0, 1.0]
    assert ImageDataGenerator(zoom_range=0.25).zoom_range == [0.75, 1.25]


@pytest.mark.parametrize(
    ("given", "names", "value"),
    [
        ({"zca_whitening": True}, ["featurewise_center"], True),
        ({"featurewise_std_normalization": True}, ["featurewise_center"], True),
        ({"samplewise_std_normalization": True}, ["samplewise_center"], True),
        (
            {
                "zca_whitening": True,
                "featurewise_center": True,
                "featurewise_std_normalization": True,
            },
            ["featurewise_std_normalization"],
            False,
        ),
    ],
)
def test_one_standardization_demands_or_rules_out_another(
    given: dict[str, Any], names: list[str], value: bool
) -> None:
    with pytest.warns(UserWarning, match="overrides") as told:
        generator = ImageDataGenerator(**given)
    assert [getattr(generator, name) for name in names] == [value]
    assert len(told) == 1


@pytest.mark.parametrize("library", LIBRARIES)
def test_draws_are_those_of_keras_for_a_seed(library: str) -> None:
    arrays, tell = keras_numbers()
    for name, given in tell["draw"].items():
        generator = ImageDataGenerator(compat=library, **given)
        for seed in range(5):
            drawn = generator.get_random_transform((24, 32, 3), seed)
            assert list(drawn) == tell["keys"]
            numbers = [np.nan if value is None else value for value in drawn.values()]
            assert np.array_equal(numbers, arrays[f"draw/{library}/{name}"][seed], equal_nan=True)


@pytest.mark.parametrize("library", LIBRARIES)
def test_random_transforms_are_those_of_keras(library: str) -> None:
    arrays, tell = keras_numbers()
    generator = ImageDataGenerator(compat=library, **tell["draw"]["everything"])
    image = arrays["images"][0].astype("float32")
    for seed, expected in enumerate(arrays[f"random_transform/{library}"]):
        apart = np.abs(generator.random_transform(image, seed) - expected)
        assert (apart > 0.02).mean() < 1e-3  # a level that was cut may be one apart
        assert apart.max() <= 2


def test_nothing_to_do_returns_the_image_itself() -> None:
    x = np.zeros((4, 5, 3), np.uint8)
    generator = ImageDataGenerator()
    assert generator.apply_transform(x, generator.default_transform) is x
    assert generator.apply_transform(x, {}) is x
    floats = x.astype("float32")
    assert generator.standardize(floats) is floats


def test_no_global_random_numbers_are_drawn_or_seeded() -> None:
    np.random.seed(0)
    before = np.random.get_state()[1].tolist()
    generator = ImageDataGenerator(rotation_range=20, zoom_range=0.2)
    generator.random_transform(np.zeros((8, 8, 3)), seed=3)
    next(generator.flow(np.zeros((8, 8, 8, 3)), seed=1))
    assert np.random.get_state()[1].tolist() == before
    x = generator.get_random_transform((8, 8, 3)), generator.get_random_transform((8, 8, 3))
    assert x[0] != x[1]


@pytest.mark.parametrize("library", LIBRARIES)
def test_fit_is_that_of_keras(library: str) -> None:
    arrays, tell = keras_numbers()
    small = arrays["small"]
    for name, given in tell["fit"].items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            generator = ImageDataGenerator(compat=library, **given)
        generator.fit(small)
        for what, found in (
            ("mean", generator.mean),
            ("std", generator.std),
            ("zca", generator.zca_whitening_matrix),
        ):
            if f"fit/{library}/{name}/{what}" in arrays:
                expected = arrays[f"fit/{library}/{name}/{what}"]
                assert found == pytest.approx(expected, rel=2e-5, abs=1e-3)
        made = [generator.standardize(x.astype("float32")) for x in small]
        expected = arrays[f"fit/{library}/{name}/standardized"]
        assert np.array(made) == pytest.approx(expected, abs=1e-5)
        assert generator.principal_components is generator.zca_whitening_matrix


def test_statistics_are_those_of_float64() -> None:
    x = np.random.RandomState(0).uniform(0, 255, (20, 6, 5, 3))
    generator = ImageDataGenerator(
        featurewise_center=True, featurewise_std_normalization=True, dtype="float64"
    )
    generator.fit(x)
    assert generator.mean == pytest.approx(x.mean((0, 1, 2)).reshape(1, 1, 3), rel=1e-12)
    assert generator.std == pytest.approx(x.std((0, 1, 2)).reshape(1, 1, 3), rel=1e-12)


@pytest.mark.parametrize("compat", COMPATS)
def test_fit_rescales_arrays_before_it_augments_them(compat: str) -> None:
    """As Keras does; brightness of ``keras3`` then finds levels below 1, and cuts them to 0."""
    x = np.random.RandomState(0).uniform(0, 255, (12, 8, 8, 3)).astype(np.float32)
    given: dict[str, Any] = {"rotation_range": 20, "brightness_range": (0.5, 2), "compat": compat}
    generator = ImageDataGenerator(
        **given, rescale=1 / 255, featurewise_center=True, featurewise_std_normalization=True
    )
    generator.fit(x, augment=True, rounds=2, seed=7)
    plain, rng = ImageDataGenerator(**given), np.random.RandomState(7)
    seen = [plain.random_transform(one * np.float32(1 / 255), rng) for one in [*x, *x]]
    assert generator.mean == pytest.approx(np.mean(seen, (0, 1, 2)).reshape(1, 1, 3), rel=1e-5)
    assert generator.std == pytest.approx(np.std(seen, (0, 1, 2)).reshape(1, 1, 3), rel=1e-5)
    assert (float(np.max(generator.mean)) == 0) == (compat == "keras3")


def test_fit_of_a_flow_finds_what_its_batches_have() -> None:
    x = np.random.RandomState(0).uniform(0, 255, (12, 8, 8, 3)).astype(np.float32)
    given: dict[str, Any] = {"channel_shift_range": 50, "rescale": 1 / 255}
    generator = ImageDataGenerator(**given, featurewise_center=True)
    flow = ImageDataGenerator(**given).flow(x, batch_size=12, shuffle=False, seed=3)
    generator.fit(generator.flow(x, batch_size=5, shuffle=False, seed=3), augment=True)
    assert generator.mean == pytest.approx(next(flow).mean((0, 1, 2)).reshape(1, 1, 3), rel=1e-5)


def test_fit_of_a_flow_is_by_the_seed_that_it_is_given() -> None:
    x = np.random.RandomState(0).uniform(0, 255, (4, 6, 8, 3))

    def mean(flow_seed: int, **given: Any) -> Any:
        generator = ImageDataGenerator(featurewise_center=True, channel_shift_range=50)
        generator.fit(generator.flow(x, seed=flow_seed), augment=True, **given)
        return generator.mean

    assert np.array_equal(mean(1, seed=5), mean(2, seed=5))
    assert not np.array_equal(mean(1, seed=5), mean(1, seed=6))
    assert not np.array_equal(mean(1), mean(2))
    with pytest.raises(ValueError, match="seed is -1"):
        mean(1, seed=-1)


def test_fit_takes_a_flow_of_files_and_finds_what_arrays_would_give(scenes: Path) -> None:
    given: dict[str, Any] = {
        "featurewise_center": True,
        "featurewise_std_normalization": True,
        "rescale": 1 / 255,
    }
    generator, other = ImageDataGenerator(**given), ImageDataGenerator(**given)
    size = {"target_size": (16, 20), "batch_size": 10, "shuffle": False}
    flow = generator.flow_from_directory(scenes, **size)
    generator.fit(flow)
    plain = ImageDataGenerator().flow_from_directory(scenes, class_mode=None, **size)
    other.fit(np.concatenate([plain[i] for i in range(len(plain))]))
    assert np.array_equal(np.asarray(generator.mean), np.asarray(other.mean))
    assert np.array_equal(np.asarray(generator.std), np.asarray(other.std))
    assert flow.index_array is None  # the flow itself was not moved


@pytest.mark.parametrize("compat", ["fixed", "kp112", "keras3"])
def test_whitening_of_more_images_than_are_kept(
    compat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.RandomState(0).uniform(0, 255, (300, 3, 4, 3))
    with pytest.warns(UserWarning, match="overrides"):
        generator = ImageDataGenerator(zca_whitening=True, compat=compat, dtype="float64")
    generator.fit(x)
    whole = np.asarray(generator.zca_whitening_matrix)
    monkeypatch.setattr(fitting, "_AT_ONCE", 36 * 7)
    generator.fit(generator.flow(x, batch_size=8))
    assert np.asarray(generator.zca_whitening_matrix) == pytest.approx(whole, rel=1e-6, abs=1e-9)


def test_whitening_without_room_is_refused_with_its_bytes() -> None:
    with pytest.warns(UserWarning, match="overrides"):
        generator = ImageDataGenerator(zca_whitening=True)
    with pytest.raises(SettingsError, match=r"181,\d{3},\d{3},\d{3} bytes"):
        generator.fit(np.zeros((2, 224, 224, 3)))


def test_fit_refuses_other_ranks_and_warns_of_other_channels() -> None:
    generator = ImageDataGenerator(featurewise_center=True)
    with pytest.raises(ValueError, match="rank 4"):
        generator.fit(np.zeros((3, 10, 10)))
    with pytest.warns(UserWarning, match="2 channels"):
        generator.fit(np.zeros((3, 10, 10, 2)))


def test_it_pickles_and_functions_do_with_cloudpickle() -> None:
    generator = ImageDataGenerator(rotation_range=20, rescale=2)
    again = pickle.loads(pickle.dumps(generator))
    assert again.get_random_transform((8, 8, 3), 1) == generator.get_random_transform((8, 8, 3), 1)
    generator = ImageDataGenerator(preprocessing_function=lambda x: x + 1)
    again = cloudpickle.loads(cloudpickle.dumps(generator))
    assert again.standardize(np.zeros((1, 1, 1))) == 1
