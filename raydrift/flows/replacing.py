"""What takes the place of an image that cannot be used, and what is said of it."""

from collections.abc import Iterator
from typing import Final

from raydrift import seeds
from raydrift.augment.batches import Rejected

_MOST_TRIED: Final = 1000


def others(seed: int, row: int, sample: int, epoch: int, count: int) -> Iterator[int]:
    """What may take a sample's place, each once: drawn by its row and the epoch alone.

    Args:
        seed: The flow's seed.
        row: The row of the sample among all, before they were split.
        sample: The sample itself, which is not among them.
        epoch: The epoch, from 0.
        count: How many samples the flow has.

    Returns:
        Samples, at most 1,000 of them, however many there are.

    >>> sorted(others(seed=1, row=7, sample=2, epoch=0, count=4))
    [0, 1, 3]
    """
    rng = seeds.generator(seed, seeds.FLOW_REPLACEMENT, row, epoch)
    seen = {sample}
    for other in rng.integers(count, size=_MOST_TRIED).tolist():
        if other not in seen:
            seen.add(other)
            yield other


def told_of(rejected: Rejected, has_labels: bool = True) -> str:
    """What a user is told of the first image that cannot be used.

    Args:
        rejected: The image.
        has_labels: Whether labels are given with the images; they go with the image that is there.
    """
    what = rejected.path or f"image {rejected.sample}"
    said = f"{what} cannot be used ({rejected.reason}): another image takes its place"
    if not has_labels:
        said += (
            ": masks of another flow and predictions by filenames no longer match: give "
            'on_error="raise", or read flow.info.samples'
        )
    return f"{said}; all such images are in .rejected"


def nothing_found(first: Rejected, tried: int) -> str:
    """What is said where no other image can take the place either.

    Args:
        first: The image that was asked for.
        tried: How many others were tried.
    """
    return (
        f"{first.path or f'image {first.sample}'} cannot be used ({first.reason}), nor can {tried} "
        "others that were tried in its place: look at the files of the flow"
    )
