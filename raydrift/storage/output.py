"""An output folder as a run finds it: empty, this very run begun or finished, or another's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyarrow import fs

from raydrift.errors import OutputError, reason
from raydrift.place import Place, redacted
from raydrift.storage import layout
from raydrift.storage.record import (
    RESULT_PACKAGES,
    RunRecord,
    differences,
    load_record,
    other_version,
)
from raydrift.storage.shards import LedgerRow, intact, read_ledger


def make_folder(output: Place) -> None:
    """Makes an output folder, if it is not there.

    Raises:
        OutputError: It is a file, or cannot be made.
    """
    try:
        if output.info().type == fs.FileType.File:
            raise OutputError(f"output {output} is a file: give a folder")
        output.create()
    except OSError as error:
        raise OutputError(f"output {output} cannot be made: {redacted(reason(error))}") from None


def find_run(output: Place, identity: dict[str, Any], overwrite: bool) -> RunRecord | None:
    """Looks at what is in an output folder.

    Returns:
        This very run, begun or finished; None where there is nothing of it.

    Raises:
        OutputError: Another run is there and may not be overwritten.
    """
    names = output.names()
    try:
        found = load_record(output)
    except OutputError:
        if not overwrite:
            raise
        found = None
    differs = differences(found.identity, identity) if found else []
    if found is not None and not differs:
        return _usable(found, names, overwrite)
    if overwrite:
        return None
    if differs:
        raise OutputError(
            f"output {output} holds another run ({'; '.join(differs)}): "
            "choose another output, or replace it with --overwrite"
        )
    held = [name for name in layout.RESULTS if name in names]
    if held:
        raise OutputError(
            f"output {output} holds {held[0]} of another origin: "
            "choose another output, or replace it with --overwrite"
        )
    return None


def _usable(found: RunRecord, names: dict[str, int], overwrite: bool) -> RunRecord | None:
    """This very run, unless a finished one has lost some of its files: then it begins again."""
    if found.status == "complete":
        whole = all(names.get(name) == facts["size"] for name, facts in found.files.items())
        return found if whole else None
    used = (name for name in RESULT_PACKAGES if name != "torch" or found.has_embeddings)
    other = other_version(used, found.versions)
    if other is None:
        return found
    if overwrite:
        return None
    raise OutputError(
        f"shards were made with {other}: finish them with the same versions, "
        "or begin again with --overwrite"
    )


def whole_shards(output: Place, record: RunRecord, checked: bool) -> dict[int, LedgerRow]:
    """The shards of a run that need not be made again.

    Made again are those that are missing or cut off, those with images that could not be read,
    which may be there by now, and the altered ones.

    Args:
        output: The run's folder.
        record: Of the run.
        checked: Whether all bytes are read to find the altered ones; the merge does that too.
    """
    rows = [row for row in read_ledger(output, record.fingerprint).values() if not row.unread]
    return intact(output, rows) if checked else {row.shard: row for row in rows}


def clear(output: Place) -> None:
    """Deletes what a run writes from an output folder, and nothing else."""
    for name in (*layout.RESULTS, layout.RUN, layout.SHARDS):
        (output / name).delete()


@contextmanager
def failing_as_output(output: Place) -> Iterator[None]:
    """Says of a filesystem's errors that it was the output, and how to go on."""
    try:
        yield
    except OSError as error:
        raise OutputError(cannot_write(output, error)) from error


def cannot_write(output: Place, error: OSError) -> str:
    """The one line about an output that cannot be written."""
    return (
        f"output {output} cannot be written: {redacted(reason(error))}: "
        "finished shards are kept, the same command goes on"
    )
