"""Scores of classifiers against scikit-learn and torchmetrics."""

from fractions import Fraction
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from raydrift.tasks.classification import BINS, Answers, ClassificationCounts


def some(count: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are right now and then, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    logits = rng.normal(size=(count, classes)).astype(np.float32) * 2
    logits[np.arange(count), labels] += 1.5
    return logits, labels


def counted(logits: np.ndarray, labels: np.ndarray) -> ClassificationCounts:
    return ClassificationCounts.of(Answers.of(logits, labels), logits.shape[1])


@pytest.mark.parametrize(("count", "classes"), [(1, 2), (50, 3), (2000, 10), (300, 100)])
def test_the_scores_are_those_of_scikit_learn_and_torchmetrics(count: int, classes: int) -> None:
    logits, labels = some(count, classes)
    counts, every = counted(logits, labels), np.arange(classes)
    probabilities = torch.from_numpy(logits).double().softmax(1)
    predicted = logits.argmax(1)
    np.testing.assert_array_equal(
        counts.confusion, confusion_matrix(labels, predicted, labels=every)
    )
    total = counts.total
    assert total.samples == count
    assert total.accuracy == accuracy_score(labels, predicted)
    assert total.f1 == pytest.approx(f1_score(labels, predicted, average="macro"), rel=1e-12)
    assert total.nll == pytest.approx(log_loss(labels, probabilities, labels=every), rel=1e-9)
    ece = multiclass_calibration_error(probabilities, torch.from_numpy(labels), classes, BINS)
    assert total.ece == pytest.approx(float(ece), abs=1e-6)


def test_the_scores_of_a_class_are_those_of_its_images() -> None:
    logits, labels = some(500, 4)
    predicted = logits.argmax(1)
    each = f1_score(labels, predicted, average=None, labels=range(4))
    for label, scores in enumerate(counted(logits, labels).by_class):
        own = counted(logits[labels == label], labels[labels == label]).total
        assert (scores.samples, scores.accuracy) == (own.samples, own.accuracy)
        assert (scores.nll, scores.ece) == (own.nll, own.ece)
        assert scores.f1 == pytest.approx(each[label], rel=1e-12)


@given(
    st.integers(1, 60),
    st.integers(1, 5),
    st.lists(st.integers(0, 60), max_size=6),
    st.sampled_from([1.0, 1e-6, 1e6, 1e37]),
    st.integers(0, 2**32),
)
def test_any_split_into_batches_gives_the_same_to_the_last_digit(
    count: int, classes: int, cuts: list[int], scale: float, seed: int
) -> None:
    logits, labels = some(count, classes, seed)
    logits = (logits * np.float32(scale)).astype(np.float32)
    whole = counted(logits, labels)
    edges = [0, *sorted(min(cut, count) for cut in cuts), count]
    parts = [counted(logits[first:stop], labels[first:stop]) for first, stop in pairwise(edges)]
    added = reduce(add, np.random.default_rng(seed).permutation(np.array(parts, object)))
    assert str(added.total) == str(whole.total)
    assert str(added.by_class) == str(whole.by_class)
    for name, value in vars(whole).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(vars(added)[name], value, name)


def test_a_bin_begins_after_its_lower_edge_and_ends_with_its_upper_one() -> None:
    """A confidence of exactly 1/15 · k is the last of its bin, as in Guo et al."""
    edge = np.array([1 / 15, 2 / 15, np.nextafter(2 / 15, 1), 1.0])
    labels = np.zeros(4, np.int64)
    answers = Answers(labels, labels, np.zeros(4), edge)
    (bins,) = ClassificationCounts.of(answers, 1).bins
    assert bins.nonzero()[0].tolist() == [0, 1, 2, 14]


def test_the_calibration_error_by_hand() -> None:
    """Two images in one bin, of which one is right, and a third that is right for sure."""
    labels, predicted = np.array([0, 1, 1]), np.array([0, 0, 1])
    answers = Answers(labels, predicted, np.zeros(3), np.array([0.75, 0.75, 1.0]))
    ece = ClassificationCounts.of(answers, 2).total.ece
    assert ece == float(Fraction(2, 3) * Fraction(1, 4))


def test_classes_that_there_are_not_are_not_in_the_mean() -> None:
    labels = np.array([0, 0, 2])
    logits = np.eye(4, dtype=np.float32)[[0, 2, 2]]
    counts = counted(logits, labels)
    assert counts.total.f1 == f1_score(labels, logits.argmax(1), average="macro")
    assert np.isnan([counts.by_class[1].accuracy, counts.by_class[1].f1]).all()
    assert counts.by_class[1].samples == 0


def test_no_images_have_no_scores() -> None:
    total = counted(np.zeros((0, 3), np.float32), np.zeros(0, np.int64)).total
    assert total.samples == 0
    assert np.isnan([total.accuracy, total.f1, total.nll, total.ece]).all()


def test_logits_of_any_size_are_reckoned_with() -> None:
    logits = np.array([[3e38, -3e38], [-3e38, 3e38]], np.float32)
    answers = Answers.of(logits, np.array([0, 0]))
    assert answers.confidence.tolist() == [1.0, 1.0]
    assert answers.nll.tolist() == [0.0, float(np.float64(logits[1, 1]) - logits[1, 0])]
