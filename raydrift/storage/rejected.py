"""The images of a run that could not be used: their table, and how many of them are too many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Final

import pyarrow as pa

from raydrift import schemas
from raydrift.errors import RejectedError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.parallel_map import in_threads
from raydrift.storage.shards import LedgerRow, Rejected, read_rejected
from raydrift.storage.tables import HashingSink, TableSink
from raydrift.text import plural

_READERS: Final = 16


def write_rejected(output: StoragePath, rows: Iterable[LedgerRow]) -> dict[str, int | str]:
    """Writes ``rejected.parquet`` from the ledger entries of the shards; returns its facts.

    A few entries are in memory at a time.
    """
    with (output / layout.REJECTED).writing() as file:
        sink = HashingSink(file)
        with (
            TableSink(sink, schemas.REJECTED) as writer,
            closing(_rejected_of(output, rows)) as lists,
        ):
            for images in lists:
                plain = [vars(one) for one in images]
                writer.add(pa.Table.from_pylist(plain, schema=schemas.REJECTED))
    return sink.facts


def check_share(output: StoragePath, rows: Sequence[LedgerRow], max_rejected: float) -> None:
    """Makes sure that not too many images of a run were rejected; else they are written down.

    Raises:
        RejectedError: They are more than this share of all.
    """
    rejected, asked = sum(row.rejected for row in rows), sum(row.asked for row in rows)
    if rejected <= max_rejected * asked:
        return
    write_rejected(output, rows)
    unread = sum(row.unread for row in rows)
    again = (
        f"{unread} of them could not be read, the same generate command looks for them again; "
        if unread
        else ""
    )
    raise RejectedError(
        f"{rejected} of {plural(asked, 'image')} cannot be used, more than --max-rejected "
        f"{max_rejected:g} (first: {_first(rows)}): see {output / layout.REJECTED}; {again}"
        "the shards are kept, generate with a higher limit or raydrift finalize --accept-rejected "
        "finishes with the rest"
    )


def check_before_merge_alone(
    output: StoragePath, rows: Sequence[LedgerRow], faults: Mapping[str, Any]
) -> None:
    """Makes sure that a merge without its run takes nothing that the run would not have taken.

    Args:
        output: The run's folder.
        rows: The ledger rows of all its shards.
        faults: The run's ``FaultSettings``, as ``run.json`` has them.

    Raises:
        RejectedError: Too many images were rejected, or some could not be read, which the run
            would look for once more.
    """
    anyway = "or finish without them by raydrift finalize --accept-rejected"
    if faults["on_error"] == "fail" and any(row.rejected for row in rows):
        raise RejectedError(
            f"{_first(rows)}: the run is to stop at images that cannot be used: give the same "
            f"generate command with --on-error skip, {anyway}"
        )
    check_share(output, rows, faults["max_rejected"])
    unread = sum(row.unread for row in rows)
    if unread:
        entry = read_rejected(output, next(row for row in rows if row.unread))
        raise RejectedError(
            f"{unread} of {sum(row.asked for row in rows)} images could not be read "
            f"(first: {next(unread_paths(entry))}): run the same generate command again, it reads "
            f"those that are there by now, {anyway}"
        )


def unread_paths(images: Iterable[Rejected]) -> Iterator[str]:
    """The paths of rejected images that could not be read, which may be there another time."""
    return (one.path for one in images if one.stage == "read")


def _rejected_of(output: StoragePath, rows: Iterable[LedgerRow]) -> Any:
    return in_threads(partial(read_rejected, output), (r for r in rows if r.rejected), _READERS)


def _first(rows: Iterable[LedgerRow]) -> str:
    return next(row.first_rejected for row in rows if row.rejected)
