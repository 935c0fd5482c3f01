"""Pictures in several mapped files, taken by their numbers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from raydrift.gan.trainer import Pixels

Rows = npt.NDArray[np.int64]


class MappedPictures:
    """Some of the pictures of several parts, as ``gan.trainer.Pictures``.

    Args:
        parts: uint8 of shape (n, height, width, channels) each, at least one.
        rows: Which of all their pictures; None: all.
    """

    def __init__(self, parts: Sequence[Pixels], rows: Rows | None = None) -> None:
        self._parts = list(parts)
        self._ends = np.cumsum([len(part) for part in self._parts])
        self._rows = np.arange(self._ends[-1]) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, indices: Rows) -> Pixels:
        """Copies of some of them, uint8 of shape (n, height, width, channels)."""
        rows = self._rows[indices]
        parts = np.searchsorted(self._ends, rows, side="right")
        taken = np.empty((len(rows), *self._parts[0].shape[1:]), np.uint8)
        for place, (row, part) in enumerate(zip(rows.tolist(), parts.tolist(), strict=True)):
            own = self._parts[part]
            taken[place] = own[row - int(self._ends[part]) + len(own)]
        return taken

    def of(self, rows: Rows) -> "MappedPictures":
        """Some of these."""
        return MappedPictures(self._parts, self._rows[rows])
