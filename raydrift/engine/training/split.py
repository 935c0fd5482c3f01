"""Which images a training does not see: what it makes is held against them."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from raydrift import seeds

_BYTES = 8  # of a path's digest


def held_out(paths: Sequence[str], share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which images are held out, by their paths alone: more images change no one's place.

    Args:
        paths: The paths of the images.
        share: Of the images, 0 to 0.5, on average.
        seed: The run's.

    Returns:
        bool, one an image. At least one is not held out, if there are any.
    """
    drawn = np.array([_place(path, seed) for path in paths], np.float64)
    held: npt.NDArray[np.bool_] = drawn < share
    if len(held) and held.all():
        held[drawn.argmax()] = False
    return held


def _place(path: str, seed: int) -> float:
    number = int.from_bytes(sha256(path.encode()).digest()[:_BYTES], "little")
    return float(seeds.generator(seed, seeds.GAN_SPLIT, number).random())
