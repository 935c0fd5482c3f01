"""What every metric asks of the embeddings that it is given."""

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]
"""float64 of shape (n, d): one embedding a row."""

_LARGEST = float(np.finfo(np.float32).max)


def check_samples(
    original: npt.ArrayLike, drifted: npt.ArrayLike, least: int = 2
) -> tuple[Rows, Rows]:
    """Returns two samples of embeddings as float64, or says what is wrong with them.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        least: How many rows each of them needs.

    Returns:
        Both as float64; arrays that are float64 already are not copied.

    Raises:
        ValueError: One is not two-dimensional, has fewer than ``least`` rows or a value that is not
            a finite float32; or they differ in d.
    """
    before = _rows("original", original, least)
    after = _rows("drifted", drifted, least)
    if before.shape[1] != after.shape[1]:
        raise ValueError(
            f"embeddings have {before.shape[1]} and {after.shape[1]} dimensions: "
            "compare those of one network"
        )
    return before, after


def _rows(name: str, embeddings: npt.ArrayLike, least: int) -> Rows:
    rows = np.asarray(embeddings, np.float64)
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError(f"{name} embeddings have the shape {rows.shape}: give one of (n, d)")
    if len(rows) < least:
        raise ValueError(f"{name} embeddings are {len(rows)}: give at least {least}")
    if not (rows.min() >= -_LARGEST and rows.max() <= _LARGEST):  # neither is true of NaN
        raise ValueError(
            f"{name} embeddings hold values that are not finite float32s: leave those rows out"
        )
    return rows
