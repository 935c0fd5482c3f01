"""The probe is scikit-learn's logistic regression, and nothing more."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from raydrift.tasks.probe import Probe


@pytest.mark.parametrize("classes", [2, 5])
def test_it_gets_right_what_scikit_learn_does_by_hand(classes: int) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 300)
    rows = rng.normal(size=(300, 40)) * np.arange(1, 41) + labels[:, None]
    train, test = slice(0, 200), slice(200, None)
    mean, deviation = rows[train].mean(axis=0), rows[train].std(axis=0)
    standardised = (rows - mean) / deviation
    model = LogisticRegression(C=0.1, max_iter=1000).fit(standardised[train], labels[train])
    predicted = model.predict(standardised[test])
    counts = Probe(rows[train], labels[train]).counts(rows[test], labels[test], classes)
    assert counts.confusion.sum() == 100
    for label in range(classes):
        wanted = np.bincount(predicted[labels[test] == label], minlength=classes)
        assert counts.confusion[label].tolist() == wanted.tolist()
    assert counts.total.accuracy == accuracy_score(labels[test], predicted)
    wanted = f1_score(labels[test], predicted, average="macro")
    assert counts.total.f1 == pytest.approx(wanted, abs=1e-12)


def test_the_same_embeddings_teach_the_same_probe() -> None:
    rng = np.random.default_rng(1)
    rows, labels = rng.normal(size=(120, 512)), rng.integers(0, 3, 120)
    first, second = (Probe(rows, labels).counts(rows, labels, 3) for _ in range(2))
    np.testing.assert_array_equal(first.confusion, second.confusion)
