"""Divergences between the Gaussians that fit two samples of embeddings."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from raydrift.metrics.samples import Rows, check_samples

Matrix = npt.NDArray[np.floating]

Covariance = Literal["shrunk", "diagonal"]
"""``shrunk``: all covariances, after Ledoit and Wolf; ``diagonal``: each dimension by itself."""


def gaussian_kl(
    original: npt.ArrayLike, drifted: npt.ArrayLike, *, covariance: Covariance = "shrunk"
) -> float:
    """KL(N_drifted ‖ N_original) between Gaussian fits, in nats.

    ½ [ tr(S₀⁻¹ S₁) − d + (m₁ − m₀)ᵀ S₀⁻¹ (m₁ − m₀) + ln det S₀ − ln det S₁ ], with mean m₀ and
    covariance S₀ of the original embeddings, m₁ and S₁ of the drifted ones.

    With fewer rows than dimensions, as usual, the sample's covariance is singular and its KL
    infinite. So S is the Ledoit-Wolf estimate, (1 − a) Σ + a (tr Σ / d) I, with the a in [0, 1]
    that has the least expected error, found by the same formula for each of the two: it can be
    inverted whatever n is, and a goes to 0 as n grows. ``covariance="diagonal"`` leaves out what
    dimensions have to do with each other instead; dimensions with one and the same value in all
    rows of both samples then count as 0.

    Grows with drift, but two samples of one distribution are not at 0, for many covariances are
    estimated from few rows: compare values of equal n only, or see `permutation_test`. Where n is
    less than d that floor is most of the value, and a drift that takes variance away (blur) lowers
    it at first; `gaussian_kl_reverse` sees that one. Pairs, the same images before and after, have
    no such floor. Unchanged by moving, rotating or scaling both samples together (``diagonal``: by
    scaling each dimension, not by rotating).

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        covariance: How the covariances are estimated: ``shrunk`` or ``diagonal``.

    Returns:
        The divergence, at least 0, without a limit.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs, or one has no variance (for ``diagonal``: in a dimension) to divide by.

    Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
    Journal of Multivariate Analysis 88 (2004).

    >>> x = np.random.default_rng(0).normal(size=(200, 3))
    >>> x -= x.mean(axis=0)
    >>> round(gaussian_kl(x, 2 * x), 2)  # 3 (4 - 1 - ln 4) / 2
    2.42
    """
    before, after = _fits(original, drifted, covariance)
    return max(0.0, _kl(after, before))


def gaussian_kl_reverse(
    original: npt.ArrayLike, drifted: npt.ArrayLike, *, covariance: Covariance = "shrunk"
) -> float:
    """KL(N_original ‖ N_drifted) between Gaussian fits, in nats: `gaussian_kl` the other way round.

    It is the larger one where the drift takes variance away (blur), `gaussian_kl` where it adds
    some (noise).

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        covariance: How the covariances are estimated: ``shrunk`` or ``diagonal``.

    Returns:
        The divergence, at least 0, without a limit.

    Raises:
        ValueError: As for `gaussian_kl`.

    >>> x = np.random.default_rng(0).normal(size=(200, 3))
    >>> x -= x.mean(axis=0)
    >>> round(gaussian_kl_reverse(x, 2 * x), 2)  # 3 (1/4 - 1 + ln 4) / 2
    0.95
    """
    before, after = _fits(original, drifted, covariance)
    return max(0.0, _kl(before, after))


def gaussian_geometric_js(
    original: npt.ArrayLike, drifted: npt.ArrayLike, *, covariance: Covariance = "shrunk"
) -> float:
    """The geometric Jensen-Shannon divergence between Gaussian fits, in nats.

    ½ KL(N_original ‖ G) + ½ KL(N_drifted ‖ G), where G is the normalised geometric mean of the two
    densities: again a Gaussian, its precision the mean of theirs.

    The usual divergence, to the arithmetic mean of the densities, has no closed form, and in
    hundreds of dimensions fits of any two samples hardly overlap: it is at its limit ln 2 before
    there is a drift. This one is exact, symmetric and goes on growing; it is not limited by ln 2.
    For the usual one, dimension by dimension, see `histogram_js`.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        covariance: How the covariances are estimated, as for `gaussian_kl`.

    Returns:
        The divergence, at least 0, without a limit; as for `gaussian_kl`, not 0 for two samples of
        one distribution.

    Raises:
        ValueError: As for `gaussian_kl`.

    Nielsen, "On the Jensen-Shannon symmetrization of distances relying on abstract means", Entropy
    21 (2019).

    >>> x = np.random.default_rng(0).normal(size=(200, 3))
    >>> gaussian_geometric_js(x, x + 1) < gaussian_geometric_js(x, x + 2)
    True
    """
    before, after = _fits(original, drifted, covariance)
    precisions = [np.linalg.inv(fit.covariance) for fit in (before, after)]
    between: Matrix = np.linalg.inv((precisions[0] + precisions[1]) / 2)
    pulled = (precisions[0] @ before.mean + precisions[1] @ after.mean) / 2
    mean = _Gaussian(between @ pulled, between)
    return max(0.0, (_kl(before, mean) + _kl(after, mean)) / 2)


@dataclass(frozen=True)
class _Gaussian:
    mean: Matrix
    covariance: Matrix


def _kl(one: _Gaussian, other: _Gaussian) -> float:
    """KL(one ‖ other)."""
    apart = one.mean - other.mean
    ratio = np.linalg.solve(other.covariance, one.covariance)
    moved = apart @ np.linalg.solve(other.covariance, apart)
    log_determinants = [np.linalg.slogdet(fit.covariance).logabsdet for fit in (other, one)]
    doubled = np.trace(ratio) - len(apart) + moved + log_determinants[0] - log_determinants[1]
    return float(doubled / 2)


def _fits(
    original: npt.ArrayLike, drifted: npt.ArrayLike, covariance: Covariance
) -> tuple[_Gaussian, _Gaussian]:
    if covariance not in get_args(Covariance):
        raise ValueError(f"covariance is {covariance!r}: choose from: shrunk, diagonal")
    before, after = check_samples(original, drifted)
    if covariance == "shrunk":
        return _fit_shrunk("original", before), _fit_shrunk("drifted", after)
    differ = (before != before[0]).any(axis=0) | (after != before[0]).any(axis=0)
    kept = np.flatnonzero(differ)
    return _fit_diagonal("original", before, kept), _fit_diagonal("drifted", after, kept)


def _fit_shrunk(name: str, rows: Rows) -> _Gaussian:
    """The Ledoit-Wolf estimate."""
    n, d = rows.shape
    mean = rows.mean(axis=0)
    centred = rows - mean
    covariance = centred.T @ centred / n
    variance = np.trace(covariance) / d
    squares = float((covariance**2).sum())
    # Squared distances of the covariance to its target, and to the truth as the rows scatter.
    to_target = squares - d * variance**2
    lengths = (centred**2).sum(axis=1)
    to_truth = (float((lengths**2).sum()) / n - squares) / n
    weight = min(max(to_truth / to_target, 0.0), 1.0) if to_target > 0 else 1.0
    covariance *= 1 - weight
    covariance.flat[:: d + 1] += weight * variance
    eigenvalues = np.linalg.eigvalsh(covariance)
    if not eigenvalues[0] > d * np.finfo(float).eps * eigenvalues[-1]:
        raise ValueError(
            f"{name} embeddings have a singular covariance: give more rows that differ"
        )
    return _Gaussian(mean, covariance)


def _fit_diagonal(name: str, rows: Rows, kept: npt.NDArray[np.intp]) -> _Gaussian:
    constant = kept[(rows[:, kept] == rows[0, kept]).all(axis=0)]
    if len(constant):
        raise ValueError(
            f"{name} embeddings do not vary in dimension {constant[0]}: leave it out of both, "
            "or choose covariance='shrunk'"
        )
    rows = rows[:, kept]
    return _Gaussian(rows.mean(axis=0), np.diag(rows.var(axis=0)))
