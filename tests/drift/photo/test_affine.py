"""One warp: it is that of flows, and masks and points move with it."""

from typing import Any

import numpy as np
import pytest

from raydrift import Sample, TransformInfo, drift_sample
from raydrift.augment.applying import Look, apply
from raydrift.augment.boxes import move_points
from raydrift.augment.masks import move_mask
from raydrift.drift import replay_sample
from raydrift.drift.photo.affine import Affine, in_pixels
from raydrift.errors import SettingsError
from raydrift.images.scenes import draw_scene

HEIGHT, WIDTH = 61, 90
IMAGE = draw_scene("boat", seed=0, index=0, height=HEIGHT, width=WIDTH)
LABELS = (np.add.outer(np.arange(HEIGHT) // 10, np.arange(WIDTH) // 15) % 7).astype(np.uint8)
ALL = Affine(shear=15.0, flip=True, flip_vertical=True)


def drawn(affine: Affine, seed: int, level: float = 1.0) -> dict[str, Any]:
    return dict(affine.draw(level, np.random.default_rng(seed)))


@pytest.mark.parametrize("fill", ["nearest", "reflect", "constant", "wrap"])
@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_warp_of_flows(fill: str, seed: int) -> None:
    affine = Affine(shear=15.0, flip=True, flip_vertical=True, fill=fill, fill_value=90)
    parameters = drawn(affine, seed)
    in_flows = in_pixels(parameters, HEIGHT, WIDTH)
    moved = affine.apply(IMAGE, **parameters)
    expected = apply(IMAGE, in_flows, Look(fill_mode=fill, cval=90))
    np.testing.assert_array_equal(moved, expected)
    mask = affine.apply_to_mask(LABELS, **parameters)
    np.testing.assert_array_equal(mask, move_mask(LABELS, in_flows, fill_mode=fill, cval=0))
    points = np.array([[10.0, 5.0], [70.0, 40.0]])
    moved_points = affine.apply_to_points(points, HEIGHT, WIDTH, **parameters)
    np.testing.assert_allclose(
        moved_points, move_points(points + 0.5, in_flows, HEIGHT, WIDTH) - 0.5
    )


def test_all_kinds_of_flips_are_drawn_at_any_level() -> None:
    for level in (1.0, 1e-9):
        flips = [
            (one["flip_horizontal"], one["flip_vertical"])
            for one in (drawn(ALL, seed, level) for seed in range(400))
        ]
        counts = [flips.count(one) for one in ((False, False), (True, False), (True, True))]
        assert min(counts) > 70


def test_a_flip_alone_is_exact() -> None:
    affine = Affine(rotate=0, shift_x=0, shift_y=0, zoom_low=1, zoom_high=1, flip=True)
    of_seeds = [drawn(affine, seed) for seed in range(20)]
    mirrored = next(one for one in of_seeds if one["flip_horizontal"])
    still = next(one for one in of_seeds if not one["flip_horizontal"])
    np.testing.assert_array_equal(affine.apply(IMAGE, **mirrored), IMAGE[:, ::-1])
    np.testing.assert_array_equal(affine.apply(IMAGE, **still), IMAGE)
    points = affine.apply_to_points(np.array([[0.0, 3.0]]), HEIGHT, WIDTH, **mirrored)
    assert points.tolist() == [[WIDTH - 1, 3.0]]


def test_a_level_scales_the_ranges_and_draws_zooms_towards_1() -> None:
    affine = Affine(shear=15.0, zoom_low=0.5, zoom_high=3.0)
    for seed in range(50):
        full, half = drawn(affine, seed), drawn(affine, seed, 0.5)
        for name in ("theta", "tx", "ty", "shear"):
            assert half[name] == pytest.approx(full[name] / 2)
        for name in ("zx", "zy"):
            assert 0.5 <= full[name] <= 3.0
            assert half[name] - 1 == pytest.approx((full[name] - 1) / 2)


def test_a_number_does_not_depend_on_what_else_is_drawn() -> None:
    one, other = drawn(Affine(shear=9, flip=True, keep_aspect=True), 3), drawn(Affine(shift_y=0), 3)
    assert (one["theta"], one["tx"], one["zx"]) == (other["theta"], other["tx"], other["zx"])
    assert one["zy"] == one["zx"] != other["zy"]


def test_a_row_explains_every_pixel_without_the_profile() -> None:
    infos = [TransformInfo(Affine(flip=True, fill="constant", fill_value=200.0), 0.9)]
    given = Sample(IMAGE, mask=LABELS, points=np.array([[3.0, 4.0]]))
    moved, chain = drift_sample(given, infos, seed=1, sample_id=5, epoch=2)
    named = [type(one)(one.info.named, one.kernel, one.parameters) for one in chain]
    again = replay_sample(given, named, seed=1, sample_id=5, epoch=2)
    for name in ("pixels", "mask", "points"):
        np.testing.assert_array_equal(getattr(moved, name), getattr(again, name))


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16, np.uint16, np.float32])
def test_masks_of_every_dtype_keep_their_labels(dtype: type) -> None:
    mask = LABELS.astype(dtype)
    moved = ALL.apply_to_mask(mask, **drawn(ALL, 1))
    assert moved.dtype == mask.dtype
    assert set(np.unique(moved)) <= set(np.unique(mask))


@pytest.mark.parametrize(("dtype", "white"), [(np.uint16, 65535), (np.float32, 1.0)])
def test_the_fill_is_as_bright_in_deeper_pixels(dtype: type, white: float) -> None:
    affine = Affine(shift_x=0.9, fill="constant", fill_value=255.0)
    moved = affine.apply(np.zeros((HEIGHT, WIDTH), dtype), **drawn(affine, 2))
    assert moved.dtype == dtype
    assert moved.max() == white


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ({"zoom_low": 0.0}, "zoom_low is 0.0: give a factor above 0"),
        ({"zoom_high": 0.7}, "zoom_high is 0.7: give at least zoom_low"),
        ({"shear": 90.0}, "shear is 90.0: give less than 90"),
        ({"fill": "black"}, "fill is 'black': choose from: nearest, reflect, constant, wrap"),
        ({"fill_value": 256.0}, "fill_value is 256.0: give 0 to 255"),
    ],
)
def test_what_leaves_nothing_is_refused(ranges: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Affine(**ranges)
    assert str(caught.value) == f"profile.affine.{said}"
