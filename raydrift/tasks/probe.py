"""The probe: what a linear classifier learns from embeddings."""

from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.tasks.classification import Answers, ClassificationCounts

Rows = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_INVERSE_PENALTY = 0.1  # there are often more weights than rows
_MOST_STEPS = 1000


class Probe:
    """A logistic regression on standardised dimensions, with a quadratic penalty.

    The same embeddings teach the same probe: it starts at zero, and one thread adds up.

    Args:
        embeddings: What is learned from, of shape (n, d).
        labels: The class of each row, of at least two classes, shape (n,).

    >>> x = np.random.default_rng(0).normal(size=(60, 4))
    >>> labels = (x[:, 0] > 0).astype(np.int64)
    >>> Probe(x[:40], labels[:40]).counts(x[40:], labels[40:], 2).total.accuracy > 0.8
    True
    """

    def __init__(self, embeddings: Rows, labels: Whole) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self._classifier = make_pipeline(
            StandardScaler(), LogisticRegression(C=_INVERSE_PENALTY, max_iter=_MOST_STEPS)
        )
        with _one_thread():
            self._classifier.fit(embeddings, labels)

    def counts(self, embeddings: Rows, labels: Whole, classes: int) -> ClassificationCounts:
        """What it gets right of some embeddings; how sure it is, is not asked.

        Args:
            embeddings: Of shape (n, d).
            labels: The class of each row, below ``classes``, shape (n,).
            classes: How many classes there are.
        """
        with _one_thread():
            predicted = self._classifier.predict(embeddings)
        nothing = np.zeros(len(labels))
        return ClassificationCounts.of(Answers(labels, predicted, nothing, nothing), classes)


def _one_thread() -> Any:
    """More of them would add up in another order on a machine with more cores."""
    from threadpoolctl import threadpool_limits  # which scikit-learn needs itself

    return threadpool_limits(1)
