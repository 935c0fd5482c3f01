"""Batches of a flow on Ray Data: the source of tasks, the stage that makes them, the way back."""

import pickle
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import pyarrow as pa
from ray import cloudpickle

from raydrift.augment.batches import Batch, BatchMaker, BatchTask, Rejected, WorkerMaker
from raydrift.engine.data.restarted import was_restarted
from raydrift.engine.data.rows import Array, array_of, as_row, table_of, with_array
from raydrift.engine.data.shipping import fetched
from raydrift.errors import PipelineError, RaydriftError, reason

_ERROR: Final = "error"
_RAISED: Final = "raised"
_ARRAYS: Final = "arrays"
_WANTED: Final = "wanted"
_BATCH: Final = "batch"
_TASK: Final = ("number", "epoch", "place", "draws_order")


@dataclass(frozen=True)
class FlowSource:
    """The batches that are to be made, as rows; there may be no end of them.

    Attributes:
        tasks: Gives them, in order.
    """

    tasks: Callable[[], Iterator[BatchTask]]

    def __iter__(self) -> Iterator[pa.Table]:
        """A table for each batch."""
        for task in self.tasks():
            count = len(task.samples)
            told = {name: pa.array([getattr(task, name)] * max(count, 1)) for name in _TASK}
            samples = pa.array(task.samples) if count else pa.nulls(1, pa.int64())
            yield pa.table({**told, "sample": samples})


class FlowStage:
    """Makes batches.

    Whole numbers from 0 to 255 go back as bytes, whatever dtype they are to have. What the maker
    raises goes back with its type: the flow raises the same in every process.
    """

    def __init__(self, maker: Any) -> None:
        self._reference = maker
        self._maker: BatchMaker | None = None
        cv2.setNumThreads(1)  # every core has a worker

    def __call__(self, row: pa.Table) -> pa.Table:
        try:
            if self._maker is None:  # in the constructor its failure would be Ray's
                self._maker = loaded_maker(self._reference)
            return _batch_row(self._maker.make(task_of(row)))
        except Exception as error:
            return pa.table({_ERROR: [_pickled(error)], _RAISED: [traceback.format_exc()]})


def batch_of(row: pa.Table) -> Batch:
    """The batch of a row that came back.

    Returns:
        The batch; its arrays are read-only where they are the object store's own memory.

    Raises:
        Exception: What its maker raised.
    """
    if _ERROR in row.column_names:
        error: Exception = pickle.loads(row[_ERROR][0].as_py())  # noqa: S301  (our own worker's)
        if not isinstance(error, RaydriftError):
            error.add_note(f"On a worker:\n{row[_RAISED][0].as_py()}")
        raise error
    arrays = []
    for place, wanted in enumerate(row[_WANTED][0].as_py()):
        found = array_of(row, f"{_ARRAYS}{place}")
        arrays.append(found.astype(wanted, copy=False))
    samples, drawn, rejected = pickle.loads(row[_BATCH][0].as_py())  # noqa: S301  (likewise)
    return Batch(task_of(row), tuple(arrays), samples, drawn, rejected)


def loaded_maker(reference: Any) -> BatchMaker:
    """The maker of a reference that a stage was given, for this process.

    Raises:
        PipelineError: A function of the user's is in a module that is not here.
    """
    try:
        maker: BatchMaker = fetched(reference)
        if isinstance(maker, WorkerMaker):
            maker = maker.in_worker(was_restarted())
    except (ImportError, AttributeError) as error:
        raise PipelineError(
            f"a worker cannot load a function of the flow: {reason(error)}: define it in the "
            "script or notebook, or install its module, or give the flow workers=0"
        ) from error
    return maker


def task_of(row: pa.Table) -> BatchTask:
    """The task of a row that ``FlowSource`` gave, or of one that came back."""
    table = table_of(row)
    number, epoch, place, draws_order = (table[name][0].as_py() for name in _TASK)
    samples = table["sample"].drop_null().to_numpy().astype(np.int64)
    return BatchTask(number, epoch, place, samples, draws_order)


def _batch_row(batch: Batch) -> pa.Table:
    task = next(iter(FlowSource(lambda: iter([batch.task]))))
    row = as_row(task)
    rejected: tuple[Rejected, ...] = batch.rejected
    beside = pickle.dumps((batch.samples, batch.drawn, rejected))
    row = row.append_column(_BATCH, pa.array([beside], pa.large_binary()))
    wanted = [array.dtype.str for array in batch.arrays]
    row = row.append_column(_WANTED, pa.array([wanted], pa.list_(pa.string())))
    for place, array in enumerate(batch.arrays):
        row = with_array(row, f"{_ARRAYS}{place}", _as_bytes(np.ascontiguousarray(array)))
    return row


def _as_bytes(array: Array) -> Array:
    """The same numbers as uint8 where that loses no bit of any of them, as a -0.0 would."""
    if array.dtype != np.float32 or not array.size:
        return array
    if not _are_bytes(array.reshape(-1)[:64]):  # nearly always tells
        return array
    return array.astype(np.uint8) if _are_bytes(array) else array


def _are_bytes(array: Array) -> bool:
    if not (array.min() >= 0 and array.max() <= 255):
        return False
    back = array.astype(np.uint8).astype(np.float32)
    return bool(np.array_equal(back.view(np.uint32), array.view(np.uint32)))


def _pickled(error: Exception) -> bytes:
    try:
        data: bytes = cloudpickle.dumps(error)
        pickle.loads(data)  # noqa: S301  (an exception may not come back from what it was made to)
    except Exception:
        data = cloudpickle.dumps(PipelineError(f"a batch could not be made: {reason(error)}"))
    return data
