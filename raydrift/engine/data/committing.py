"""A commit on a worker, and the ledger row that comes back of it."""

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Generic, TypeVar

import pyarrow as pa

from raydrift import schemas
from raydrift.engine.data.failures import FAILURE, MESSAGE, failure_row
from raydrift.errors import OutputError, PipelineError, RaydriftError, reason
from raydrift.paths import StoragePath, retrying
from raydrift.storage.output import cannot_write
from raydrift.storage.shards import LedgerRow, Rejected

_Part = TypeVar("_Part")


def new_row(
    shard: int, fingerprint: str, rejected: Sequence[Rejected], **figures: Any
) -> LedgerRow:
    """The ledger row of a shard that this process made.

    Args:
        shard: Its number.
        fingerprint: The fingerprint of its run.
        rejected: The images that it could not use.
        figures: What else the row has.
    """
    return LedgerRow(
        shard=shard,
        fingerprint=fingerprint,
        rejected=len(rejected),
        unread=sum(one.stage == "read" for one in rejected),
        first_rejected=first_rejected(rejected),
        worker=f"{socket.gethostname()}:{os.getpid()}",
        **figures,
    )


def first_rejected(rejected: Sequence[Rejected]) -> str:
    """The first of some rejected images and why, in one line; empty where there is none."""
    return " ".join(f"{rejected[0].path}: {rejected[0].error}".split()) if rejected else ""


class TimedParts(Generic[_Part]):
    """The parts of a shard, and what their making took.

    Args:
        parts: Each is made when it is asked for.

    Attributes:
        seconds: That were spent on waiting for them so far.
    """

    def __init__(self, parts: Iterable[_Part]) -> None:
        self.seconds = 0.0
        self._parts = iter(parts)

    def __iter__(self) -> Iterator[_Part]:
        """The parts, one by one."""
        while True:
            before = time.perf_counter()
            try:
                part = next(self._parts)
            except StopIteration:
                return
            finally:
                self.seconds += time.perf_counter() - before
            yield part


def committed(output: StoragePath, commit: Callable[[], LedgerRow]) -> pa.Table:
    """Commits a shard; where this machine's disk fails for a moment, once more.

    Args:
        output: The job's folder.
        commit: Makes the shard's files; it may be called twice.

    Returns:
        The ledger row, or why there is none, as a table of one row for the driver.
    """
    call = retrying(soon=True) if output.is_local else _once
    try:
        row = call(commit)
    except RaydriftError as error:
        return failure_row(error)
    except OSError as error:
        return failure_row(OutputError(cannot_write(output, error)))
    table = pa.Table.from_pylist([asdict(row) | {FAILURE: "", MESSAGE: ""}])
    remarks = pa.array([[asdict(remark) for remark in row.remarks]], schemas.REMARKS)
    return table.set_column(table.schema.get_field_index("remarks"), "remarks", remarks)


@contextmanager
def failing_as_worker() -> Iterator[None]:
    """Says of a filesystem's errors that they have nothing to do with the output."""
    try:
        yield
    except OSError as error:
        raise PipelineError(f"a worker failed: {type(error).__name__}: {reason(error)}") from error


def _once(work: Callable[[], LedgerRow]) -> LedgerRow:
    return work()
