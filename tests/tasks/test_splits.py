"""Splits are by file and by class, and each stands alone."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from raydrift.errors import SettingsError
from raydrift.tasks.splits import check_splits, train_samples

SIZES = st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=9), min_size=1, max_size=4)
"""For each class the samples of each of its files."""

SHARES = st.floats(0.01, 0.99)


def samples_of(sizes: list[list[int]], order: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The file and the class of each sample, in some order."""
    counts = np.array([count for files in sizes for count in files])
    classes = np.repeat(np.arange(len(sizes)), [len(files) for files in sizes])
    files = np.repeat(np.arange(len(counts)), counts)
    mixed = np.random.default_rng(order).permutation(len(files))
    return files[mixed], classes[files][mixed]


@given(sizes=SIZES, split=st.integers(0, 9), train_size=SHARES, seed=st.integers(0, 2**64 - 1))
def test_a_file_is_on_one_side_and_every_class_on_both(
    sizes: list[list[int]], split: int, train_size: float, seed: int
) -> None:
    files, labels = samples_of(sizes)
    train = train_samples(files, labels, split, train_size=train_size, seed=seed)
    assert not set(files[train]) & set(files[~train])
    for label, of_class in enumerate(sizes):
        learned = len(set(files[train & (labels == label)]))
        tested = len(set(files[~train & (labels == label)]))
        assert learned + tested == len(of_class)
        assert learned == min(max(round(train_size * len(of_class)), 1), len(of_class) - 1)


@given(sizes=SIZES, split=st.integers(0, 9), orders=st.tuples(st.integers(1, 99), st.integers(1)))
def test_a_split_depends_on_the_files_alone(
    sizes: list[list[int]], split: int, orders: tuple[int, int]
) -> None:
    """Not on the order of the samples, nor on how many other splits there are, nor on when."""
    found = []
    for order in orders:
        files, labels = samples_of(sizes, order)
        for other in range(order % 3):
            train_samples(files, labels, other)
        found.append(set(files[train_samples(files, labels, split)]))
    assert found[0] == found[1]


def test_splits_and_seeds_differ() -> None:
    files, labels = samples_of([[1] * 20, [1] * 20])
    splits = [train_samples(files, labels, split).tobytes() for split in range(5)]
    assert len({*splits, train_samples(files, labels, 0, seed=7).tobytes()}) == 6


def test_a_file_of_several_classes_is_one_file_of_the_first() -> None:
    files, labels = np.array([0, 0, 1, 2, 3]), np.array([1, 0, 0, 1, 1])
    for split in range(9):
        train = train_samples(files, labels, split, train_size=0.5)
        assert train[0] == train[1] != train[2]
        assert train[3] != train[4]


@pytest.mark.parametrize(
    ("files", "labels", "splits", "said"),
    [
        ([0, 0, 1, 2], [0, 0, 1, 1], 2, "the class 'cat' has images of one file, which cannot be "),
        ([0, 0, 1, 2], [0, 1, 0, 0], 2, "the class 'dog' has images of no file of their own, "),
        ([0, 1, 2, 3], [0, 0, 1, 1], 5, "splits is 5, and the images are of 4 files: several "),
    ],
)
def test_what_cannot_be_split_is_named(
    files: list[int], labels: list[int], splits: int, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        check_splits(np.array(files), np.array(labels), ["cat", "dog"], splits)
    assert str(caught.value).startswith(said)
