"""How an iterator comes to its batches: in this process, or from Ray."""

import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from raydrift.augment.batches import Batch, BatchMaker, BatchTask, Rejected
from raydrift.flows.consecutive import Consecutive
from raydrift.flows.drawing import at_work_on, drawing_from, state_of_batch
from raydrift.flows.epoch_stream import EpochStream, EpochTasks, Shared
from raydrift.flows.given_batches import given_batch
from raydrift.flows.keras_there import begin_keras_base, plain_class, with_keras_base
from raydrift.flows.made_of import made_of
from raydrift.flows.options import FlowOptions, options_of
from raydrift.flows.order import KERAS, Order
from raydrift.flows.replacing import told_of
from raydrift.flows.stream import Stream
from raydrift.flows.user_functions import ended
from raydrift.settings.flow import SMALLER
from raydrift.warned import warn

_OWN_TO_A_PROCESS: Final = ("lock", "index_generator", "_stream", "_closing", "_made_of")
_FITTED: Final = (
    ("featurewise_center", "mean"),
    ("featurewise_std_normalization", "std"),
    ("zca_whitening", "zca_whitening_matrix"),
)
_MADE_BY: Final = "_get_batches_of_transformed_samples"


@dataclass(frozen=True, eq=False)
class BatchInfo:
    """What a batch is made of.

    Attributes:
        number: Its number over all epochs.
        epoch: Its epoch, from 0.
        place: Its place in the epoch.
        samples: int64 of shape (n,): the place of each image in the flow, as in ``filenames``.
        sample_ids: int64 of shape (n,): the row of each among all images, before they were split.
        paths: The file of each; of arrays, none.
        parameters: What was drawn for each, by Keras' names.
    """

    number: int
    epoch: int
    place: int
    samples: npt.NDArray[np.int64]
    sample_ids: npt.NDArray[np.int64]
    paths: tuple[str, ...]
    parameters: tuple[Mapping[str, Any], ...]


