"""Splits: which files a model learns from, and which it is tested on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.errors import SettingsError
from raydrift.text import plural

Whole = npt.NDArray[np.int64]


def train_samples(
    files: Whole, labels: Whole, split: int, *, train_size: float = 0.8, seed: int = 42
) -> npt.NDArray[np.bool_]:
    """Which samples of a split are learned from; the others are for the test.

    All samples of a file are on one side. Of the n files of each class ``train_size`` · n are
    learned from, to the nearest whole number, a half to the even one, but at least 1 and at most
    n - 1. Which ones depends on the seed, the number of the split and the files of all classes, not
    on other splits or on the order of the samples. A file with samples of several classes counts as
    one of the class with the lowest number.

    Args:
        files: The number of each sample's file, in the order of the paths, shape (n,).
        labels: The number of each sample's class, shape (n,).
        split: The number of the split, from 0.
        train_size: The share of the files, above 0 and below 1.
        seed: The seed of the run.

    Returns:
        bool of shape (n,).

    >>> files, labels = np.array([0, 1, 2, 2, 3, 4, 5]), np.array([0, 0, 1, 1, 1, 1, 1])
    >>> train_samples(files, labels, 0, train_size=0.5).tolist()
    [True, False, False, False, True, False, True]
    """
    rng = seeds.generator(seed, seeds.SPLITS, split)
    numbers, classes = _classes_of(files, labels)
    chosen = []
    for label in np.unique(classes):
        own = rng.permutation(numbers[classes == label])
        most = len(own) - 1
        chosen.append(own[: min(max(round(train_size * len(own)), 1), most)])
    return np.isin(files, np.concatenate(chosen))


def check_splits(files: Whole, labels: Whole, names: Sequence[str], splits: int) -> None:
    """Makes sure that the files can be split.

    Args:
        files: As for ``train_samples``.
        labels: As there.
        names: What each class is called, by its number.
        splits: How many splits there are to be.

    Raises:
        SettingsError: There are fewer files than splits, or a class has one file alone, which can
            be on one side only.
    """
    numbers, classes = _classes_of(files, labels)
    if len(numbers) < splits:
        raise SettingsError(
            f"splits is {splits}, and the images are of {plural(len(numbers), 'file')}: several "
            "splits would be the same: give fewer splits, or more images"
        )
    counts = np.bincount(classes, minlength=len(names))
    if few := np.flatnonzero(counts < 2).tolist():
        what = "one file" if counts[few[0]] else "no file of their own"
        raise SettingsError(
            f"the class {names[few[0]]!r} has images of {what}, which cannot be both learned from "
            "and tested on: give it more files, leave it out, or merge it with another class by "
            "class_mapping"
        )


def _classes_of(files: Whole, labels: Whole) -> tuple[Whole, Whole]:
    """The numbers of the files, rising, and the class of each."""
    order = np.lexsort((labels, files))
    numbers, first = np.unique(files[order], return_index=True)
    return numbers, labels[order][first]
