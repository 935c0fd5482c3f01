"""A mask and points move with their image, through the same drawn parameters."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from raydrift import (
    ColourSpace,
    MovingTransform,
    Sample,
    Transform,
    TransformInfo,
    drift_image,
    drift_sample,
)
from raydrift.drift import replay_sample
from raydrift.drift.moving import Matrix
from raydrift.errors import PipelineError
from raydrift.images.decoded import Decoded
from raydrift.images.scenes import draw_scene
from raydrift.transforms import ImageTransform, Parameters, plain_transforms, transform_class

HEIGHT, WIDTH = 96, 128
COLOURS = np.array([(0, 0, 0), (250, 40, 40), (40, 250, 40), (40, 40, 250)], np.uint8)
"""What a label is painted in; 0 is black, as what comes from outside."""

MOVING = [one for one in ImageTransform if transform_class(one).moves]
STILL = [one for one in plain_transforms() if one not in MOVING]


def painted() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """An image of flat regions, and their labels."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20:70, 15:60] = 1
    mask[40:90, 70:110] = 2
    mask[5:30, 65:120] = 3
    return COLOURS[mask], mask


def chain(*written: str) -> list[TransformInfo]:
    return [TransformInfo.parse(one) for one in written]


@pytest.mark.parametrize("sample_id", [0, 1, 3])  # which all draw more than a degree
@pytest.mark.parametrize("written", [("rotate:0.6",), ("shear:0.8",), ("rotate:0.3", "shear:0.5")])
def test_image_and_mask_of_flat_regions_agree(written: tuple[str, ...], sample_id: int) -> None:
    """But for a seam between regions, where colours are mixed and a label is not."""
    image, mask = painted()
    moved, _ = drift_sample(Sample(image, mask=mask), chain(*written), seed=3, sample_id=sample_id)
    assert moved.mask is not None
    assert moved.mask.dtype == np.uint8
    assert set(np.unique(moved.mask)) <= {0, 1, 2, 3}
    flat = (moved.pixels[:, :, None] == COLOURS).all(axis=3)  # is it exactly a region's colour?
    inside = flat.any(axis=2)
    assert inside.mean() > 0.85
    np.testing.assert_array_equal(moved.mask[inside], flat.argmax(axis=2)[inside])
    assert (moved.mask != mask).any()


@pytest.mark.parametrize("written", [("rotate:0.4",), ("shear:0.7",), ("shear:0.4", "rotate:0.4")])
def test_points_land_where_the_dots_land(written: tuple[str, ...]) -> None:
    centres = np.array([[40.0, 30.0], [64.0, 48.0], [90.0, 60.0], [50.0, 66.0]])
    for number, (x, y) in enumerate(centres):
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        image[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3] = 255
        moved, _ = drift_sample(Sample(image, points=centres), chain(*written), seed=3, sample_id=1)
        assert moved.points is not None
        light = moved.pixels[:, :, 0].astype(float)
        assert light.sum() > 20 * 255
        rows, columns = np.indices(light.shape)
        weighed = (columns * light).sum() / light.sum(), (rows * light).sum() / light.sum()
        np.testing.assert_allclose(moved.points[number], weighed, atol=0.25)


@pytest.mark.parametrize("name", STILL)
def test_what_does_not_move_pixels_leaves_mask_and_points_alone(name: ImageTransform) -> None:
    image, mask = painted()
    points = np.array([[3.0, 4.0]])
    sample = Sample(image, mask=mask, points=points)
    drifted, _ = drift_sample(sample, [TransformInfo(name, 0.8)], seed=3, sample_id=1)
    assert (drifted.pixels != image).any()
    assert drifted.mask is mask
    assert drifted.points is points


def test_the_pixels_are_those_of_the_image_alone_and_the_rest_stays_with_them() -> None:
    scene = draw_scene("boat", seed=0, index=0, height=HEIGHT, width=WIDTH)
    infos = [TransformInfo(one, 0.5) for one in plain_transforms()]
    alone, drawn = drift_image(scene, infos, seed=3, sample_id=7)
    given = Decoded(scene, ("bright",), mask=painted()[1], label=4, facts={"iso": 200})
    whole, drawn_for_it = drift_sample(given, infos, seed=3, sample_id=7)
    assert drawn_for_it == drawn
    np.testing.assert_array_equal(whole.pixels, alone)
    assert (whole.remarks, whole.label, whole.facts) == (("bright",), 4, {"iso": 200})
    again = replay_sample(given, drawn, seed=3, sample_id=7)
    np.testing.assert_array_equal(again.pixels, alone)
    np.testing.assert_array_equal(again.mask, whole.mask)
    assert (given.mask == painted()[1]).all(), "what was given is left alone"


