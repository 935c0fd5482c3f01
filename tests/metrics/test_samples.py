"""What is no sample of embeddings is refused by every metric in the same words."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from raydrift.metrics import METRICS, ks_test, mmd_squared, permutation_test
from raydrift.metrics.samples import check_samples

MEASURES: dict[str, Callable[..., object]] = {
    name: metric.measure for name, metric in METRICS.items() if name != "kl_softmax"
}
MEASURES["ks_test"] = ks_test
MEASURES["permutation_test"] = lambda one, other: permutation_test(mmd_squared, one, other)
GOOD = np.random.default_rng(0).normal(size=(6, 3))


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (np.zeros(3), "embeddings have the shape (3,): give one of (n, d)"),
        (np.zeros((2, 3, 4)), "embeddings have the shape (2, 3, 4): give one of (n, d)"),
        (np.zeros((4, 0)), "embeddings have the shape (4, 0): give one of (n, d)"),
        (GOOD[:1], "embeddings are 1: give at least 2"),
        (GOOD[:0], "embeddings are 0: give at least 2"),
        *[
            (
                np.where(np.eye(6, 3), broken, GOOD),
                "embeddings hold values that are not finite float32s: leave those rows out",
            )
            for broken in (math.nan, math.inf, -math.inf, 1e200)
        ],
    ],
    ids=["1-d", "3-d", "no dimension", "one row", "no row", "nan", "inf", "-inf", "1e200"],
)
def test_what_is_no_sample_is_named(
    measure: Callable[..., object], bad: npt.NDArray[np.float64], said: str
) -> None:
    for arguments, name in (((bad, GOOD), "original"), ((GOOD, bad), "drifted")):
        with pytest.raises(ValueError, match="embeddings") as caught:
            measure(*arguments)
        assert str(caught.value) == f"{name} {said}"


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_samples_of_different_networks_are_refused(measure: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="dimensions") as caught:
        measure(GOOD, np.zeros((6, 4)))
    assert str(caught.value) == "embeddings have 3 and 4 dimensions: compare those of one network"


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.int64, list])
def test_any_numbers_are_read_as_float64_and_left_alone(
    measure: Callable[..., object], kind: type
) -> None:
    rng = np.random.default_rng(0)
    one, other = rng.integers(-5, 5, (12, 3)), rng.integers(-5, 5, (10, 3)) + 1
    expected = measure(one.astype(np.float64), other.astype(np.float64))
    if kind is list:
        assert measure(one.tolist(), other.tolist()) == expected
        return
    given = one.astype(kind), other.astype(kind)
    assert measure(*given) == expected
    assert (given[0] == one).all()
    assert (given[1] == other).all()


def test_float64_is_not_copied() -> None:
    one, other = check_samples(GOOD, GOOD[1:])
    assert one is GOOD
    assert np.shares_memory(other, GOOD)
