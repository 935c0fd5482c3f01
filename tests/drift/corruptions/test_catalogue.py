"""The ten together: what each of them keeps, and what their draws depend on."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raydrift.drift.corruptions import CORRUPTIONS, corrupt, corrupted, draws_of
from raydrift.errors import SettingsError
from raydrift.settings.corruptions import SEVERITIES

DRAWN = ("gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise", "elastic")
RISING = tuple(name for name in CORRUPTIONS if name not in ("saturate", "elastic"))
"""Published saturation falls at severities 1 and 2; an elastic picture is slanted less and less."""


def corrupted_one(picture: np.ndarray, name: str, severity: int, sample: int = 0) -> np.ndarray:
    return corrupt(picture, name, severity, draws_of(42, name, severity, sample))


@pytest.fixture(scope="module")
def scene(scenes: Path) -> np.ndarray:
    """240 × 320 pixels of a drawn image."""
    picture = cv2.imread(str(sorted((scenes / "boat").iterdir())[0]))
    assert picture is not None
    return picture[..., ::-1].copy()


def test_they_are_the_ten_of_the_published_baseline() -> None:
    assert CORRUPTIONS == (
        "gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise", "gaussian_blur",
        "zoom_blur", "contrast", "brightness", "saturate", "elastic",
    )  # fmt: skip
    assert SEVERITIES == (1, 2, 3, 4, 5)


@given(
    name=st.sampled_from(CORRUPTIONS),
    severity=st.sampled_from(SEVERITIES),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=150, deadline=None)
def test_any_picture_keeps_its_shape_and_the_input_stays(
    name: str, severity: int, height: int, width: int, seed: int
) -> None:
    shape = (height, width, 3)
    picture = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    before = picture.copy()
    picture.flags.writeable = False
    found = corrupted_one(picture, name, severity)
    assert (found.shape, found.dtype) == (shape, np.uint8)
    assert not np.shares_memory(found, picture)
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_picture_that_lies_otherwise_in_memory_comes_out_the_same(
    name: str, scene: np.ndarray
) -> None:
    """As BGR turned round, and as channels first."""
    plain = scene[:31, :45]
    turned = plain[..., ::-1].copy()[..., ::-1]
    first = plain.transpose(2, 0, 1).copy().transpose(1, 2, 0)
    wanted = corrupted_one(plain.copy(), name, 4)
    np.testing.assert_array_equal(corrupted_one(turned, name, 4), wanted)
    np.testing.assert_array_equal(corrupted_one(first, name, 4), wanted)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_severity_changes_the_picture_and_a_higher_one_more(
    name: str, scene: np.ndarray
) -> None:
    changes = [
        float(np.abs(corrupted_one(scene, name, severity).astype(float) - scene).mean())
        for severity in SEVERITIES
    ]
    assert min(changes) > 0.1
    if name in RISING:
        assert changes == sorted(changes)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_what_is_drawn_depends_on_the_sample_the_seed_and_the_severity(
    name: str, scene: np.ndarray
) -> None:
    first = corrupted_one(scene, name, 3)
    np.testing.assert_array_equal(corrupted_one(scene, name, 3), first)
    others = (draws_of(42, name, 3, 1), draws_of(43, name, 3, 0), draws_of(42, name, 4, 0))
    for rng in others:
        assert np.array_equal(corrupt(scene, name, 3, rng), first) == (name not in DRAWN)


def test_pictures_of_samples_are_corrupted_one_by_one(scene: np.ndarray) -> None:
    pictures = np.stack([scene, scene, scene[::-1]])
    found = corrupted(pictures, "shot_noise", 3, seed=42, sample_ids=[7, 8, 7])
    for picture, one, sample in zip(pictures, found, (7, 8, 7), strict=True):
        np.testing.assert_array_equal(one, corrupted_one(picture, "shot_noise", 3, sample))
    assert not np.array_equal(found[0], found[1])


def test_no_two_draw_from_one_stream() -> None:
    words = {
        draws_of(42, name, severity, sample).bit_generator.random_raw()
        for name in CORRUPTIONS
        for severity in SEVERITIES
        for sample in (0, 1, 2**40)
    }
    assert len(words) == 10 * 5 * 3


def test_the_global_generator_is_neither_read_nor_seeded(scene: np.ndarray) -> None:
    state = np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]
    for name in CORRUPTIONS:
        corrupted_one(scene, name, 5)
    assert np.random.get_state()[1].tolist() == state  # type: ignore[index,union-attr]


@pytest.mark.parametrize(
    ("name", "severity", "said"),
    [
        ("gausian_noise", 3, "unknown corruption 'gausian_noise': did you mean 'gaussian_noise'?"),
        ("fog", 3, "unknown corruption 'fog': choose from: gaussian_noise, shot_noise, impulse_"),
        ("contrast", 0, "severity is 0: give a whole number from 1 to 5"),
        ("contrast", 6, "severity is 6: give a whole number from 1 to 5"),
        ("contrast", 2.5, "severity is 2.5: give a whole number from 1 to 5"),
    ],
)
def test_what_there_is_not_is_named(name: str, severity: int, said: str) -> None:
    rng = np.random.default_rng(0)
    for refused in (
        lambda: corrupt(np.zeros((2, 2, 3), np.uint8), name, severity, rng),
        lambda: draws_of(42, name, severity, 0),
    ):
        with pytest.raises(SettingsError) as caught:
            refused()
        assert str(caught.value).startswith(said)
