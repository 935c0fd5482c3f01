"""Draws: what is shared with Keras is in test_published; here, what is ours."""

from typing import Any

import numpy as np
import pytest

from raydrift import seeds
from raydrift.augment.compat import check_compat
from raydrift.augment.drawing import draw, neutral
from raydrift.augment.ranges import NOISES, Ranges
from raydrift.errors import SettingsError

WIDE = Ranges(
    rotation_range=20,
    width_shift_range=0.1,
    height_shift_range=0.2,
    shear_range=5,
    zoom_range=(0.8, 1.2),
    channel_shift_range=10,
    brightness_range=(0.5, 1.5),
    horizontal_flip=True,
    contrast_range=(0.5, 1.5),
    noise=list(NOISES),
)


def drawn(compat: str = "fixed", extended: bool = False, ranges: Ranges = WIDE) -> dict[str, Any]:
    return draw(ranges, (24, 32), np.random.RandomState(7), compat, extended)


def test_the_height_moves_rows_when_fixed_and_nothing_else_changes() -> None:
    ours, keras = drawn(), drawn("keras3")
    assert (ours["tx"], ours["ty"]) == (keras["ty"], keras["tx"])
    assert abs(ours["ty"]) <= 0.2 * 24
    assert abs(ours["tx"]) <= 0.1 * 32
    assert {**ours, "tx": 0, "ty": 0} == {**keras, "tx": 0, "ty": 0}
    assert drawn("kp112") == keras


def test_contrast_and_noise_come_after_all_that_keras_draws() -> None:
    more = drawn(extended=True)
    assert list(more) == [*neutral(), "contrast", "noise", "noise_seed"]
    assert {key: more[key] for key in neutral()} == drawn()
    assert more["noise"] in NOISES
    assert 0.5 <= more["contrast"] <= 1.5
    assert isinstance(more["noise_seed"], int)


def test_without_ranges_nothing_is_done() -> None:
    for extended in (False, True):
        assert drawn(extended=extended, ranges=Ranges()) == neutral(extended)


def test_one_zoom_for_both_directions_leaves_the_later_draws_as_they_are() -> None:
    whole = drawn(ranges=Ranges(zoom_range=(0.5, 2), zoom_keep_aspect=True, horizontal_flip=True))
    apart = drawn(ranges=Ranges(zoom_range=(0.5, 2), horizontal_flip=True))
    assert whole["zx"] == whole["zy"] == apart["zx"] != apart["zy"]
    assert whole["flip_horizontal"] == apart["flip_horizontal"]


def test_keyed_numbers_are_of_the_sample_and_the_epoch_alone() -> None:
    def keyed(sample: int, epoch: int) -> dict[str, Any]:
        rng = seeds.random_state(42, seeds.FLOW_DRAW, sample, epoch)
        return draw(WIDE, (24, 32), rng, extended=True)

    assert keyed(3, 1) == keyed(3, 1)
    assert keyed(3, 1) != keyed(3, 2)
    assert keyed(3, 1) != keyed(4, 1)


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        (Ranges(zoom_range=(-0.5, 2.5)), "zoom_range is (-0.5, 2.5), which holds 0 or less: give"),
        (Ranges(zoom_range=(0, 1)), "zoom_range is (0, 1), which holds 0 or less: give factors"),
        (Ranges(zoom_range=(1, np.inf)), "zoom_range is (1, inf): give two finite numbers"),
        (Ranges(brightness_range=(-0.2, 0.2)), "brightness_range is (-0.2, 0.2), which holds less"),
        (
            Ranges(contrast_range=[-1, 1]),
            "contrast_range is (-1, 1), which holds less than 0: give",
        ),
        (Ranges(brightness_range=(1.2, 0.8)), "brightness_range is (1.2, 0.8): give the least"),
        (Ranges(contrast_range=(2, 1)), "contrast_range is (2, 1): give the least factor first"),
        (Ranges(brightness_range=("1", 2)), "brightness_range is ('1', 2): give two finite"),
        (Ranges(rotation_range="20"), "rotation_range is '20': give a finite number"),  # type: ignore[arg-type]
        (Ranges(shear_range=np.nan), "shear_range is nan: give a finite number"),
        (Ranges(channel_shift_range=np.inf), "channel_shift_range is inf: give a finite number"),
        (Ranges(width_shift_range=np.nan), "width_shift_range is nan: give a finite number"),
        (Ranges(height_shift_range="0.1"), "height_shift_range is '0.1': give a finite number"),
        (Ranges(width_shift_range=[1, "2"]), "width_shift_range is [1, '2']: give a finite"),
        (Ranges(noise=["gaus"]), "noise is 'gaus': did you mean 'gauss'?"),
    ],
)
def test_what_nobody_means_is_refused_when_fixed(ranges: Ranges, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        ranges.check_values("fixed")
    assert str(error.value).startswith(said)
    ranges.check_values("keras3")


@pytest.mark.parametrize(
    "shift", [None, 0, 3, 0.2, -0.2, [1, 2], (0.1, 3), np.array([1, 2]), np.float32(0.1), range(3)]
)
def test_a_shift_may_be_a_number_or_several(shift: Any) -> None:
    Ranges(width_shift_range=shift, rotation_range=np.float32(20)).check_values("fixed")


def test_a_behaviour_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"compat is 'keras2': did you mean 'keras3'\?"):
        check_compat("keras2")
    with pytest.raises(SettingsError, match="compat is None: choose from: fixed, keras3, kp112"):
        check_compat(None)
