"""What is looked at of many images: some of every class."""

import numpy as np

from raydrift.engine.training.mapped import MappedPictures
from raydrift.engine.training.measuring import held_images
from raydrift.settings import ImageSettings


def pictures(count: int) -> MappedPictures:
    """Each as grey as its number."""
    levels = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return MappedPictures([np.broadcast_to(levels, (count, 8, 8, 3))])


def test_of_more_images_than_are_asked_for_evenly_spaced_ones_are_taken() -> None:
    size = ImageSettings(8, 8)
    assert held_images(pictures(10), size, 4)[:, 0, 0, 0].tolist() == [0, 2, 5, 7]
    assert held_images(pictures(4), size, 4)[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert held_images(pictures(3), size, 4)[:, 0, 0, 0].tolist() == [0, 1, 2]
