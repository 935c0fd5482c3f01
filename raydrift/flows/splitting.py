"""Which samples are for training and which for validation: seeded, and each class in its share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.errors import SettingsError
from raydrift.text import plural

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of the catalog in each part, rising.

    Attributes:
        train: Those that a network learns from.
        validation: Those that it is tried on; none where there is no split.
    """

    train: Rows
    validation: Rows


def stratified(classes: npt.NDArray[np.int32], share: float, seed: int) -> Split:
    """Splits each class by itself.

    Args:
        classes: int32 of shape (n,): the class of each row.
        share: The share of each class that is for validation, 0 to below 1.
        seed: 0 to 2^64 - 1. Which rows of a class go where depends on nothing but it, the class and
            how many rows that has.

    Returns:
        The parts. Of each class with two rows or more there is at least one in each part, unless
        the share is 0.

    >>> split = stratified(np.array([0, 0, 0, 0, 1, 1]), 0.25, seed=1)
    >>> len(split.train), len(split.validation)
    (4, 2)
    """
    held = np.zeros(len(classes), np.bool_)
    for one in np.unique(classes).tolist() if share else []:
        rows = np.flatnonzero(classes == one)
        count = round(share * len(rows))
        count = min(max(count, 1), len(rows) - 1)
        order = seeds.generator(seed, seeds.FLOW_SPLIT, one).permutation(len(rows))
        held[rows[order[:count]]] = True
    return _split(held)


def grouped(
    classes: npt.NDArray[np.int32], groups: Sequence[object], share: float, seed: int
) -> Split:
    """Splits whole groups, as all pictures of a patient, so that each class is near its share.

    Groups are looked at in a seeded order; one is for validation where that brings the classes
    nearer to their shares.

    Args:
        classes: int32 of shape (n,): the class of each row.
        groups: The group of each row.
        share: As for ``stratified``.
        seed: As for ``stratified``.

    Raises:
        SettingsError: All rows are of one group.
    """
    names = [str(group) for group in groups]
    found, of_rows = np.unique(names, return_inverse=True)
    if share and len(found) < 2:
        raise SettingsError(
            "split by group: all images are of one group: give a column with two groups or more"
        )
    counts = np.zeros((len(found), int(classes.max(initial=0)) + 1), np.int64)
    np.add.at(counts, (of_rows, classes), 1)
    wanted = share * counts.sum(axis=0)
    taken, held = np.zeros_like(wanted), np.zeros(len(found), np.bool_)
    order = seeds.generator(seed, seeds.FLOW_SPLIT, seeds.ORDER).permutation(len(found))
    for group in order.tolist() if share else []:
        more = taken + counts[group]
        if np.abs(wanted - more).sum() < np.abs(wanted - taken).sum():
            taken, held[group] = more, True
    if share and not held.any():
        held[order[np.argmin(counts[order].sum(axis=1))]] = True  # the smallest, if all are large
    return _split(held[of_rows])


def missing_classes(split: Split, classes: npt.NDArray[np.int32], names: Sequence[str]) -> str:
    """What to say of classes that one of the parts has not; empty: each has all."""
    for part, rows in (("training", split.train), ("validation", split.validation)):
        if not len(rows):
            continue
        there = set(classes[rows].tolist())
        gone = [name for index, name in enumerate(names) if index not in there]
        if gone:
            more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
            listed = ", ".join(map(repr, gone[:3]))
            word = "class" if len(gone) == 1 else f"{plural(len(gone), 'class')}:"
            return (
                f"the {part} part has no image of the {word} {listed}{more}: add images, or give "
                "another share or other groups"
            )
    return ""


def _split(held: npt.NDArray[np.bool_]) -> Split:
    return Split(np.flatnonzero(~held), np.flatnonzero(held))
