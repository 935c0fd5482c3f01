"""The Fréchet distance between two samples of embeddings."""

from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.metrics.samples import Rows, check_samples

_BLOCK: Final = 4096  # rows


def frechet_distance(original: npt.ArrayLike, drifted: npt.ArrayLike) -> float:
    """The squared Fréchet distance between Gaussian fits, as in the Fréchet inception distance.

    |m₀ − m₁|² + tr S₀ + tr S₁ − 2 tr (S₀ S₁)^½, with the means m and the covariances S (divided by
    n − 1) of the two samples: the squared 2-Wasserstein distance of the two Gaussians. It is the
    FID's formula on whatever embeddings are given; only Inception's make it the FID.

    The covariances are never made, so it does not matter that they are singular where n < d: with
    centred samples S₀ = AᵀA and S₁ = BᵀB, the last trace is the sum of the singular values of A Bᵀ.

    Symmetric. Grows with drift, but for two samples of one distribution it is above 0, by more the
    fewer rows there are: compare values of equal n, or see `permutation_test`. Unchanged by moving
    or rotating both samples together; scaling both by c multiplies it by c².

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).

    Returns:
        The squared distance, at least 0, without a limit, in the square of the embeddings' unit.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs.

    Dowson and Landau, "The Fréchet distance between multivariate normal distributions", Journal of
    Multivariate Analysis 12 (1982); Heusel et al., "GANs trained by a two time-scale update rule
    converge to a local Nash equilibrium", NeurIPS 2017.

    >>> x = np.random.default_rng(0).normal(size=(5, 20))
    >>> round(frechet_distance(x, x + 1), 6)  # |(1, 1, …)|²
    20.0
    """
    before, after = check_samples(original, drifted)
    means = before.mean(axis=0), after.mean(axis=0)
    one, other = _root(before, means[0]), _root(after, means[1])
    overlap = np.linalg.svd(one @ other.T, compute_uv=False).sum()
    apart = ((means[0] - means[1]) ** 2).sum()
    return max(0.0, float(apart + (one**2).sum() + (other**2).sum() - 2 * overlap))


def _root(rows: Rows, mean: npt.NDArray[np.float64]) -> Rows:
    """A matrix R of n or d rows, whichever are fewer, with RᵀR the covariance."""
    root: Rows = np.empty((0, rows.shape[1]))
    for start in range(0, len(rows), _BLOCK):
        root = np.concatenate([root, rows[start : start + _BLOCK] - mean])
        if len(root) > rows.shape[1]:
            root = np.asarray(np.linalg.qr(root, mode="r"))
    root /= np.sqrt(len(rows) - 1)
    return root
