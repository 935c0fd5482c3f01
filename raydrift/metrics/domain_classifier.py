"""How well a classifier can tell two samples of embeddings apart."""

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.metrics.samples import check_samples

_INVERSE_PENALTY = 0.1  # there are often more weights than rows


def domain_classifier_auc(
    original: npt.ArrayLike, drifted: npt.ArrayLike, *, folds: int = 5, seed: int = 0
) -> float:
    """The area under the ROC curve of a classifier that tells drifted embeddings from originals.

    P(s(y) > s(x)) + ½ P(s(y) = s(x)), the Mann-Whitney statistic of the scores s of a logistic
    regression on standardised dimensions with a quadratic penalty. Each row is scored by a
    classifier that has not seen it: the rows are dealt into folds, each fold is scored by what the
    others taught, and the folds' areas are averaged (scores of different classifiers are not
    comparable).

    Row i of both samples is always in the same fold where n = m. So pairs, an image and its
    drifted self, never lie on both sides: a classifier that knows one of them as an original would
    else take the other for one, and the area be far below ½. For samples that are not paired this
    changes nothing.

    Grows with drift, from 0.5, where chance does as well, to 1, where a plane parts the samples; a
    little below 0.5 by chance. Symmetric where n = m, else within the error of the folds.
    Unchanged, but for rounding, by moving and scaling each dimension.

    Args:
        original: Embeddings of the images as they were, float of shape (n, d).
        drifted: Embeddings of drifted images, float of shape (m, d).
        folds: How many, from 2 to the rows of the smaller sample.
        seed: The seed of the folds.

    Returns:
        The area, 0 to 1.

    Raises:
        ValueError: A sample is not of shape (n, d), n at least 2, or not of finite float32 values,
            or d differs, or the folds are fewer than 2 or more than the rows of a sample.

    Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017; for the average over
    folds Airola et al., "An experimental comparison of cross-validation techniques for estimating
    the area under the ROC curve", Computational Statistics and Data Analysis 55 (2011).

    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> domain_classifier_auc(x, x)
    0.5
    >>> domain_classifier_auc(x, x + 10)
    1.0
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    before, after = check_samples(original, drifted)
    n, m = len(before), len(after)
    if folds < 2:
        raise ValueError(f"folds is {folds}: give at least 2")
    if folds > min(n, m):
        raise ValueError(f"{min(n, m)} rows in a sample: {folds} folds need at least {folds}")
    rows = np.concatenate([before, after])
    drifts = np.arange(n + m) >= n
    fold_of = np.concatenate([_deal(n, folds, seed), _deal(m, folds, seed)])
    areas = []
    for fold in range(folds):
        unseen = fold_of == fold
        classifier = make_pipeline(
            StandardScaler(), LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000)
        )
        classifier.fit(rows[~unseen], drifts[~unseen])
        scores = classifier.decision_function(rows[unseen])
        areas.append(_area(scores[~drifts[unseen]], scores[drifts[unseen]]))
    return float(np.mean(areas))


def _deal(count: int, folds: int, seed: int) -> npt.NDArray[np.intp]:
    """The fold of each row; the same for samples of the same size."""
    rng = seeds.generator(seeds.check_seed(seed), seeds.FOLDS, count)
    return rng.permutation(count) % folds


def _area(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> float:
    """P(high > low) + ½ P(high = low)."""
    low = np.sort(low)
    below, up_to = (np.searchsorted(low, high, side) for side in ("left", "right"))
    return float((below + up_to).mean() / (2 * len(low)))
