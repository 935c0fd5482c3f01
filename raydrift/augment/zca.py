"""The matrices that whiten images; Keras 3's is not quite ZCA."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.augment.compat import FIXED, KERAS3
from raydrift.errors import SettingsError

Image = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def zca_matrix(
    x: npt.ArrayLike, epsilon: float = 1e-6, compat: str = FIXED, room: int | None = None
) -> Floats:
    """The matrix that images, flat and centred, are multiplied by from the right.

    With the eigenvectors U and the eigenvalues s of the covariance X'X / n, ZCA is
    U · diag(1 / sqrt(s + epsilon)) · U' (Bell and Sejnowski 1997; Krizhevsky 2009). It is what
    ``fixed`` and ``kp112`` give, here from the thin singular value decomposition of X, whose null
    directions get 1 / sqrt(epsilon) without being computed. ``keras3`` adds epsilon to the singular
    values instead, and gives null directions 0.

    Args:
        x: Centred images of shape (n, ...).
        epsilon: Keeps small eigenvalues from being blown up.
        compat: Whose matrix it is.
        room: Bytes that it may take; None: half of the machine's memory.

    Returns:
        float64 of shape (d, d), d being the numbers of an image.

    Raises:
        SettingsError: It would take more than there is room for.
    """
    given = np.asarray(x)
    check_room(given.shape[1:], room)
    flat = given.reshape(len(given), -1).astype(np.float64)
    n, size = flat.shape
    _, singular, directions = np.linalg.svd(flat, full_matrices=False)
    if compat == KERAS3:
        found: Floats = (directions.T * (np.sqrt(n) / (singular + epsilon))) @ directions
        return found
    null = epsilon**-0.5 if epsilon > 0 else 0.0
    weights = 1 / np.sqrt(singular**2 / n + epsilon) - null
    found = (directions.T * weights) @ directions
    found[np.diag_indices(size)] += null
    return found


def whitening_of(covariance: Floats, epsilon: float = 1e-6) -> Floats:
    """The same matrix, of ``fixed``, from a covariance that was added up.

    Args:
        covariance: float64 of shape (d, d).
        epsilon: As for ``zca_matrix``.
    """
    values, vectors = np.linalg.eigh(covariance)
    found: Floats = (vectors / np.sqrt(np.maximum(values, 0) + epsilon)) @ vectors.T
    return found


def check_room(shape: tuple[int, ...], room: int | None = None) -> None:
    """Makes sure that the matrix of images of a shape has room.

    Args:
        shape: Of one image.
        room: Bytes that it may take; None: half of the machine's memory.

    Raises:
        SettingsError: It would take more.

    >>> check_room((24, 24, 3))
    """
    size = int(np.prod(shape))
    needed = 8 * size**2
    if room is None:
        room = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    if needed > room:
        raise SettingsError(
            f"zca_whitening of images of {' × '.join(map(str, shape))} needs a matrix of "
            f"{size:,} × {size:,} numbers, {needed:,} bytes ({needed / 2**30:,.0f} GiB), and there "
            f"is room for {room / 2**30:,.0f} GiB: use smaller images, or featurewise_center and "
            "featurewise_std_normalization"
        )
