"""Sums over all pairs of rows, tile by tile: no n × n matrix is ever held.

Squared MMD and energy distance are both made of three means over pairs: within one sample, within
the other, and across. Here they are computed for many ways at once to split the same rows into two
samples, which is what a permutation test needs: the pairs are looked at once for all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.metrics.samples import Rows

Splits = npt.NDArray[np.bool_]
"""An array of shape (splits, rows): whether a row belongs to the first sample."""

_TILE: Final = 1024  # rows: a tile is 8 MiB
_ROUNDING: Final = 16 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class PairSums:
    """Sums over the ordered pairs of different rows, of shape (splits,) each.

    Attributes:
        first: Both rows in the first sample.
        second: Both in the second.
        across: The first row in the first sample, the second in the second.
    """

    first: npt.NDArray[np.float64]
    second: npt.NDArray[np.float64]
    across: npt.NDArray[np.float64]


def sum_pairs(rows: Rows, splits: Splits, value: Callable[[Rows], Rows]) -> PairSums:
    """Sums a symmetric function of the distance over the pairs within and across two samples.

    Args:
        rows: The rows of both samples, shape (n, d).
        splits: Which rows are the first sample, shape (splits, n).
        value: From a tile of squared distances, which it may overwrite, to the values to sum.

    Returns:
        The three sums for each split.
    """
    rows = rows - rows.mean(axis=0)  # distances lose the fewest digits near the origin
    starts = range(0, len(rows), _TILE)
    first = np.zeros(len(splits))
    of_row = np.zeros(len(rows))
    for i in starts:
        here = slice(i, i + _TILE)
        within = splits[:, here].T.astype(np.float64)
        for j in starts[i // _TILE :]:
            there = slice(j, j + _TILE)
            tile = value(squared_distances(rows[here], rows[there]))
            if i == j:
                np.fill_diagonal(tile, 0.0)
            else:
                of_row[there] += tile.sum(axis=0)
            of_row[here] += tile.sum(axis=1)
            partners = tile @ splits[:, there].T.astype(np.float64)
            twice = 1 if i == j else 2
            first += twice * np.einsum("rs,rs->s", within, partners)
    from_first = np.zeros(len(splits))
    for start in starts:
        here = slice(start, start + _TILE)
        from_first += splits[:, here] @ of_row[here]
    return PairSums(first, of_row.sum() - 2 * from_first + first, from_first - first)


def squared_distances(one: Rows, other: Rows) -> Rows:
    """|a − b|² for each row a of one and b of the other, shape (n, m); equal rows are at 0."""
    lengths = np.einsum("id,id->i", one, one)[:, None], np.einsum("id,id->i", other, other)
    scale = lengths[0] + lengths[1]
    squares = (-2 * one) @ other.T
    squares += scale
    scale *= _ROUNDING
    squares[squares < scale] = 0.0  # what is left of equal rows after rounding
    return squares


def split_in_two(first: int, second: int) -> Splits:
    """The one split of ``first`` rows followed by ``second`` rows."""
    return (np.arange(first + second) < first)[None]
