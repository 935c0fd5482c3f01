"""Where a model breaks, on answers whose accuracy is known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.metrics import mean_interval, paired_counts
from raydrift.tasks.breaking import Breaking

LEVELS = (0.25, 0.5, 1.0)
DIVERGENCES = (0.1, 0.4, 2.0)


def correct(*right: int, count: int = 100) -> np.ndarray:
    """Of the originals and at each level the first so many images are right."""
    return np.arange(count) < np.array(right)[:, None]


def broken(*right: int, drop: float = 0.1, count: int = 100) -> Breaking:
    return Breaking.of(correct(*right, count=count), LEVELS, DIVERGENCES, drop)


@pytest.mark.parametrize(
    ("right", "level", "divergence"),
    [
        ((90, 90, 70, 60), 0.375, 0.25),
        ((90, 70, 90, 90), 0.125, 0.05),
        ((90, 90, 80, 60), 0.5, 0.4),
        ((90, 85, 85, 75), 0.75, 1.2),
        ((90, 100, 90, 0), 0.5 + 0.5 / 9, 0.4 + 1.6 / 9),
        ((90, 90, 85, 80), None, None),
        ((5, 0, 0, 0), None, None),
    ],
    ids=["between", "at once", "at a level", "late", "after a rise", "never", "little to lose"],
)
def test_the_first_level_at_which_more_than_the_drop_is_lost(
    right: tuple[int, ...], level: float | None, divergence: float | None
) -> None:
    found = broken(*right)
    assert found.level == (None if level is None else pytest.approx(level))
    assert found.divergence == (None if divergence is None else pytest.approx(divergence))


def test_exactly_the_drop_is_not_more_than_it() -> None:
    """In floats 0.8 - 0.7 is more than 0.1."""
    assert broken(8, 7, 7, 7, count=10).level is None
    assert broken(8, 8, 7, 6, count=10).level == 0.5


def test_the_interval_is_of_the_same_images_at_all_levels() -> None:
    """A model that loses the same images always is as sure of its loss as of those alone."""
    found = broken(90, 90, 70, 60)
    low, high = found.level_interval
    assert low is not None
    assert high is not None
    assert 0.25 < low < 0.375 < high < 0.5
    begin, end = found.divergence_interval
    np.testing.assert_allclose(
        [begin, end], np.interp([low, high], [0, *LEVELS], [0, *DIVERGENCES])
    )


def test_an_interval_may_go_on_beyond_the_last_level() -> None:
    found = broken(90, 90, 90, 79)
    assert found.level is not None
    assert found.level_interval[0] is not None
    assert found.level_interval[1] is None
    assert found.divergence_interval[1] is None
    never = broken(90, 90, 90, 81)
    assert never.level is None
    assert never.level_interval[0] is not None


def test_a_model_that_never_errs_has_no_interval() -> None:
    found = broken(100, 100, 100, 100)
    assert found.level_interval == (None, None)
    assert found.quality_interval.tolist() == [[1.0, 1.0]] * 4


def test_one_image_has_no_intervals() -> None:
    found = broken(1, 1, 0, 0, count=1)
    assert found.level == pytest.approx(0.275)
    assert found.level_interval == (None, None)
    assert np.isnan(found.quality_interval).all()


def test_the_original_among_the_levels_is_no_break() -> None:
    found = Breaking.of(correct(90, 90, 70), (0.0, 1.0), (0.0, 1.0), 0.1)
    assert found.level == 0.5


def test_the_accuracys_interval_is_that_of_a_mean() -> None:
    rng = np.random.default_rng(0)
    there = rng.random((2, 400)) < [[0.8], [0.4]]
    found = Breaking.of(there, (1.0,), (1.0,), 0.1).quality_interval
    np.testing.assert_allclose(found, mean_interval(there.astype(float)), atol=0.02)


@given(
    st.lists(st.integers(0, 50), min_size=4, max_size=4),
    st.floats(0, 1),
)
def test_the_level_is_where_the_line_crosses_the_limit(right: list[int], drop: float) -> None:
    found = broken(*right, drop=drop, count=50)
    at, lost = (0.0, *LEVELS), [(right[0] - one) / 50 for one in right]
    if found.level is None:
        assert max(lost) <= drop
    else:
        assert float(np.interp(found.level, at, lost)) == pytest.approx(drop, abs=1e-9)
        ends = pairwise(zip(at, lost, strict=True))
        assert all(less <= drop for (_, less), (end, _) in ends if end <= found.level)


def test_resamples_of_many_alike_are_those_of_each() -> None:
    """Spread as the binomial says, and paired: what all rows share has no spread in between."""
    there = correct(900, 800, count=1000)
    drawn = paired_counts(there, seed=3)
    assert drawn.shape == (999, 2)
    assert drawn[:, 0].std() == pytest.approx(np.sqrt(1000 * 0.9 * 0.1), rel=0.1)
    lost = drawn[:, 0] - drawn[:, 1]
    assert lost.std() == pytest.approx(np.sqrt(1000 * 0.1 * 0.9), rel=0.1)
    np.testing.assert_array_equal(paired_counts(there, seed=3), drawn)
    assert (paired_counts(there, seed=3, number=1) != drawn).any()
