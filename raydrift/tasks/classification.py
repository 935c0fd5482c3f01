"""What a classifier gets right: counts and sums of whole numbers, and the scores they make."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

BINS: Final = 15
"""Of confidence, each as wide as the others, for the calibration error."""

_UNIT: Final = 2**52
"""Sums of fractions are counted in whole units of 2^-52: in any order they come to the same."""


@dataclass(frozen=True)
class Answers:
    """What a model said of some images.

    Attributes:
        labels: What is right, int64 of shape (n,), counted in the task's classes.
        predicted: The class with the largest logit, the first of several, int64 of shape (n,).
        nll: The negative log likelihood of what is right, nats, float64 of shape (n,).
        confidence: The softmax of what was predicted, float64 of shape (n,), 0 to 1.
    """

    labels: Whole
    predicted: Whole
    nll: Numbers
    confidence: Numbers

    @classmethod
    def of(cls, logits: npt.NDArray[np.float32], labels: Whole) -> Self:
        """Reads the answers from logits.

        Args:
            logits: Finite float32 of shape (n, classes).
            labels: int64 of shape (n,), below the number of classes.
        """
        exact = logits.astype(np.float64)
        most = exact.max(axis=1, initial=-np.inf)
        log_sum = np.log(np.exp(exact - most[:, None]).sum(axis=1))
        right = exact[np.arange(len(labels)), labels]
        return cls(labels, logits.argmax(axis=1), most - right + log_sum, np.exp(-log_sum))

    def part(self, start: int, stop: int) -> "Answers":
        """Those of some of the images."""
        cut = slice(start, stop)
        return Answers(self.labels[cut], self.predicted[cut], self.nll[cut], self.confidence[cut])

    @classmethod
    def joined(cls, parts: "list[Answers]") -> "Answers":
        """The answers of several batches, one after the other."""
        names = ("labels", "predicted", "nll", "confidence")
        return cls(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Which are right, bool of shape (n,)."""
        right: npt.NDArray[np.bool_] = self.predicted == self.labels
        return right


@dataclass(frozen=True)
class ClassificationScores:
    """What some images come to: of all of them, or of those of a class.

    Attributes:
        samples: How many there are.
        accuracy: The share that is right; of a class, the share of its images.
        f1: Of a class, the harmonic mean of precision and recall; of all, the mean over the
            classes that there are or that were predicted.
        nll: The mean negative log likelihood, nats.
        ece: The expected calibration error, 0 to 1, in 15 equal bins: the mean distance of
            confidence and accuracy.

    All but ``samples`` are NaN where there is nothing to take a mean of.

    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017.
    """

    samples: int
    accuracy: float
    f1: float
    nll: float
    ece: float

    @property
    def quality(self) -> float:
        """The accuracy."""
        return self.accuracy


@dataclass(frozen=True, eq=False)
class ClassificationCounts:
    """What is counted of a model's answers; the counts of several batches are added with ``+``.

    They are whole numbers, so it does not matter how images are split into batches: the scores are
    the same to the last digit.

    Attributes:
        confusion: Images by what is right and what was predicted, int64 of shape
            (classes, classes).
        nll: The sum of negative log likelihoods by class, in units of 2^-52, Python's ints in an
            array of shape (classes,).
        bins: Images by class and bin of confidence, int64 of shape (classes, 15). Bin i is from
            i / 15, which is not in it, to (i + 1) / 15.
        bins_correct: Those of them that are right.
        bins_confidence: The sum of their confidence, as ``nll``.

    >>> logits, labels = np.eye(3, dtype=np.float32), np.array([0, 1, 1])
    >>> whole = ClassificationCounts.of(Answers.of(logits, labels), 3)
    >>> first = ClassificationCounts.of(Answers.of(logits[:1], labels[:1]), 3)
    >>> rest = ClassificationCounts.of(Answers.of(logits[1:], labels[1:]), 3)
    >>> (first + rest).total == whole.total
    True
    """

    confusion: Whole
    nll: npt.NDArray[Any]
    bins: Whole
    bins_correct: Whole
    bins_confidence: npt.NDArray[Any]

    @classmethod
    def of(cls, answers: Answers, classes: int) -> Self:
        """Counts some answers of a model with so many classes."""
        labels, shape = answers.labels, (classes, BINS)
        edges = np.arange(1, BINS) / BINS
        bins = np.searchsorted(edges, answers.confidence)  # a bin's upper edge is in it
        places, right = labels * BINS + bins, answers.correct
        return cls(
            np.bincount(labels * classes + answers.predicted, minlength=classes * classes).reshape(
                classes, classes
            ),
            _sums(answers.nll, labels, classes),
            np.bincount(places, minlength=classes * BINS).reshape(shape),
            np.bincount(places[right], minlength=classes * BINS).reshape(shape),
            _sums(answers.confidence, places, classes * BINS).reshape(shape),
        )

    def __add__(self, other: Self) -> Self:
        """The counts of both."""
        return type(self)(
            self.confusion + other.confusion,
            self.nll + other.nll,
            self.bins + other.bins,
            self.bins_correct + other.bins_correct,
            self.bins_confidence + other.bins_confidence,
        )

    @property
    def samples(self) -> Whole:
        """Images by class, int64 of shape (classes,)."""
        samples: Whole = self.confusion.sum(axis=1)
        return samples

    @cached_property
    def total(self) -> ClassificationScores:
        """The scores of all images."""
        f1 = self._f1
        known = f1[~np.isnan(f1)]
        return ClassificationScores(
            int(self.samples.sum()),
            _ratio(int(self.confusion.trace()), int(self.samples.sum())),
            float(known.mean()) if len(known) else np.nan,
            _ratio(int(self.nll.sum()), int(self.samples.sum()) * _UNIT),
            self._ece(slice(None)),
        )

    @cached_property
    def by_class(self) -> tuple[ClassificationScores, ...]:
        """The scores of the images of each class."""
        right = self.confusion.diagonal()
        return tuple(
            ClassificationScores(
                int(count),
                _ratio(int(right[place]), int(count)),
                float(self._f1[place]),
                _ratio(int(self.nll[place]), int(count) * _UNIT),
                self._ece(slice(place, place + 1)),
            )
            for place, count in enumerate(self.samples)
        )

    @cached_property
    def _f1(self) -> Numbers:
        """Of each class: 2 · right / (there + predicted); NaN where it is neither."""
        there, predicted = self.samples, self.confusion.sum(axis=0)
        with np.errstate(invalid="ignore"):
            f1: Numbers = 2 * self.confusion.diagonal() / (there + predicted)
        return f1

    def _ece(self, classes: slice) -> float:
        right = self.bins_correct[classes].sum(axis=0).tolist()
        confidence = self.bins_confidence[classes].sum(axis=0).tolist()
        distance = sum(
            abs(here * _UNIT - sure) for here, sure in zip(right, confidence, strict=True)
        )
        return _ratio(distance, int(self.bins[classes].sum()) * _UNIT)


def _sums(values: Numbers, places: Whole, count: int) -> npt.NDArray[Any]:
    """The sum of the values at each place, in whole units; Python's ints have no limit."""
    sums = np.zeros(count, object)
    units = [int(value) for value in np.rint(values * _UNIT)]
    np.add.at(sums, places, np.array(units, object))
    return sums


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else np.nan
