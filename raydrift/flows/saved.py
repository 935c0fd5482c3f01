"""Augmented images saved where the user can look at them."""

import os
from typing import Any

import numpy.typing as npt

from raydrift.augment.batches import Batch
from raydrift.flows.saving import array_to_img, saved_name, saved_name_of_file


def save_batch(flow: Any, images: npt.NDArray[Any], batch: Batch, numbers: int = 10**7) -> None:
    """Saves the images of a batch in ``flow.save_to_dir``, each stretched to 0 to 255, as Keras.

    Args:
        flow: Says where, and how the names begin and end.
        images: (n, height, width, channels), or with the channels first.
        batch: Which samples they are.
        numbers: There are so many numbers in names.

    Raises:
        FileNotFoundError: The folder is not there.
    """
    for image, sample, seed in zip(images, batch.samples, _seeds(flow, batch), strict=True):
        name = saved_name(
            flow.save_prefix,
            int(sample),
            flow.save_format,
            seed=seed,
            epoch=batch.task.epoch,
            numbers=numbers,
        )
        _save(flow, image, name)


def save_batch_of_files(flow: Any, images: npt.NDArray[Any], batch: Batch) -> None:
    """As ``save_batch``, with names as mltk makes them: of the files' own.

    Args:
        flow: Says where, and how the names begin and end.
        images: (n, height, width, channels), or with the channels first.
        batch: Which samples they are.

    Raises:
        FileNotFoundError: The folder is not there.
    """
    for image, sample, seed in zip(images, batch.samples, _seeds(flow, batch), strict=True):
        filename = flow.filenames[sample]
        name = saved_name_of_file(
            flow.save_prefix,
            filename if isinstance(filename, str) else filename[0],
            flow.save_format,
            seed=seed,
            index=int(sample),
            epoch=batch.task.epoch,
        )
        _save(flow, image, name)


def _seeds(flow: Any, batch: Batch) -> list[int]:
    """By the row among all images: else the other part of a split would overwrite files."""
    return [(flow.flow_seed + int(row)) % 2**64 for row in flow._ids()[batch.samples]]


def _save(flow: Any, image: npt.NDArray[Any], name: str) -> None:
    picture = array_to_img(image, flow.data_format, scale=True)
    path = os.path.join(flow.save_to_dir, name)
    try:
        picture.save(path)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"save_to_dir {flow.save_to_dir} is not there: make it before the flow is read"
        ) from None
