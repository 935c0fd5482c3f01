"""The base of all iterators: which batch comes next, and in which epoch."""

import secrets
import threading
from collections.abc import Iterator as Yields
from dataclasses import replace
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.augment.batches import BatchTask
from raydrift.errors import SettingsError
from raydrift.flows.drawing import drawing_from, state_of_batch, task_at_work
from raydrift.flows.epochs import EpochCounter
from raydrift.flows.flow_checks import checked_batch_size
from raydrift.flows.keras_there import begin_keras_base, with_keras_base
from raydrift.flows.order import KERAS
from raydrift.flows.served import Served

_OF_KERAS: Final = {"workers", "use_multiprocessing", "max_queue_size"}


class Iterator(Served):
    """Batches of a flow, epoch after epoch.

    ``next(flow)`` and a ``for`` loop give batches without an end. ``len(flow)`` is how many an
    epoch has, and ``flow[i]`` is batch i of the current epoch: always the same one, whatever was
    asked for before; ``flow[-1]`` is the last one, as of a list. ``flow.on_epoch_end()`` moves on
    to the next epoch, ``flow.set_epoch(n)`` to any; ``next`` moves on by itself. With
    ``draws="keras"``, ``flow[i]`` depends on how many batches were given before, as in Keras.

    Where Keras was imported before the flow is made, the flow is a ``keras.utils.PyDataset`` (of
    older versions and of tf_keras a ``Sequence``), and ``model.fit(flow)`` takes it. For a flow
    that is older than the import, call ``flow.for_keras()``. Keras 3 looks at one batch and calls
    ``on_epoch_end`` before it trains: that moves nothing. ``model.fit(flow, shuffle=False)`` reads
    the batches in order, which is how workers make them; the flow shuffles by itself.

    A subclass has ``_get_batches_of_transformed_samples(index_array)``, which returns the batch of
    these samples. A subclass of yours is asked in this process.

    Attributes:
        n: Samples an epoch.
        batch_size: Samples a batch; the last batch of an epoch is smaller.
        shuffle: Whether each epoch has an order of its own.
        seed: As it was given.
        flow_seed: What everything is drawn by: the seed, or one of the system's where it is None.
        batch_index: The place in its epoch of the batch that ``next`` gives.
        total_batches_seen: How many batches were given.
        index_array: int64 of shape (n,): the order of the current epoch; None before the first.
        index_generator: Gives the samples of one batch after another; ``next`` takes from it.
        lock: Held while it is decided which batch is next.
        rejected: The images that could not be used, one for a file.
        info: What the batch given last is made of.

    Args:
        n: Samples an epoch.
        batch_size: Samples a batch.
        shuffle: Whether each epoch has an order of its own.
        seed: 0 to 2^64 - 1, with Keras' draws to 2^32 - 1; None: another one each time.
        **kwargs: For Keras' class: workers, use_multiprocessing, max_queue_size.
    """

    white_list_formats: Any = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """An object that the imported Keras takes."""
        made: Self = object.__new__(with_keras_base(cls))
        return made

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: Any, **kwargs: Any) -> None:
        unknown = ", ".join(sorted(kwargs.keys() - _OF_KERAS))
        if unknown:
            raise TypeError(f"{type(self).__name__} has no argument {unknown}")
        begin_keras_base(self, **kwargs)
        self.n = n
        is_empty = n == 0 and batch_size == 0
        self.batch_size = 0 if is_empty else checked_batch_size(batch_size)
        self.seed = seed
        self.flow_seed = self._seed_of(seed)
        self.shuffle = shuffle
        self.batch_index = 0
        self.total_batches_seen = 0
        self.index_array: npt.NDArray[np.int64] | None = None
        self._epochs = EpochCounter()
        self._stepped = False  # whether next() has given a batch of this epoch
        self._ended = False  # whether a loop over this epoch ends
        self._last: BatchTask | None = None
        self._begin_here()

    @property
    def epoch(self) -> int:
        """The current epoch, from 0."""
        return self._epochs.epoch

    def __len__(self) -> int:
        """Batches an epoch."""
        return -(-self.n // self.batch_size) if self.batch_size else 0

    def __iter__(self) -> Self:
        """The flow itself; one whose loops have an end begins an epoch."""
        if not self.flow_options.endless:
            self.batch_index, self._ended = 0, False
        return self

    def __next__(self) -> Any:
        """The next batch."""
        return self.next()

    def next(self) -> Any:
        """The next batch; more than one thread may ask.

        Raises:
            ImageError: An image cannot be used, and ``on_error`` is ``raise``; or none can be.
            StopIteration: The epoch is over, in a flow whose loops have an end; the batch after
                that is the first of the next epoch.
        """
        with self.lock:
            if self._ended or (not self.n and not self.flow_options.endless):
                self._ended = False
                raise StopIteration
            next(self.index_generator)
            task = self._last
            self._ended = self.batch_index == 0 and not self.flow_options.endless
        return None if task is None else self._serve(task, indexed=False)

    def __getitem__(self, idx: int) -> Any:
        """Batch ``idx`` of the current epoch; what ``next`` gives is not moved.

        Raises:
            ValueError: The epoch has no such batch.
        """
        length = len(self)
        if not -length <= idx < length:
            raise ValueError(
                f"Asked to retrieve element {idx}, but the Sequence has length {length}"
            )
        with self.lock:
            first = self.index_array is None
            if first:
                self._set_index_array()
            task = self._task(int(idx) % length)
            if task.draws_order != first and self.flow_options.draws == KERAS:
                task = replace(task, draws_order=first and bool(self.shuffle))
            self._seen(task)
        return self._serve(task, indexed=True)

    def on_epoch_begin(self) -> None:
        """Keras 3 begins an epoch."""
        self._epochs.begin()

    def on_epoch_end(self) -> None:
        """Moves on to the next epoch, unless none of its batches was asked for.

        The look that Keras takes at a batch before it trains ends no epoch either, see
        ``EpochCounter``. Keras' draws are Keras': they always draw another order.
        """
        with self.lock:
            if self.flow_options.draws == KERAS:
                self.index_array = self._order_of_keras()
            elif self._epochs.end(len(self)):
                self._begin(self.epoch)

    def set_epoch(self, epoch: int) -> None:
        """Begins an epoch, whichever was the current one.

        Args:
            epoch: The epoch, from 0.
        """
        if epoch < 0:
            raise SettingsError(f"epoch is {epoch}: epochs are counted from 0")
        with self.lock:
            self.batch_index = 0
            self._epochs.set(epoch)
            if self.flow_options.draws == KERAS:
                self.total_batches_seen = epoch * len(self)
            self._begin(epoch)

    def reset(self) -> None:
        """Goes back to the first place: ``next`` begins an epoch, as in Keras the one after."""
        self.batch_index = 0

    def _begin_here(self) -> None:
        self.lock = threading.RLock()
        self.index_generator = self._flow_index()

    def _begin(self, epoch: int) -> None:
        self._epochs.epoch, self._stepped = epoch, False
        self._set_index_array()

    def _set_index_array(self) -> None:
        """Sets the order of the current epoch; a subclass may set another one."""
        self.index_array = self._order().permutation(self.epoch, self.total_batches_seen)

    def _flow_index(self) -> Yields[npt.NDArray[np.int64]]:
        """The samples of each batch that comes next, without an end."""
        while True:
            if self.batch_index == 0:
                self._begin(self.epoch + self._stepped)
            task = self._task(self.batch_index)
            self._seen(task)
            self._stepped = True
            more = (self.batch_index + 1) * self.batch_size < self.n
            self.batch_index = self.batch_index + 1 if more else 0
            yield task.samples

    def _seen(self, task: BatchTask) -> None:
        self._last = task
        self._epochs.read()
        self.total_batches_seen += 1

    def _task(self, place: int) -> BatchTask:
        if self.index_array is None:
            self._set_index_array()
        index_array = np.asarray(self.index_array)
        return self._order().task(index_array, self.epoch, place, self.total_batches_seen)

    def _get_batches_of_transformed_samples(self, index_array: npt.NDArray[np.int64]) -> Any:
        """The batch of these samples, in the current epoch.

        Args:
            index_array: int64 of shape (n,): samples of the flow.
        """
        maker = self._maker()
        if maker is None:
            raise NotImplementedError(f"{type(self).__name__} does not say what its batches are")
        return self._given(maker.make(self._task_of(index_array)))

    def _task_of(self, index_array: npt.NDArray[np.int64]) -> BatchTask:
        task = task_at_work() or self._last
        if task is None:
            task = BatchTask(self.total_batches_seen, self.epoch, 0, np.zeros(0, np.int64))
        if task.samples is index_array:
            return task
        return replace(task, samples=np.asarray(index_array, np.int64))

    def _order_of_keras(self) -> npt.NDArray[np.int64]:
        """The order that Keras draws at an epoch's end: after what its last batch drew."""
        if not self.shuffle:
            return np.arange(self.n)
        task = self._last
        if task is None:
            return self._order().permutation(self.epoch, self.total_batches_seen)
        rng = state_of_batch(KERAS, self.flow_seed, task, self.n)
        if self.image_data_generator is not None:
            with drawing_from(rng):
                for _ in task.samples:
                    self.image_data_generator.get_random_transform(self._shape())
        return rng.permutation(self.n)

    def _shape(self) -> tuple[int | None, ...]:
        """The shape of an image, of whose size shifts are shares."""
        raise NotImplementedError

    def _seed_of(self, seed: Any) -> int:
        draws = self.flow_options.draws
        if seed is None:
            return secrets.randbelow(2**31)
        checked = seeds.check_seed(seed)
        if draws == KERAS and checked >= 2**32:
            raise SettingsError(f"seed is {checked}: Keras' draws take one below 2^32")
        return checked
