import random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from raydrift import seeds
from raydrift.errors import SettingsError
from raydrift.seeds import ORDER, check_seed, generator

KEYS = st.tuples(*[st.integers(0, 2**64 - 1)] * 3)


def raw(seed: int, operation: int, sample_id: int, count: int = 4) -> list[int]:
    return [
        int(word) for word in generator(seed, operation, sample_id).bit_generator.random_raw(count)
    ]


def test_the_streams_are_the_same_on_every_machine_and_in_every_version() -> None:
    assert raw(42, 0, 0, 3) == [15129985323320379406, 3490965594592278910, 16005516994917231875]
    assert raw(42, 3, 1000, 3) == [13205182164297447836, 16784515114040954020, 3438081822530277041]
    assert raw(2**64 - 1, ORDER, 2**64 - 1, 1) == [12515341711041390412]


@given(KEYS)
def test_equal_arguments_give_equal_streams(key: tuple[int, int, int]) -> None:
    assert raw(*key) == raw(*key)


@given(KEYS, KEYS)
def test_different_arguments_give_different_streams(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    assume(one != other)
    assert raw(*one) != raw(*other)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_step_in_any_argument_gives_another_stream(position: int) -> None:
    key = [5, 5, 5]
    key[position] += 1
    assert raw(*key) != raw(5, 5, 5)


@given(KEYS)
def test_a_sample_has_2_to_the_128_blocks_before_the_next_ones_begin(
    key: tuple[int, int, int],
) -> None:
    seed, operation, sample_id = key
    assume(sample_id < 2**64 - 1)
    philox = generator(seed, operation, sample_id).bit_generator
    assert isinstance(philox, np.random.Philox)
    philox.advance(2**128)
    assert list(philox.random_raw(4)) == raw(seed, operation, sample_id + 1)


def test_first_draws_of_5000_samples_are_uniform_and_uncorrelated() -> None:
    draws = np.array([generator(42, 0, sample_id).random() for sample_id in range(5000)])
    assert stats.kstest(draws, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 4 / np.sqrt(5000)


def test_draws_at_two_positions_are_uncorrelated() -> None:
    first, second = (
        [generator(42, position, sample_id).random() for sample_id in range(2000)]
        for position in (0, 1)
    )
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(2000)


def test_the_order_of_the_catalog_is_no_transforms_position() -> None:
    assert ORDER == 2**63


def test_global_random_states_are_left_alone() -> None:
    python = random.getstate()
    numpy = np.random.get_state(legacy=False)
    generator(1, 2, 3).normal(size=100)
    assert random.getstate() == python
    np.testing.assert_equal(np.random.get_state(legacy=False), numpy)


@pytest.mark.parametrize("seed", [0, 42, 2**64 - 1])
def test_a_seed_is_64_bits(seed: int) -> None:
    assert check_seed(seed) == seed


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "42", True, None])
def test_other_seeds_are_refused(seed: object) -> None:
    with pytest.raises(SettingsError) as caught:
        check_seed(seed)  # type: ignore[arg-type]
    assert str(caught.value) == f"seed is {seed!r}: give a whole number from 0 to 2^64 - 1"


class TestUniforms:
    @given(st.integers(0, 2**63), st.integers(0, 50), st.integers(0, 50))
    def test_a_row_is_the_same_wherever_the_rows_begin(
        self, first: int, before: int, after: int
    ) -> None:
        rows = seeds.uniforms(42, seeds.CHANCE, first, before + 1 + after)
        assert rows.shape == (before + 1 + after, 4)
        alone = seeds.uniforms(42, seeds.CHANCE, first + before, 1)
        assert rows[before].tolist() == alone[0].tolist()

    def test_they_are_uniform_and_apart_by_seed_and_operation(self) -> None:
        rows = seeds.uniforms(42, seeds.CHANCE, 0, 20_000)
        assert ((rows >= 0) & (rows < 1)).all()
        for column in rows.T:
            assert stats.kstest(column, "uniform").pvalue > 0.001
        for other in (
            seeds.uniforms(43, seeds.CHANCE, 0, 20_000),
            seeds.uniforms(42, seeds.CHANCE + 1, 0, 20_000),
        ):
            assert abs(np.corrcoef(rows[:, 0], other[:, 0])[0, 1]) < 0.04

    def test_they_stay_what_they_are(self) -> None:
        """Another numpy may not change which samples of a finished stream drift."""
        assert seeds.uniforms(42, seeds.CHANCE, 0, 2)[:, 0].tolist() == [
            0.09305664889069487,
            0.773714605526035,
        ]
