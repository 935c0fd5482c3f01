"""An image is blended with its twin, which goes through what moves pixels and nothing else."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift import schemas
from raydrift.drift import TwinTransform, drift_image, drift_sample, replay_sample
from raydrift.drift.learned.twin import Twin as Blend
from raydrift.drift.written import read_back, written
from raydrift.errors import PipelineError
from raydrift.images.pixels import RGB, Sample, Twin
from raydrift.images.scenes import draw_scene
from raydrift.transforms import Parameters, Transform, TransformInfo

IMAGE = draw_scene("boat", seed=0, index=0, height=40, width=56)
OTHER = draw_scene("house", seed=0, index=1, height=40, width=56)
SAMPLE = Sample(IMAGE, twin=Twin(OTHER, "boat/1.png", 77))

LEVELS = np.arange(256, dtype=np.uint8)
ALL_PAIRS = (
    np.broadcast_to(LEVELS[:, None, None], (256, 256, 3)),
    np.broadcast_to(LEVELS[None, :, None], (256, 256, 3)),
)


def chain(*written: str) -> list[TransformInfo]:
    return [TransformInfo.parse(one) for one in written]


def drifted(*written: str, sample: Sample = SAMPLE) -> RGB:
    return drift_sample(sample, chain(*written), seed=3, sample_id=5)[0].pixels


class TestTheBlend:
    @pytest.mark.parametrize("weight", [0.125, 0.25, 0.5, 0.75, 1.0])
    def test_of_all_pairs_of_values_is_exact_and_ties_go_to_even(self, weight: float) -> None:
        image, twin = ALL_PAIRS
        eighths = round(8 * (1 - weight)) * image.astype(int) + round(8 * weight) * twin.astype(int)
        whole, rest = np.divmod(eighths, 8)
        expected = whole + ((rest > 4) | ((rest == 4) & (whole % 2 == 1)))
        np.testing.assert_array_equal(Blend().apply_with_twin(image, twin, weight), expected)

    @given(st.floats(0, 1))
    def test_is_rounded_once(self, weight: float) -> None:
        image, twin = ALL_PAIRS
        exact = (1 - weight) * image + weight * twin
        found = Blend().apply_with_twin(image, twin, weight)
        assert np.abs(found - exact).max() <= 0.5 + 1e-9

    def test_leaves_both_images_alone(self) -> None:
        image, twin = IMAGE.copy(), OTHER.copy()
        drifted("twin:0.5", sample=Sample(image, twin=Twin(twin, "1.png", 1)))
        assert (image == IMAGE).all()
        assert (twin == OTHER).all()


class TestInAChain:
    def test_level_0_is_every_pixel_and_needs_no_twin(self) -> None:
        assert drifted("twin:0") is IMAGE
        assert drifted("twin:0", sample=Sample(IMAGE)) is IMAGE

    def test_level_1_is_the_twin(self) -> None:
        np.testing.assert_array_equal(drifted("twin:1"), OTHER)

    def test_what_moved_the_image_moved_its_twin(self) -> None:
        turned, _ = drift_image(OTHER, chain("rotate:0.6", "shear:0.5"), seed=3, sample_id=5)
        np.testing.assert_array_equal(drifted("rotate:0.6", "shear:0.5", "twin:1"), turned)

    def test_what_changed_its_colours_did_not(self) -> None:
        np.testing.assert_array_equal(drifted("brightness:0.9", "twin:1"), OTHER)

    def test_what_follows_is_done_to_both(self) -> None:
        blended = Sample(drifted("twin:0.5"))
        both = drifted("twin:0", "brightness:0.7", sample=blended)
        np.testing.assert_array_equal(drifted("twin:0.5", "brightness:0.7"), both)

    def test_the_mask_stays(self) -> None:
        mask = np.eye(40, 56, dtype=np.uint8)
        given = Sample(IMAGE, mask=mask, twin=SAMPLE.twin)
        assert drift_sample(given, chain("twin:0.5"), seed=3, sample_id=5)[0].mask is mask

    def test_what_is_drawn_for_every_pixel_is_the_same_for_both(self) -> None:
        moving = TransformInfo(Jitter(), 1.0)
        moved, _ = drift_image(OTHER, [moving], seed=3, sample_id=5)
        found, _ = drift_sample(SAMPLE, [moving, *chain("twin:1")], seed=3, sample_id=5)
        np.testing.assert_array_equal(found.pixels, moved)

    def test_without_a_twin_it_fails_and_says_what_is_missing(self) -> None:
        with pytest.raises(PipelineError) as caught:
            drifted("twin:0.4", sample=Sample(IMAGE))
        assert str(caught.value) == (
            "transform twin:0.4 failed on sample 5: the image has no twin to be blended with: "
            "give twins"
        )


class TestProvenance:
    def test_says_which_twin_it_was(self) -> None:
        _, drawn = drift_sample(SAMPLE, chain("rotate:0.5", "twin:0.4"), seed=3, sample_id=5)
        assert drawn[1].parameters == {"weight": 0.4, "twin": "boat/1.png", "twin_crc": "0000004d"}
        assert list(drawn[0].parameters) == ["degrees"]

    def test_gives_the_same_pixels_again(self) -> None:
        asked = chain("rotate:0.5", "twin:0.4", "gaussian_noise:0.2")
        found, drawn = drift_sample(SAMPLE, asked, seed=3, sample_id=5)
        (stored,) = pa.array([written(drawn)], schemas.TRANSFORMS).to_pylist()
        again = replay_sample(SAMPLE, read_back(stored), seed=3, sample_id=5)
        np.testing.assert_array_equal(again.pixels, found.pixels)


@dataclass(frozen=True)
class Jitter(Transform):
    """Moves each row by itself."""

    moves = True

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        return {"most": 5}

    def apply_with(self, rng: np.random.Generator, image: RGB, *_: Any, most: int = 0) -> RGB:
        shifts = rng.integers(0, most, len(image))
        return np.stack([np.roll(row, by, 0) for row, by in zip(image, shifts, strict=True)])


@dataclass(frozen=True)
class Checkers(TwinTransform):
    """A transform of one's own that takes twins: every other row is the twin's."""

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        return {"every": 2}

    def apply_with_twin(self, image: RGB, twin: RGB, *_: Any, every: int = 1) -> RGB:
        image[::every] = twin[::every]
        return image


def test_a_transform_of_ones_own_may_take_twins() -> None:
    found, (drawn,) = drift_sample(SAMPLE, [TransformInfo(Checkers(), 1.0)], seed=3, sample_id=5)
    np.testing.assert_array_equal(found.pixels[::2], OTHER[::2])
    np.testing.assert_array_equal(found.pixels[1::2], IMAGE[1::2])
    assert drawn.parameters == {"every": 2, "twin": "boat/1.png", "twin_crc": "0000004d"}
