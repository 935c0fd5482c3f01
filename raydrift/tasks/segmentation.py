"""What a model for segmentation gets right: counts of pixels, and the scores they make."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.metrics.bootstrap import RESAMPLES

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_AT_ONCE: Final = 2**22  # numbers of resamples in memory


def check_masks(
    masks: npt.NDArray[np.integer], shape: Sequence[int], ignore: int | None = None
) -> None:
    """Makes sure that masks fit what a model answers.

    Args:
        masks: Class of each pixel, integers or booleans of shape (n, height, width).
        shape: Of the answers, (n, channels, height, width).
        ignore: Pixels that the masks call so do not count; None: all do.

    Raises:
        ValueError: They are of another shape, or have classes that the model has not.
    """
    count, channels, *size = shape
    if masks.shape != (count, *size):
        raise ValueError(
            f"masks have the shape {masks.shape}, and the answers {tuple(shape)}: "
            "give masks of the images' size"
        )
    right = masks if ignore is None else masks[masks != ignore]
    if channels > 1 and right.size and not 0 <= right.min() <= right.max() < channels:
        raise ValueError(
            f"masks have classes from {right.min()} to {right.max()}, and the model has "
            f"{channels}: give masks of 0 to {channels - 1}, or set task.ignore to the label "
            "of pixels that do not count"
        )


@dataclass(frozen=True, eq=False)
class SegmentationCounts:
    """What is counted of a model's answers for pixels; those of batches are added with ``+``.

    Attributes:
        both: Pixels of each class that the mask and the answer have in common, int64 of shape
            (classes,).
        either: Pixels that are of the class in the mask, in the answer or in both, likewise.

    >>> logits = np.array([[[[1.0, 1.0, -1.0, -1.0]]]], np.float32)
    >>> masks = np.array([[[1, 0, 1, 0]]])
    >>> SegmentationCounts.of(logits, masks).iou.round(3).tolist()
    [0.333]
    """

    both: Whole
    either: Whole

    @classmethod
    def of(
        cls,
        logits: npt.NDArray[np.float32],
        masks: npt.NDArray[np.integer],
        ignore: int | None = None,
    ) -> Self:
        """Counts the pixels of some images.

        With one channel there is one class, the foreground: where the sigmoid is above 0.5, and
        where the mask is not 0. With more there is a class a channel: the one with the largest
        logit, the first of several.

        Args:
            logits: float32 of shape (n, channels, height, width).
            masks: Class of each pixel, integers or booleans of shape (n, height, width).
            ignore: Pixels that the masks call so do not count; None: all do.

        Raises:
            ValueError: The masks are of another shape, or have classes that the model has not.
        """
        channels = logits.shape[1]
        check_masks(masks, logits.shape, ignore)
        counted = np.ones(masks.shape, np.bool_) if ignore is None else masks != ignore
        if channels == 1:
            there, said = (masks != 0) & counted, (logits[:, 0] > 0) & counted
            both, either = np.array([(there & said).sum()]), np.array([(there | said).sum()])
            return cls(both, either)
        right, said = masks[counted].astype(np.int64), logits.argmax(axis=1)[counted]
        confusion = np.bincount(right * channels + said, minlength=channels**2)
        confusion = confusion.reshape(channels, channels)
        both = confusion.diagonal()
        return cls(both.copy(), confusion.sum(axis=0) + confusion.sum(axis=1) - both)

    def __add__(self, other: Self) -> Self:
        """The counts of both."""
        return type(self)(self.both + other.both, self.either + other.either)

    @property
    def iou(self) -> Numbers:
        """Intersection over union of each class, 0 to 1; NaN where neither has the class.

        Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11 (1912).
        """
        with np.errstate(invalid="ignore"):
            found: Numbers = self.both / self.either
        return found

    @property
    def mean_iou(self) -> float:
        """The mean of the classes that there are; NaN where there is none."""
        known = self.iou[self.either > 0]
        return float(known.mean()) if len(known) else np.nan


@dataclass(frozen=True)
class SegmentationScores:
    """What the pixels of some images come to: of all classes, or of one.

    Attributes:
        samples: How many images there are.
        iou: Intersection over union of their pixels, 0 to 1: of a class, or the mean of the classes
            that there are; NaN where there is none.
    """

    samples: int
    iou: float

    @property
    def quality(self) -> float:
        """The intersection over union."""
        return self.iou


@dataclass(frozen=True, eq=False)
class PixelAnswers:
    """What a model said of the pixels of some images, counted image by image.

    Attributes:
        both: As in ``SegmentationCounts``, int64 of shape (n, classes).
        either: Likewise.
    """

    both: Whole
    either: Whole

    @classmethod
    def of(cls, counts: Sequence[SegmentationCounts], classes: int) -> Self:
        """The counts of some images, of which there may be none."""
        shape = (len(counts), classes)
        return cls(
            np.array([one.both for one in counts], np.int64).reshape(shape),
            np.array([one.either for one in counts], np.int64).reshape(shape),
        )

    @classmethod
    def joined(cls, parts: "Sequence[PixelAnswers]") -> "PixelAnswers":
        """The answers of several batches, one after the other."""
        return cls(
            np.concatenate([one.both for one in parts]),
            np.concatenate([one.either for one in parts]),
        )

    @property
    def counts(self) -> SegmentationCounts:
        """Those of all images together."""
        return SegmentationCounts(self.both.sum(axis=0), self.either.sum(axis=0))

    @property
    def total(self) -> SegmentationScores:
        """The score of all classes."""
        return SegmentationScores(len(self.both), self.counts.mean_iou)

    @property
    def by_class(self) -> tuple[SegmentationScores, ...]:
        """The score of each class."""
        return tuple(SegmentationScores(len(self.both), iou) for iou in self.counts.iou.tolist())


def resampled_iou(answers: Sequence[PixelAnswers], *, seed: int = 0, number: int = 0) -> Numbers:
    """The mean intersection over union of 999 bootstrap resamples of the images.

    Args:
        answers: k answers about the same n images, which are resampled together.
        seed: The seed of the resamples.
        number: Which of a run's resamples these are.

    Returns:
        float64 of shape (999, k).
    """
    count, classes = answers[0].both.shape
    # As floats, which are multiplied far faster; whole numbers below 2^53 are exact in any order.
    table = np.concatenate([one for level in answers for one in (level.both, level.either)], axis=1)
    table = table.astype(np.float64)
    rng = seeds.generator(seed, seeds.RESAMPLES, number)
    at_once = max(1, _AT_ONCE // count)
    found = []
    for start in range(0, RESAMPLES, at_once):
        size = min(at_once, RESAMPLES - start)
        times = rng.multinomial(count, np.full(count, 1 / count), size)
        sums = (times @ table).reshape(size, len(answers), 2, classes)
        both, either = sums[:, :, 0], sums[:, :, 1]
        with np.errstate(invalid="ignore"):
            iou = np.where(either > 0, both / either, 0.0)
            found.append(iou.sum(axis=2) / (either > 0).sum(axis=2))
    return np.concatenate(found)
