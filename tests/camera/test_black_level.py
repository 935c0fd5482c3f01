import numpy as np
import pytest

from raydrift.camera.black_level import by_place, without_black


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_place_has_its_own(dtype: type) -> None:
    mosaic = np.full((3, 5), 0.5, dtype)
    found = without_black(mosaic, (0.125, 0.25, 0.375, 0.75))
    assert found.dtype == dtype
    assert found.tolist() == [
        [0.375, 0.25, 0.375, 0.25, 0.375],
        [0.125, -0.25, 0.125, -0.25, 0.125],
        [0.375, 0.25, 0.375, 0.25, 0.375],
    ]
    assert (mosaic == 0.5).all()


def test_one_for_all_is_the_same_as_four() -> None:
    mosaic = np.linspace(0, 1, 12).reshape(3, 4)
    assert (without_black(mosaic, (0.1,) * 4) == mosaic - 0.1).all()


@pytest.mark.parametrize(
    ("indices", "levels"),
    [
        ([[0, 1], [3, 2]], (100.0, 101.0, 102.0, 103.0)),  # RGGB
        ([[2, 3], [1, 0]], (103.0, 102.0, 101.0, 100.0)),  # BGGR
        ([[1, 0], [2, 3]], (101.0, 100.0, 103.0, 102.0)),  # GRBG
        ([[3, 2], [0, 1]], (102.0, 103.0, 100.0, 101.0)),  # GBRG
    ],
)
def test_levels_by_colour_are_put_in_their_places(indices: list, levels: tuple) -> None:
    """LibRaw counts R, G, B and the second G."""
    assert by_place([100, 101, 103, 102], np.array(indices)) == levels
