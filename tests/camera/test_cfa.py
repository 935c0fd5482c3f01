import numpy as np
import pytest

from raydrift.camera import CFA
from raydrift.camera.cfa import cfa_of, mosaicked
from raydrift.errors import SettingsError


def test_red_and_blue_are_across_from_each_other() -> None:
    assert [(cfa.red, cfa.blue) for cfa in CFA] == [
        ((0, 0), (1, 1)),
        ((1, 1), (0, 0)),
        ((0, 1), (1, 0)),
        ((1, 0), (0, 1)),
    ]


def test_a_crop_by_an_odd_number_moves_the_pattern() -> None:
    assert [CFA.RGGB.cropped(top, left) for top in (0, 1) for left in (0, 1)] == [
        "RGGB",
        "GRBG",
        "GBRG",
        "BGGR",
    ]
    assert CFA.GRBG.cropped(2, 4) == "GRBG"


def test_a_flip_moves_the_pattern_where_the_length_is_even() -> None:
    assert CFA.RGGB.flipped_up_down(height=4) == "GBRG"
    assert CFA.RGGB.flipped_up_down(height=5) == "RGGB"
    assert CFA.RGGB.flipped_left_right(width=4) == "GRBG"
    assert CFA.RGGB.flipped_left_right(width=5) == "RGGB"


def test_each_pixel_of_a_mosaic_is_the_colour_of_its_filter_on_its_black_level() -> None:
    planes = np.full((3, 3, 4), 0.0)
    planes[:] = np.array([10, 20, 30])[:, None, None]
    assert mosaicked(planes, CFA.GRBG, (1, 2, 3, 4)).tolist() == [
        [21, 12, 21, 12],
        [33, 24, 33, 24],
        [21, 12, 21, 12],
    ]


@pytest.mark.parametrize("given", ["RGBG", "rggb", "", None, "XTRANS"])
def test_other_patterns_are_refused(given: object) -> None:
    with pytest.raises(SettingsError, match="choose from: RGGB, BGGR, GRBG, GBRG"):
        cfa_of(given)
