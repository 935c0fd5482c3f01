"""Drifted samples on their way to a consumer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from raydrift.images.pixels import RGB


@dataclass(frozen=True)
class DriftedBatch:
    """Some drifted samples in the order of the run; row i of all of them is sample i.

    Attributes:
        images: uint8 of shape (n, height, width, 3), red first; read-only.
        labels: int64 of shape (n,).
        class_names: The class names of the samples.
        sample_ids: int64 of shape (n,).
        timestamps: float64 of shape (n,), seconds since 1970.
        drifted: bool of shape (n,): whether anything was done to a sample.
        levels: float64 of shape (n,): the largest level in force on a sample, 0 to 1.
    """

    images: RGB
    labels: npt.NDArray[np.int64]
    class_names: tuple[str, ...]
    sample_ids: npt.NDArray[np.int64]
    timestamps: npt.NDArray[np.float64]
    drifted: npt.NDArray[np.bool_]
    levels: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """How many samples it has."""
        return len(self.sample_ids)
