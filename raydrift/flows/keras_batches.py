"""The epochs of a flow as data for ``model.fit`` of Keras."""

from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.errors import SettingsError, suggest
from raydrift.flows.epochs import EpochCounter
from raydrift.flows.keras_there import RANDOM_ORDER, begin_keras_base, with_keras_base
from raydrift.warned import warn

if TYPE_CHECKING:
    from raydrift.flows.flow_batch import FlowBatch
    from raydrift.flows.part import FlowPart

INT: Final = "int"
CATEGORICAL: Final = "categorical"
MASK: Final = "mask"
LABEL_MODES: Final = (INT, CATEGORICAL, MASK)

Pair = tuple[npt.NDArray[np.float32], npt.NDArray[Any]]


def keras_batches(part: "FlowPart", label_mode: str, rescale: float) -> "KerasBatches":
    """A part's epochs for the imported Keras.

    Raises:
        SettingsError: There is no such label mode, the flow has no masks, or Keras was not
            imported.
    """
    if label_mode not in LABEL_MODES:
        words = suggest(str(label_mode), LABEL_MODES)
        raise SettingsError(f"label_mode is {label_mode!r}: {words}")
    if label_mode == MASK and part.catalog.masks is None:
        raise SettingsError("label_mode is 'mask', and the flow has none: give it masks=FOLDER")
    cls: type[KerasBatches] = with_keras_base(KerasBatches)
    if cls is KerasBatches:
        raise SettingsError("Keras was not imported: import keras, then call keras()")
    return cls(part, label_mode, rescale)


class KerasBatches:
    """Batch i of the current epoch, whatever is asked for first: images float32, and labels.

    Give ``model.fit`` ``shuffle=False``: the batches then come from the workers, in order. The
    images of an epoch are in an order of their own anyway. Batches that are asked for in another
    order are the same, and this process makes them.

    Keras moves it on at the end of each epoch, up to the last one that the flow has. Before the
    first one it looks at a batch and says that an epoch ended: that does not count.
    """

    def __init__(self, part: "FlowPart", label_mode: str, rescale: float) -> None:
        begin_keras_base(self)
        self._part, self._mode, self._rescale = part, label_mode, np.float32(rescale)
        self._lock = RLock()
        self._running: Any = None
        self._next = 0
        self._order: npt.NDArray[np.int64] | None = None
        self._first: Pair | None = None
        self._warned = False
        self._epochs = EpochCounter(part.begin_anew())
        self._values = np.array(sorted(set(part.catalog.labels.values())))

    @property
    def epoch(self) -> int:
        """The current epoch, from 0."""
        return self._epochs.epoch

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self._part)

    def __getitem__(self, index: int) -> Pair:
        """Batch ``index`` of the current epoch; the next one comes from the running epoch."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index}: an epoch has {len(self)}, the first is 0")
        with self._lock:
            self._epochs.read()
            if index == 0 and self._first is not None:
                return self._first
            if index == self._next:
                if self._running is None:
                    self._running = self._part.numpy(self.epoch)
                batch = next(self._running)
                self._next += 1
                if index == 0:
                    self._first = self._pair(batch)
                    return self._first
                return self._pair(batch)
        return self._pair(self._alone(index))

    def on_epoch_begin(self) -> None:
        """Keras 3 begins an epoch."""
        self._epochs.begin()

    def on_epoch_end(self) -> None:
        """Begins the next epoch, unless Keras only looked at a batch, see ``EpochCounter``."""
        with self._lock:
            if self._epochs.end(len(self)):
                last = self._part.epochs
                self._epochs.epoch = self.epoch if last is None else min(self.epoch, last - 1)
                self._begin()

    def set_epoch(self, epoch: int) -> None:
        """Begins an epoch.

        Raises:
            SettingsError: There is no such epoch.
        """
        self._part.check_epoch(epoch)
        with self._lock:
            self._epochs.set(epoch)
            self._begin()

    def _begin(self) -> None:
        running, self._running = self._running, None
        if running is not None and next(running, None) is not None:
            running.close()
        self._next, self._first, self._order = 0, None, None

    def _alone(self, index: int) -> "FlowBatch":
        """A batch that is not the next one: made by this process, the same."""
        part = self._part
        with self._lock:
            if not self._warned and part.has_workers:
                self._warned = True
                warn(RANDOM_ORDER)
            if self._order is None:
                self._order = part.order_of(self.epoch)
            order = self._order
        return part.batch(self.epoch, index, order)

    def _pair(self, batch: "FlowBatch") -> Pair:
        images = batch.images.astype(np.float32)
        if self._rescale != 1:
            images *= self._rescale
        if self._mode == INT:
            return images, batch.labels
        if self._mode == MASK:
            return images, np.asarray(batch.masks)
        return images, (batch.labels[:, None] == self._values).astype(np.float32)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves out what belongs to this process."""
        return {**self.__dict__, "_lock": None, "_running": None, "_next": 0}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begins here what belongs to a process."""
        self.__dict__.update(state)
        self._lock = RLock()