class Served:
    """Serves the batches that an iterator asks for; ``Iterator`` says which come next."""

    image_data_generator: Any = None
    subset: str | None = None
    flow_seed: int
    lock: Any
    n: int
    batch_size: int
    shuffle: bool
    info: BatchInfo | None = None
    """What the batch given last is made of."""

    _in_memory: bool = False
    """The images are an array of this process."""

    _stream: Stream | None = None
    _closing: Callable[[], Any] | None = None
    _made_of: Any = None

    @property
    def rejected(self) -> list[Rejected]:
        """The images that could not be used, with path and reason, one for a file."""
        return list(self.__dict__.setdefault("_rejected", {}).values())

    @property
    def flow_options(self) -> FlowOptions:
        """How the batches are made: what the generator was told."""
        return options_of(self.image_data_generator)

    def close(self) -> None:
        """Ends the work on Ray; a batch that is asked for later begins it again."""
        if self._closing is not None:
            self._closing()
        self._stream = self._closing = None

    def __enter__(self) -> Self:
        """The flow itself; the end of the block closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the flow."""
        self.close()

    def for_keras(self) -> Self:
        """The flow as one that the imported Keras takes, if it was made before the import."""
        self.__class__ = with_keras_base(plain_class(type(self)))
        begin_keras_base(self)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Leaves out the lock and what is at work; the flow goes on where it is."""
        state = {
            name: self.__dict__[name] for name in self.__dict__ if name not in _OWN_TO_A_PROCESS
        }
        return _again, (plain_class(type(self)),), state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begins here what belongs to a process."""
        begin_keras_base(self)
        self.__dict__.update(state)
        self._begin_here()

    def _begin_here(self) -> None:
        """Makes what belongs to this process: the lock."""
        raise NotImplementedError

    def _maker(self) -> BatchMaker | None:
        """What makes the batches in any process; None: only this process can."""
        return None

    @property
    def sample_ids(self) -> npt.NDArray[np.int64]:
        """The row of each sample among all, before they were split."""
        rows: npt.NDArray[np.int64] = self._ids()[np.arange(self.n)]
        return rows

    def _ids(self) -> npt.NDArray[np.int64] | Consecutive:
        """As ``sample_ids``, to be indexed."""
        return Consecutive()

    def _path_of(self, _: int) -> str:
        return ""

    def _order(self) -> Order:
        options = self.flow_options
        last, draws = options.last, options.draws
        return Order(self.n, self.batch_size, self.flow_seed, bool(self.shuffle), draws, last)

    def _serve(self, task: BatchTask, indexed: bool) -> Any:
        """What a batch is, as it is given to the user."""
        batch = None
        maker = self._maker() if self._from_ray(indexed) else None
        if maker is not None:
            batch = self._stream_now(maker, begins=task.place == 0).take(task, indexed)
        return self._made_here(task) if batch is None else self._given(batch)

    def _made_here(self, task: BatchTask) -> Any:
        rng = state_of_batch(self.flow_options.draws, self.flow_seed, task, self.n)
        with at_work_on(task), drawing_from(rng):
            try:
                return getattr(self, _MADE_BY)(task.samples)
            except StopIteration as error:  # of an iterator of the user's class
                raise ended(error) from error

    def _from_ray(self, indexed: bool) -> bool:
        options = self.flow_options
        if indexed and options.draws == KERAS:  # Keras' draws go by who asks first
            return False
        return (
            bool(self._processes())
            and not _is_overridden(self, _MADE_BY)
            and not _is_overridden(self, "_set_index_array")
        )

    def _processes(self) -> int | float:
        is_validation = self.subset == "validation"
        return self.flow_options.processes(self.n, is_validation, self._in_memory)

    def _stream_now(self, maker: BatchMaker, begins: bool) -> Stream:
        """The stream; another one where an epoch begins and the flow is not what it was."""
        with self.lock:
            if begins or self._stream is None:
                made = made_of((maker, self._order(), self._processes()))
                if made != self._made_of:
                    self.close()
                self._made_of = made
            if self._stream is None:
                self._warn_of_what_is_not_known()
                size = self._batch_bytes()
                ahead = self.flow_options.ahead
                self._stream = Stream(maker, self._order(), self._processes(), ahead, size)
                self._closing = weakref.finalize(self, Stream.close, self._stream)
            return self._stream

    def made_once(self, maker: BatchMaker, epoch: int) -> Iterator[Batch]:
        """All batches of an epoch by another maker; the flow is not moved."""
        order = replace(self._order(), shuffle=False, last=SMALLER)
        shared = Shared(self._processes(), self.flow_options.ahead)
        stream = EpochStream(EpochTasks(order, shared), shared, self._batch_bytes())
        return stream.apart(maker, partial(order.epoch, epoch))

    def _warn_of_what_is_not_known(self) -> None:
        """Says here what workers would say where nobody reads it."""
        generator = self.image_data_generator
        for name, found in _FITTED:
            if getattr(generator, name, False) and getattr(generator, found, None) is None:
                warn(
                    f"This ImageDataGenerator specifies `{name}`, but it hasn't been fit on any "
                    "training data. Fit it first by calling `.fit(numpy_data)`."
                )

    def _batch_bytes(self) -> int:
        """The bytes of a batch; 0: not known."""
        return 0

    def _given(self, batch: Batch) -> Any:
        """Turns a batch into what the user is given, and keeps what it tells."""
        self._note(batch)
        task, ids = batch.task, self._ids()[batch.samples]
        paths = tuple(self._path_of(int(sample)) for sample in batch.samples)
        self.info = BatchInfo(
            task.number, task.epoch, task.place, batch.samples, ids, paths, tuple(batch.drawn)
        )
        if not batch.arrays:
            return given_batch(batch)
        arrays = [a if a.flags.writeable else a.copy() for a in batch.arrays]
        return self._yielded(arrays, batch)

    def _yielded(self, arrays: list[npt.NDArray[Any]], batch: Batch) -> Any:
        raise NotImplementedError

    def _note(self, batch: Batch) -> None:
        known = self.__dict__.setdefault("_rejected", {})
        for one in batch.rejected:
            if not known:
                has_labels = getattr(self, "class_mode", "") is not None
                warn(told_of(one, has_labels))
            known.setdefault(one.path or one.sample, one)


def _is_overridden(flow: object, method: str) -> bool:
    """Whether a class of the user's has the method."""
    return not getattr(type(flow), method).__module__.startswith("raydrift.")


def _again(cls: Any) -> Any:
    return cls.__new__(cls)
