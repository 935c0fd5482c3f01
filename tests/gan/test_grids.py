"""Pictures of many images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raydrift.gan.grids import generated_in, image_grid, translation_grid
from raydrift.gan.measures import Pixels


def flat(levels: range | list[int], height: int = 100, width: int = 120) -> Pixels:
    """An image of one level each."""
    each = np.array(levels, np.uint8)[:, None, None, None]
    return np.broadcast_to(each, (len(each), height, width, 3)).copy()


def test_images_are_in_rows_of_four_with_white_gaps() -> None:
    grid = image_grid(flat(range(20)))
    assert grid.shape == (4 * 100 + 3 * 2, 4 * 120 + 3 * 2, 3)
    assert grid[50::102, 60::122, 0].ravel().tolist() == list(range(16)), "the first 16"
    assert (grid[100:102] == 255).all()
    assert (grid[:, 120:122] == 255).all()


def test_a_row_that_is_not_full_ends_in_white_and_one_image_is_itself() -> None:
    grid = image_grid(flat(range(5)))
    assert grid.shape == (2 * 100 + 2, 4 * 120 + 3 * 2, 3)
    assert (grid[102:, 122:] == 255).all()
    np.testing.assert_array_equal(image_grid(flat([7])), flat([7])[0])


@pytest.mark.parametrize(("side", "factor"), [(8, 12), (32, 3), (64, 2), (95, 2), (96, 1)])
def test_small_images_are_enlarged_by_whole_numbers(side: int, factor: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, side, 2 * side, 1), np.uint8)
    grid = image_grid(image)
    assert grid.shape == (factor * side, 2 * factor * side, 1)
    np.testing.assert_array_equal(grid[::factor, ::factor], image[0])


def test_an_image_is_beside_its_translation_and_what_comes_back() -> None:
    sets = flat(range(3)), flat(range(10, 13)), flat(range(20, 23))
    grid = translation_grid(*sets)
    assert grid[50::102, 60::122, 0].tolist() == [[0, 10, 20], [1, 11, 21], [2, 12, 22]]
    without = translation_grid(*sets[:2], None)
    np.testing.assert_array_equal(without, grid[:, : 2 * 120 + 2])


def test_more_than_four_are_in_two_columns_with_a_wider_gap() -> None:
    sources = flat(range(5))
    grid = translation_grid(sources, sources + 10, sources + 20)
    one = 3 * 120 + 2 * 2
    assert grid.shape == (3 * 100 + 2 * 2, 2 * one + 12, 3)
    left, right = grid[:, :one], grid[:, one + 12 :]
    assert left[50::102, 60::122, 0].tolist() == [[0, 10, 20], [2, 12, 22], [4, 14, 24]]
    assert right[50:200:102, 60::122, 0].tolist() == [[1, 11, 21], [3, 13, 23]]
    assert (grid[204:, one:] == 255).all()
    sixteen = flat(range(30))
    assert len(translation_grid(sixteen, sixteen, None)) == 8 * 100 + 7 * 2


def test_without_an_image_there_is_no_grid() -> None:
    none = flat([])
    with pytest.raises(ValueError, match="at least one image"):
        image_grid(none)
    with pytest.raises(ValueError, match="at least one image"):
        translation_grid(none, none, none)


@given(
    count=st.integers(1, 16),
    size=st.tuples(st.sampled_from([8, 40, 96, 100]), st.sampled_from([8, 64, 120])),
    channels=st.sampled_from([1, 3]),
    translations=st.booleans(),
)
@settings(max_examples=25)
def test_the_generated_images_are_found_in_their_grid(
    count: int, size: tuple[int, int], channels: int, translations: bool
) -> None:
    drawn = np.random.default_rng(count).integers(0, 255, (3, count, *size, channels), np.uint8)
    sheet = translation_grid(*drawn) if translations else image_grid(drawn[1])
    np.testing.assert_array_equal(generated_in(sheet, *size, translations), drawn[1])
