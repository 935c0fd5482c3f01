"""A label shift: which image each sample is where classes come in other proportions."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from raydrift.errors import SettingsError
from raydrift.schedules.label_shift import LabelShift
from raydrift.schedules.order import SampleOrder, shifted_order, stretches
from raydrift.schedules.positions import TimeAxis

CLASSES = ("cat", "dog", "eel")


def images(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """An order of so many images, and the class of each of them: 50, 30 and 20 %."""
    rng = np.random.default_rng(seed)
    of_row = rng.choice(3, count, p=[0.5, 0.3, 0.2])
    order = rng.permutation(count)
    return order, of_row[order]


def shifted(
    count: int, *shifts: LabelShift, seed: int = 42, classes: tuple[str, ...] = CLASSES
) -> tuple[SampleOrder, np.ndarray, np.ndarray]:
    """The shifted order, the classes of its samples, and the order without a shift."""
    order, of_class = images(count)
    axis = TimeAxis(count, 0.0, 1.0)
    path = stretches(shifts, axis, classes=classes, of_class=of_class, seed=seed)
    found = shifted_order(order, of_class, path, classes=classes, seed=seed)
    class_of_row = np.empty(count, np.int64)
    class_of_row[order] = of_class
    return found, class_of_row[found.rows], order


def assert_share(classes: np.ndarray, one: int, share: float) -> None:
    low, high = binom.interval(1 - 1e-6, len(classes), share)
    assert low <= (classes == one).sum() <= high


@pytest.mark.parametrize(
    "shift", [LabelShift(start=600, proportions={"cat": 0.5}), LabelShift(500, concentration=1.0)]
)
def test_a_shift_behind_the_last_image_of_a_longer_stream_changes_nothing(
    shift: LabelShift,
) -> None:
    order, of_class = images(500)
    axis = TimeAxis(1000, 0.0, 1.0)
    path = stretches([shift], axis, classes=CLASSES, of_class=of_class, seed=42)
    found = shifted_order(order, of_class, path, classes=CLASSES, seed=42)
    assert found.rows.tolist() == order.tolist()
    assert found.ended_by is None


def test_up_to_its_start_nothing_changes_and_no_image_comes_twice() -> None:
    found, _, order = shifted(5000, LabelShift(2000, proportions={"cat": 0.9}))
    assert found.rows[:2000].tolist() == order[:2000].tolist()
    assert len(set(found.rows.tolist())) == len(found.rows) < 5000
    assert found.ended_by == "cat"


def test_the_mix_behind_it_is_the_wanted_one() -> None:
    found, classes, _ = shifted(100_000, LabelShift(0.5, proportions={"eel": 0.4, "cat": 0.6}))
    behind = classes[50_000:]
    assert_share(behind, 2, 0.4)
    assert_share(behind, 0, 0.6)
    assert not (behind == 1).any()
    assert found.ended_by == "eel"
    assert len(behind) == pytest.approx(10_000 / 0.4, rel=0.03)


def test_classes_that_are_not_named_share_the_rest_as_they_did() -> None:
    _, classes, _ = shifted(100_000, LabelShift(0.5, proportions={"cat": 0.2}))
    assert_share(classes[50_000:], 1, 0.8 * 0.6)
    assert_share(classes[50_000:], 2, 0.8 * 0.4)


def test_over_a_window_the_mix_goes_from_one_to_the_other() -> None:
    shift = LabelShift(20_000, width=20_000, proportions={"cat": 0.1, "dog": 0.7})
    _, classes, _ = shifted(200_000, shift)
    for tenth in range(10):
        start = 20_000 + 2000 * tenth
        over = (tenth + 0.5) / 10
        part = classes[start : start + 2000]
        assert_share(part, 0, 0.5 + over * (0.1 - 0.5))
        assert_share(part, 1, 0.3 + over * (0.7 - 0.3))


def test_each_class_comes_in_the_order_without_a_shift() -> None:
    found, classes, order = shifted(5000, LabelShift(100, concentration=0.5))
    place = np.argsort(order)
    for one in range(3):
        places = place[found.rows[classes == one]]
        assert (np.diff(places) > 0).all()


def test_several_shifts_go_on_from_one_another() -> None:
    _, classes, _ = shifted(
        200_000,
        LabelShift(0.5, width=0.1, proportions={"dog": 1.0}),
        LabelShift(0.25, proportions={"eel": 0.1, "cat": 0.9}),
    )
    between = classes[50_000:100_000]
    assert_share(between, 0, 0.9)
    middle = classes[109_000:111_000]  # half way from 10 % eels to none, from no dogs to all
    assert_share(middle, 1, 0.5)
    assert_share(middle, 0, 0.45)


def test_a_change_over_one_sample_is_a_step_at_its_start() -> None:
    step, at_once = (
        shifted(200, LabelShift(20, width=width, proportions={"dog": 1.0}))[1]
        for width in (1, None)
    )
    assert step[20] == 1
    np.testing.assert_array_equal(step, at_once)


def test_a_shift_before_the_end_of_anothers_window_goes_on_from_what_is_there() -> None:
    _, classes, _ = shifted(
        400_000,
        LabelShift(0, width=40_000, proportions={"dog": 1.0}),
        LabelShift(20_000, width=20_000, proportions={"cat": 1.0}),
    )
    assert_share(classes[19_000:20_000], 1, 0.3 + 0.7 * 0.4875)
    assert_share(classes[20_000:21_000], 1, 0.65 * 0.975)
    assert (classes[40_000:] == 0).all()


@given(st.integers(1, 400), st.floats(0, 0.99), st.floats(0.05, 20), st.integers(0, 2**64 - 1))
def test_whatever_is_drawn_each_image_comes_once_at_most(
    count: int, start: float, concentration: float, seed: int
) -> None:
    shift = LabelShift(min(start, (count - 1) / count), concentration=concentration)
    found, _, order = shifted(count, shift, seed=seed)
    assert len(np.unique(found.rows)) == len(found.rows) <= count
    begin = round(min(start, (count - 1) / count) * count)
    assert found.rows[:begin].tolist() == order[:begin].tolist()
    assert (found.ended_by is None) == (len(found.rows) == count)


def test_a_later_shift_changes_nothing_before_it() -> None:
    first = LabelShift(500, proportions={"dog": 0.5})
    one, _, _ = shifted(5000, first)
    two, _, _ = shifted(5000, first, LabelShift(900, proportions={"eel": 0.5}))
    assert one.rows[:900].tolist() == two.rows[:900].tolist()
    assert one.rows[900:1000].tolist() != two.rows[900:1000].tolist()


def test_seeds_draw_other_mixes_and_other_samples() -> None:
    shift = LabelShift(0, concentration=1.0)
    assert shift.mix(CLASSES, np.ones(3, int), 1, 0).tolist() != (
        shift.mix(CLASSES, np.ones(3, int), 2, 0).tolist()
    )
    assert shift.mix(CLASSES, np.ones(3, int), 1, 0).sum() == pytest.approx(1)
    same = LabelShift(0, proportions={"cat": 0.5, "dog": 0.5})
    one, other = (shifted(1000, same, seed=seed)[0].rows for seed in (1, 2))
    assert one[:50].tolist() != other[:50].tolist()


def test_an_order_stays_what_it_is() -> None:
    """Another version may not shuffle a stream that is half written."""
    of_class = np.array([0, 1, 2, 0, 1] * 6)
    shifts = [
        LabelShift(5, width=10, proportions={"dog": 0.8}),
        LabelShift(20, concentration=0.5),
    ]
    path = stretches(shifts, TimeAxis(30, 0.0, 1.0), classes=CLASSES, of_class=of_class, seed=42)
    found = shifted_order(np.arange(30), of_class, path, classes=CLASSES, seed=42)
    wanted = [0, 1, 2, 3, 4, 6, 7, 12, 17, 9, 11, 14, 16, 22, 19, 21, 24, 26, 29]
    assert (found.rows.tolist(), found.ended_by) == (wanted, "dog")


def test_a_million_images_of_fifty_classes_take_a_moment() -> None:
    count, classes = 1_000_000, tuple(f"class {n:02d}" for n in range(50))
    rng = np.random.default_rng(0)
    of_class = rng.integers(50, size=count).astype(np.int32)
    order = rng.permutation(count)
    shift = LabelShift(0.1, width=0.1, proportions={"class 07": 0.1})
    path = stretches([shift], TimeAxis(count, 0.0, 1.0), classes=classes, of_class=of_class, seed=1)
    found = shifted_order(order, of_class, path, classes=classes, seed=1)
    assert found.ended_by == "class 07"
    assert len(np.unique(found.rows)) == len(found.rows)
    assert len(found.rows) == pytest.approx(326_000, rel=0.05)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "give either proportions or concentration"),
        ({"proportions": {"cat": 1.0}, "concentration": 1.0}, "give either proportions or"),
        ({"proportions": {}}, "proportions is {}: give classes and their shares"),
        ({"proportions": {"cat": 1.1}}, "proportions gives 'cat' the share 1.1: give 0 to 1"),
        ({"proportions": {"cat": "all"}}, "proportions gives 'cat' the share 'all'"),
        ({"proportions": {"cat": 0.6, "dog": 0.6}}, "the proportions are 1.2 in all: at most 1"),
        ({"concentration": 0}, "concentration is 0: give a number above 0"),
        ({"concentration": float("inf")}, "concentration is inf: give a number above 0"),
        ({"proportions": {"catt": 1.0}}, "there is no class 'catt': did you mean 'cat'?"),
        (
            {"proportions": dict.fromkeys(CLASSES, 0.2)},
            "the proportions are 0.6 in all, and no other class has images for the rest",
        ),
        ({"start": 10, "concentration": 1.0}, "label shift: start 10 is outside the stream of 10"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        shifted(10, LabelShift(**values))
    assert message in str(caught.value)


def test_two_shifts_at_one_sample_are_refused() -> None:
    shift = LabelShift(5, concentration=1.0)
    with pytest.raises(SettingsError, match="two label shifts begin at sample 5"):
        shifted(10, shift, LabelShift(0.5, proportions={"cat": 1.0}))
