"""What is measured: a batch of originals, and their drifted copies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.schedules.schedule import Schedule
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import Rejected
from raydrift.transforms import TransformInfo

Embeddings = npt.NDArray[np.float64]
"""float64 of shape (n, 512)."""

Chain = tuple[TransformInfo, ...]
"""Transforms in the order in which they are applied."""


@dataclass(frozen=True)
class LevelBatch:
    """The embeddings of one batch: of its images as they are, and drifted by each chain.

    Row i of all of them is sample i.

    Attributes:
        batch: Its number, from 0.
        sample_ids: Its n samples; images that cannot be used are left out.
        labels: The labels of the samples.
        class_names: The class names of the samples.
        originals: float64 of shape (n, 512).
        drifted: One float64 array of shape (n, 512) a chain, in the chains' order.
        rejected: The images that cannot be used.
        remarks: On those that can.
        started: When its worker began with it, seconds since 1970.
    """

    batch: int
    sample_ids: tuple[int, ...]
    labels: tuple[int, ...]
    class_names: tuple[str, ...]
    originals: Embeddings
    drifted: tuple[Embeddings, ...]
    rejected: tuple[Rejected, ...] = ()
    remarks: tuple[Remark, ...] = ()
    started: float = 0.0


@dataclass(frozen=True)
class MeasureJob:
    """What a worker that measures is told.

    Attributes:
        schedules: Each makes a copy of every image.
        measure: What the worker makes of a batch before it goes to the driver; its result has to
            be picklable.
    """

    schedules: tuple[Schedule, ...]
    measure: Callable[[LevelBatch], Any]