@dataclass(frozen=True)
class Flip(Transform):
    """Moves pixels, and says nothing of masks."""

    moves = True

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        return {"flip": True}

    def apply(self, image: npt.NDArray[np.uint8], flip: bool) -> npt.NDArray[np.uint8]:
        return np.ascontiguousarray(image[:, ::-1])


@dataclass(frozen=True)
class Shift(MovingTransform):
    """A user's own, that says where pixels go."""

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        return {"right": 10}

    def matrix(self, height: int, width: int, right: int) -> Matrix:
        return np.array([[1.0, 0.0, right], [0.0, 1.0, 0.0]])


def test_a_users_transform_that_says_where_pixels_go_moves_a_mask() -> None:
    image, mask = painted()
    given = Sample(image, mask=mask == 2, points=np.array([[3.0, 4.0]]))
    moved, _ = drift_sample(given, [TransformInfo(Shift(), 1.0)], seed=0, sample_id=0)
    assert moved.mask is not None
    np.testing.assert_array_equal(moved.mask[:, 10:], mask[:, :-10] == 2)
    assert not moved.mask[:, :10].any()
    np.testing.assert_array_equal(moved.points, [[13.0, 4.0]])


def test_a_users_transform_that_does_not_say_it_is_an_error_where_there_is_a_mask() -> None:
    image, mask = painted()
    flip = [TransformInfo(Flip(), 1.0)]
    drifted, _ = drift_sample(Sample(image), flip, seed=0, sample_id=5)
    np.testing.assert_array_equal(drifted.pixels, image[:, ::-1])
    for also in ({"mask": mask}, {"points": np.zeros((1, 2))}):
        (what,) = also
        with pytest.raises(PipelineError) as caught:
            drift_sample(Sample(image, **also), flip, seed=0, sample_id=5)
        assert str(caught.value) == (
            f"transform {Flip.name}:1.0 failed on sample 5: it moves pixels, but not the {what} "
            "that came with them: derive it from raydrift.MovingTransform"
        )


class TestOtherPixels:
    MOSAIC = Sample(np.full((16, 24), 4095, np.uint16), space=ColourSpace.MOSAIC)

    @pytest.mark.parametrize("name", [one for one in ImageTransform if one != "default"])
    def test_no_transform_here_takes_a_mosaic_and_each_says_so(self, name: ImageTransform) -> None:
        with pytest.raises(PipelineError) as caught:
            drift_sample(self.MOSAIC, [TransformInfo(name, 0.5)], seed=0, sample_id=5)
        takes = " or ".join(transform_class(name).takes)
        assert str(caught.value) == (
            f"transform {name}:0.5 failed on sample 5: {name} takes {takes} pixels, not uint16 "
            "mosaic: leave it out, or give it others"
        )

    def test_at_level_0_they_pass(self) -> None:
        drifted, _ = drift_sample(self.MOSAIC, chain("rotate:0", "hue:0"), seed=0, sample_id=5)
        assert drifted is self.MOSAIC

    @pytest.mark.parametrize("dtype", [np.uint16, np.float32])
    def test_16_bits_and_floats_are_moved_as_8_bits_are(self, dtype: type) -> None:
        image, _ = painted()
        deep = Sample((image * 257.0).astype(dtype), space=ColourSpace.LINEAR)
        moved, drawn = drift_sample(deep, chain("rotate:0.5", "shear:0.5"), seed=0, sample_id=5)
        assert moved.kind == f"{np.dtype(dtype)} linear"
        plain, same = drift_image(image, chain("rotate:0.5", "shear:0.5"), seed=0, sample_id=5)
        assert drawn == same
        assert np.abs(moved.pixels / 257 - plain).max() <= 2

    def test_grey_is_moved(self) -> None:
        _, mask = painted()
        grey = Sample(mask * np.uint8(80), space=ColourSpace.GREY)
        moved, _ = drift_sample(grey, chain("rotate:0.5"), seed=0, sample_id=5)
        in_colour, _ = drift_image(
            np.repeat(grey.pixels[:, :, None], 3, axis=2), chain("rotate:0.5"), seed=0, sample_id=5
        )
        np.testing.assert_array_equal(moved.pixels, in_colour[:, :, 0])

    def test_a_users_transform_may_take_mosaics(self) -> None:
        @dataclass(frozen=True)
        class Darken(Transform):
            takes = ("uint16 mosaic",)

            def draw(self, level: float, rng: np.random.Generator) -> Parameters:
                return {"to": level}

            def apply(self, image: npt.NDArray[np.uint16], to: float) -> npt.NDArray[np.uint16]:
                return (image * to).astype(np.uint16)

        infos = [TransformInfo(Darken(), 0.5)]
        darker, _ = drift_sample(self.MOSAIC, infos, seed=0, sample_id=5)
        assert (darker.pixels == 2047).all()
        with pytest.raises(PipelineError, match="takes uint16 mosaic pixels, not uint8 srgb"):
            drift_image(painted()[0], infos, seed=0, sample_id=5)
