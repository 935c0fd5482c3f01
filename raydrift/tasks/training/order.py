"""Which pictures each step of a training sees."""

from typing import Any, Final

import numpy.typing as npt

from raydrift import seeds

_ORDER: Final = 1  # what is drawn of a training's seed


class EpochOrder:
    """The pictures of each step: they depend on the number of the step alone.

    Each epoch has all pictures in an order of its own. The last batch has what is left; a single
    picture joins the batch before it.

    Args:
        pictures: How many there are, at least 2.
        batch_size: Pictures a step.
        seed: Of the training.

    >>> order = EpochOrder(5, 2, seed=0)
    >>> len(order), sorted(order.rows(0) + order.rows(1))
    (2, [0, 1, 2, 3, 4])
    """

    def __init__(self, pictures: int, batch_size: int, seed: int) -> None:
        self._pictures, self._size, self._seed = pictures, batch_size, seed
        self._drawn: tuple[int, npt.NDArray[Any]] | None = None

    def __len__(self) -> int:
        """Steps an epoch."""
        return max(1, self._pictures // self._size + (self._pictures % self._size > 1))

    def epoch(self, step: int) -> int:
        """The epoch of a step, from 0."""
        return step // len(self)

    def rows(self, step: int) -> list[int]:
        """The pictures of a step."""
        epoch, place = divmod(step, len(self))
        if self._drawn is None or self._drawn[0] != epoch:
            rng = seeds.generator(self._seed, _ORDER, epoch)
            self._drawn = epoch, rng.permutation(self._pictures)
        last = place == len(self) - 1
        found = self._drawn[1][place * self._size : None if last else (place + 1) * self._size]
        return [int(one) for one in found]
