"""Batches of augmented samples: what is asked for, what is made, and what makes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class BatchTask:
    """A batch that is to be made.

    Attributes:
        number: Its number, counted over all epochs from 0.
        epoch: The epoch, from 0.
        place: Its place in the epoch, from 0.
        samples: int64 of shape (n,): which samples of the flow, in order.
        draws_order: Whether Keras draws the epoch's order before what this batch draws, from the
            same stream.
    """

    number: int
    epoch: int
    place: int
    samples: npt.NDArray[np.int64]
    draws_order: bool = False


@dataclass(frozen=True)
class Rejected:
    """An image that cannot be used.

    Attributes:
        sample: Which sample of the flow it is.
        path: Its file.
        reason: Why, in one line.
    """

    sample: int
    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch that was made.

    Attributes:
        task: What was asked for.
        arrays: The images of shape (n, height, width, channels) or as the flow's data format is,
            then what moves with them, as masks.
        samples: int64 of shape (n,): what is in each place, another sample than was asked for
            where an image cannot be used.
        drawn: For each sample, the parameters of its augmentation; empty: none were kept.
        rejected: The images that cannot be used.
    """

    task: BatchTask
    arrays: tuple[npt.NDArray[Any], ...]
    samples: npt.NDArray[np.int64]
    drawn: tuple[Mapping[str, Any], ...] = ()
    rejected: tuple[Rejected, ...] = field(default=())


class BatchMaker(Protocol):
    """Makes batches; it can be pickled, and gives the same bytes in every process."""

    def make(self, task: BatchTask) -> Batch:
        """Makes a batch.

        Raises:
            ImageError: An image cannot be used, and the flow is to stop there.
        """


@runtime_checkable
class WorkerMaker(BatchMaker, Protocol):
    """A maker that does some things otherwise in a process of its own."""

    def in_worker(self, restarted: bool) -> BatchMaker:
        """The same for such a process.

        Args:
            restarted: Whether the process takes the place of one that was killed, maybe by an image
                that it will be given again.
        """


@runtime_checkable
class TellingMaker(BatchMaker, Protocol):
    """A maker that knows more of the images of a batch."""

    def columns(self, batch: Batch) -> Mapping[str, Any]:
        """Columns of n values, as labels, for each image of a batch."""
