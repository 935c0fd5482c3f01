"""Measures of generated images, by known answers."""

import math

import numpy as np
import pytest

from raydrift.gan.measures import (
    Measure,
    block_means,
    cycle_error,
    diversity,
    gap_closed,
    kernel_measure,
    memorisation,
    nearest,
)
from raydrift.metrics import kernel_distance
from raydrift.metrics.samples import Rows

SIZE = 80


def sample(seed: int, shift: float = 0.0, size: int = SIZE) -> Rows:
    return np.random.default_rng(seed).normal(size=(size, 6)) + shift


def interval(measure: Measure) -> tuple[float, float]:
    assert measure.low is not None
    assert measure.high is not None
    return measure.low, measure.high


def test_block_means_are_means_of_equal_parts() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 16, 32, 3), np.uint8)
    parts = pixels.reshape(2, 8, 2, 8, 4, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(block_means(pixels), (parts / 127.5 - 1).reshape(2, -1))


@pytest.mark.parametrize("shape", [(8, 8, 1), (36, 44, 3), (100, 9, 3)])
def test_block_means_of_any_size_keep_a_constant(shape: tuple[int, ...]) -> None:
    found = block_means(np.full((1, *shape), 255, np.uint8))
    assert found.shape == (1, 64 * shape[2])
    np.testing.assert_allclose(found, 1)


def test_a_translation_to_the_target_closes_the_gap() -> None:
    gap = gap_closed("gap", sample(3, 2), sample(1), sample(2, 2), seed=0)
    low, high = interval(gap)
    assert gap.value == pytest.approx(1, abs=0.05)
    assert low < 1 < high
    assert 0.85 < low < gap.value < high < 1.15


def test_nothing_half_of_it_and_the_wrong_way() -> None:
    source, target = sample(1), sample(2, 2)
    none, half, wrong = (
        gap_closed("gap", source + moved, source, target, seed=0) for moved in (0, 1, -1)
    )
    assert (none.value, *interval(none)) == (0, 0, 0), "images and translations come together"
    assert 0.2 < interval(half)[0] < half.value < interval(half)[1] < 0.98
    assert interval(wrong)[1] < 0


def test_there_is_no_gap_between_equal_domains() -> None:
    source = sample(1)
    for target in (source, sample(2)):
        gap = gap_closed("gap", sample(3), source, target, seed=0)
        assert math.isnan(gap.value)
        assert gap.low is gap.high is None


@pytest.mark.slow
def test_the_interval_of_a_gap_holds_the_true_one_in_95_of_100_cases() -> None:
    true = 1 - kernel_distance(sample(1, 1, 20_000), sample(2, 2, 20_000)) / kernel_distance(
        sample(1, 0, 20_000), sample(2, 2, 20_000)
    )
    held = 0
    for seed in range(0, 600, 3):
        source, target = sample(seed, size=30), sample(seed + 1, 2, size=30)
        low, high = interval(gap_closed("gap", source + 1, source, target, seed))
        held += low <= true <= high
    assert 180 <= held <= 199


def test_the_kernel_distance_is_the_metrics_and_of_identical_sets_not_above_zero() -> None:
    one, other = sample(1), sample(2, 0.5, size=30)
    found = kernel_measure("kernel", one, other, seed=0)
    assert found.value == pytest.approx(kernel_distance(one, other))
    assert interval(found)[0] < found.value < interval(found)[1]
    assert kernel_measure("kernel", one, one, seed=0).value < 0


def test_diversity_is_that_of_the_real_images() -> None:
    real = sample(1)
    assert diversity("diversity", real, real, seed=0).value == 1
    assert diversity("diversity", 3 * real, real, seed=0).value == pytest.approx(3)
    low, high = interval(diversity("diversity", sample(2), real, seed=0))
    assert 0.8 < low < high < 1.4
    collapsed = diversity("diversity", np.tile(real[:1], (9, 1)), real, seed=0)
    assert (collapsed.value, *interval(collapsed)) == (0, 0, 0)
    assert math.isnan(diversity("diversity", real, np.ones_like(real), seed=0).value)


def test_copies_are_seen_and_new_images_are_not() -> None:
    training, held_out = sample(1, size=300), sample(2)
    copies = memorisation("memorisation", training[:50] + 1e-3, held_out, training)
    assert copies.value == 1
    assert 0.9 < interval(copies)[0] < interval(copies)[1] == 1
    new = memorisation("memorisation", sample(3, size=500), held_out, training)
    assert new.value < 0.05
    half = memorisation(
        "memorisation", np.concatenate([training[:50], sample(4, 9, 50)]), held_out, training
    )
    assert half.value == 0.5


def test_the_nearest_is_found_in_parts() -> None:
    rows, others = sample(1, 100), sample(2, 100, size=70)
    whole = np.linalg.norm(rows[:, None] - others[None], axis=2).min(axis=1)
    np.testing.assert_allclose(nearest(rows, others, at_once=32), whole)
    assert nearest(rows, rows).tolist() == [0] * SIZE


def test_the_cycle_error_is_in_grey_levels() -> None:
    images = np.full((3, 8, 8, 3), 100, np.uint8)
    assert cycle_error("cycle", images, images, seed=0) == Measure("cycle", 0, 0, 0)
    back = images + np.array([0, 6, 12], np.uint8)[:, None, None, None]
    found = cycle_error("cycle", images, back, seed=0)
    assert found.value == 6
    assert 0 <= interval(found)[0] < 6 < interval(found)[1] <= 12
    assert cycle_error("cycle", images[:1], back[2:], seed=0) == Measure("cycle", 12)


def test_the_same_seed_gives_the_same_intervals() -> None:
    rows = sample(1), sample(2, 1), sample(3, 2)
    assert gap_closed("gap", *rows, seed=5) == gap_closed("gap", *rows, seed=5)
    assert gap_closed("gap", *rows, seed=5) != gap_closed("gap", *rows, seed=6)
