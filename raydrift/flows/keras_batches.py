"""A flow's epochs as data that ``model.fit`` of Keras takes."""

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError, suggest
from raydrift.flows.keras_there import begin_keras_base, with_keras_base

if TYPE_CHECKING:
    from raydrift.flows.flow_batch import FlowBatch
    from raydrift.flows.part import FlowPart

INT: Final = "int"
CATEGORICAL: Final = "categorical"

Pair = tuple[npt.NDArray[np.float32], npt.NDArray[Any]]


def keras_batches(part: "FlowPart", label_mode: str, rescale: float) -> "KerasBatches":
    """A part's epochs for Keras; of the imported Keras' class of data, if one was imported.

    Raises:
        SettingsError: There is no such label mode.
    """
    if label_mode not in (INT, CATEGORICAL):
        words = suggest(str(label_mode), (INT, CATEGORICAL))
        raise SettingsError(f"label_mode is {label_mode!r}: {words}")
    cls: type[KerasBatches] = with_keras_base(KerasBatches)
    return cls(part, label_mode, rescale)


class KerasBatches:
    """Batch i of the current epoch, whatever is asked for first: images float32, and labels.

    Keras moves it on at the end of each epoch. Before the first one it looks at a batch and says
    that an epoch ended: an epoch of which one batch was read is not over.
    """

    def __init__(self, part: "FlowPart", label_mode: str, rescale: float) -> None:
        begin_keras_base(self)
        self._part, self._mode, self._rescale = part, label_mode, np.float32(rescale)
        self._running: Any = None
        self._next = 0
        self._read: set[int] = set()
        self._first: Pair | None = None
        self.epoch = 0

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self._part)

    def __getitem__(self, index: int) -> Pair:
        """Batch ``index`` of the current epoch; the next one comes from the running epoch."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index}: an epoch has {len(self)}, the first is 0")
        self._read.add(index)
        if index == 0 and self._first is not None:
            return self._first
        if index != self._next or (self._running is None and index):
            return self._alone(index)
        if self._running is None:
            self._running = self._part.numpy(self.epoch)
        pair = self._pair(next(self._running))
        self._next += 1
        if index == 0:
            self._first = pair
        return pair

    def on_epoch_end(self) -> None:
        """Begins the next epoch, if more than one batch of this one was read, or all."""
        if len(self._read) > 1 or len(self._read) == len(self):
            self.set_epoch(self.epoch + 1)

    def set_epoch(self, epoch: int) -> None:
        """Begins an epoch."""
        finished = self._running is not None and next(self._running, None) is None
        if self._running is not None and not finished:
            self._running.close()
        self._running, self._next, self._first = None, 0, None
        self._read.clear()
        self.epoch = epoch

    def _alone(self, index: int) -> Pair:
        """A batch that is not the next one: made by this process, the same."""
        (task,) = islice(self._part.tasks(self.epoch), index, index + 1)
        return self._pair(self._part.given(self._part.maker.make(task)))

    def _pair(self, batch: "FlowBatch") -> Pair:
        images = batch.images.astype(np.float32)
        if self._rescale != 1:
            images *= self._rescale
        if self._mode == INT:
            return images, batch.labels
        values = sorted(set(self._part.catalog.labels.values()))
        return images, (batch.labels[:, None] == np.array(values)).astype(np.float32)
