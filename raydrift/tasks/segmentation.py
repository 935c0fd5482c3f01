"""What a model for segmentation gets right: counts of pixels, and the scores they make."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


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
    def of(cls, logits: npt.NDArray[np.float32], masks: npt.NDArray[np.integer]) -> Self:
        """Counts the pixels of some images.

        With one channel there is one class, the foreground: where the sigmoid is above 0.5, and
        where the mask is not 0. With more there is a class a channel: the one with the largest
        logit, the first of several.

        Args:
            logits: float32 of shape (n, channels, height, width).
            masks: Class of each pixel, integers or booleans of shape (n, height, width).

        Raises:
            ValueError: The masks are of another shape, or have classes that the model has not.
        """
        count, channels = logits.shape[:2]
        if masks.shape != (count, *logits.shape[2:]):
            raise ValueError(
                f"masks have the shape {masks.shape}, and the answers {logits.shape}: "
                "give masks of the images' size"
            )
        if channels == 1:
            there, said = masks != 0, logits[:, 0] > 0
            both, either = np.array([(there & said).sum()]), np.array([(there | said).sum()])
            return cls(both, either)
        if masks.size and not 0 <= masks.min() <= masks.max() < channels:
            raise ValueError(
                f"masks have classes from {masks.min()} to {masks.max()}, and the model has "
                f"{channels}: give masks of 0 to {channels - 1}"
            )
        right, said = masks.reshape(-1).astype(np.int64), logits.argmax(axis=1).reshape(-1)
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
