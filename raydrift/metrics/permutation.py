"""Permutation tests: whether two samples are further apart than chance puts them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.metrics.energy import energy_distance, energy_distance_of_splits
from raydrift.metrics.mmd import mmd_squared, mmd_squared_of_splits
from raydrift.metrics.pairs import Splits
from raydrift.metrics.samples import Rows, check_samples

Statistic = Callable[[Rows, Rows], float]
"""A function of two samples that is larger the further they are apart."""


class _OfSplits(Protocol):
    def __call__(self, rows: Rows, splits: Splits, /) -> npt.NDArray[np.float64]: ...


_OF_SPLITS: Final[tuple[tuple[Statistic, _OfSplits], ...]] = (
    (energy_distance, energy_distance_of_splits),
    (mmd_squared, mmd_squared_of_splits),
)
_AT_ONCE: Final = 1024  # splits
_ROUNDING: Final = 1e-10


@dataclass(frozen=True)
class PermutationTest:
    """A p-value, with the effect and the sample sizes that it cannot be read without.

    Attributes:
        p_value: The chance of a statistic at least as large if there is no drift.
        statistic: The value for the samples as they were given: the effect in its own unit.
        z_score: How many standard deviations of the permuted statistics it is above their mean: the
            effect in the unit of chance. Infinite where the permuted ones are all equal and it is
            not.
        sizes: How many rows the two samples have.
        permutations: How many were drawn; the p-value is at least 1 / (permutations + 1).
        paired: Whether only the two of a pair were exchanged.
    """

    p_value: float
    statistic: float
    z_score: float
    sizes: tuple[int, int]
    permutations: int
    paired: bool


def permutation_test(
    statistic: Statistic,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    permutations: int = 999,
    seed: int = 0,
    paired: bool = False,
) -> PermutationTest:
    """Tests whether two samples come from one distribution, whatever it is.

    The rows of both are dealt anew into two samples of the same sizes, ``permutations`` times. With
    b statistics at least as large as that of the given samples, the p-value is
    (b + 1) / (permutations + 1): exact, never 0, and at most alpha in at most alpha of all tests of
    samples without drift.

    Give ``paired`` where rows i of x and y are a pair: then only the two of a pair change
    places. Pairs are alike, so two samples of them are closer than independent ones, and dealing
    freely would rarely see a drift. It is no test for `kl_softmax`, which compares pair by pair
    and is hardly changed when they change places.

    `mmd_squared` and `energy_distance` look at the pairs of rows once for all permutations; any
    other statistic is called for each.

    Args:
        statistic: A function of two samples, larger the further they are apart: any metric here but
            `kl_softmax`, or one with ``functools.partial``'s settings.
        x: Embeddings of the originals, float of shape (n, d).
        y: Embeddings of the drifted images, float of shape (m, d).
        permutations: How many, at least 1.
        seed: The seed of the permutations; the first ones are the same for more.
        paired: Whether the rows are pairs.

    Returns:
        The p-value with effect size, sample sizes and number of permutations.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs, ``paired`` ones differ in length, there are no permutations, or a
            statistic is not a finite number.

    Phipson and Smyth, "Permutation p-values should never be zero", Statistical Applications in
    Genetics and Molecular Biology 9 (2010).

    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.normal(size=(2, 50, 3))
    >>> permutation_test(mmd_squared, x, y + 1).p_value
    0.001
    >>> permutation_test(mmd_squared, x, y).p_value > 0.05
    True
    """
    seed = seeds.check_seed(seed)
    one, other = check_samples(x, y)
    if paired and len(one) != len(other):
        raise ValueError(
            f"paired samples have {len(one)} and {len(other)} rows: give the same number of both"
        )
    if permutations < 1:
        raise ValueError(f"permutations are {permutations}: give at least 1")
    n, m = len(one), len(other)
    rows = np.concatenate([one, other])

    def order(permutation: int) -> npt.NDArray[np.intp]:
        """Which rows the two samples consist of, the first n for the first one; 0: as given."""
        as_given = np.arange(n + m)
        if permutation == 0:
            return as_given
        rng = seeds.generator(seed, seeds.PERMUTATIONS, permutation)
        if not paired:
            return rng.permutation(as_given)
        swapped = np.tile(rng.random(n) < 0.5, 2)
        return np.where(swapped, np.roll(as_given, n), as_given)

    of_splits = next((found for plain, found in _OF_SPLITS if statistic is plain), None)
    if of_splits is not None:
        found = _all_at_once(of_splits, rows, n, permutations + 1, order)
    else:
        orders = (order(permutation) for permutation in range(permutations + 1))
        found = np.array([float(statistic(rows[new[:n]], rows[new[n:]])) for new in orders])
    if not np.isfinite(found).all():
        raise ValueError("the statistic is not a finite number: give one that is for these samples")
    return _judge(found, (n, m), paired)


def _all_at_once(
    of_splits: _OfSplits,
    rows: Rows,
    n: int,
    count: int,
    order: Callable[[int], npt.NDArray[np.intp]],
) -> npt.NDArray[np.float64]:
    found = []
    for start in range(0, count, _AT_ONCE):
        splits = np.zeros((min(_AT_ONCE, count - start), len(rows)), bool)
        for number, split in enumerate(splits, start):
            split[order(number)[:n]] = True
        found.append(of_splits(rows, splits))
    return np.concatenate(found)


def _judge(found: npt.NDArray[np.float64], sizes: tuple[int, int], paired: bool) -> PermutationTest:
    """Compares the first statistic, of the samples as they were given, with all others."""
    statistic, permuted = float(found[0]), found[1:]
    rounding = _ROUNDING * float(np.abs(found).max())  # equal ones may differ by so much
    reached = int((permuted >= statistic - rounding).sum())
    above, spread = statistic - float(permuted.mean()), float(permuted.std())
    if abs(above) <= rounding:
        z_score = 0.0
    elif spread <= rounding:
        z_score = np.copysign(np.inf, above)
    else:
        z_score = above / spread
    return PermutationTest(
        p_value=(reached + 1) / (len(permuted) + 1),
        statistic=statistic,
        z_score=float(z_score),
        sizes=sizes,
        permutations=len(permuted),
        paired=paired,
    )
