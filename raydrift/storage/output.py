"""An output folder as a run finds it: empty, this very run begun or finished, or another's."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from pyarrow import fs

from raydrift.errors import OutputError, reason
from raydrift.paths import StoragePath, redacted
from raydrift.storage import layout
from raydrift.storage.accepted import rows_there, whole_attempts
from raydrift.storage.damage import find_damage
from raydrift.storage.record import (
    FORMAT,
    RAW_PACKAGES,
    RESULT_PACKAGES,
    JobRecord,
    differences,
    is_of_earlier_format,
    load_record,
    other_version,
)
from raydrift.storage.shards import (
    LedgerRow,
    best,
    read_attempts,
    remove_earlier_shards,
    remove_shards,
)
from raydrift.storage.views import identity_of_view


@contextmanager
def made_folder(output: StoragePath) -> Iterator[None]:
    """Makes an output folder, if it is not there, for what is done in it.

    What was made, and is still empty at the end, is taken away again: so nothing is left where a
    run was refused.

    Raises:
        OutputError: It is a file, or cannot be made.
    """
    made = make_folder(output)
    try:
        yield
    finally:
        for folder in made:
            folder.delete_if_empty()


def make_folder(output: StoragePath) -> list[StoragePath]:
    """Makes an output folder, if it is not there.

    Returns:
        The folders that were made, as ``StoragePath.create``.

    Raises:
        OutputError: It is a file, or cannot be made.
    """
    try:
        if output.info().type == fs.FileType.File:
            raise OutputError(f"output {output} is a file: give a folder")
        return output.create()
    except OSError as error:
        raise OutputError(f"output {output} cannot be made: {redacted(reason(error))}") from None


def find_run(
    output: StoragePath,
    identity: dict[str, Any],
    overwrite: bool,
    tell: Callable[[str], object] = lambda _: None,
    defaults: Callable[..., Mapping[str, Any]] = lambda *_: {},
) -> JobRecord | None:
    """Looks at what is in an output folder.

    Args:
        output: The folder.
        identity: This run's identity.
        overwrite: Whether another run may be replaced.
        defaults: What settings are that one of two identities lacks, which it is given.
        tell: Is told, in one line, why a finished run is not finished any more.

    Returns:
        This very run, begun or finished; None where there is nothing of it.

    Raises:
        OutputError: Another run is there and may not be overwritten.
    """
    entries = output.entries()
    _check_kinds(output, entries)
    names = {info.base_name: info.size for info in entries if info.type == fs.FileType.File}
    try:
        found = load_record(output)
    except OutputError:
        if not overwrite:
            raise
        found = None
    differs = _differs(found, identity, defaults) if found else []
    if not overwrite and found is None:
        folders = {info.base_name for info in entries} - names.keys()
        for code in identity.get("views", ()):
            if (name := layout.view_folder(code)) in folders:
                find_run(output / name, identity_of_view(identity, code), overwrite)
    if found is not None and not differs:
        return _usable(output, found, names, overwrite, tell)
    if overwrite:
        return None
    if differs:
        raise OutputError(
            f"output {output} holds another run ({'; '.join(differs)}): "
            "choose another output, or replace it with --overwrite"
        )
    held = sorted(name for name in names if layout.is_result(name))
    if held:
        raise OutputError(
            f"output {output} holds {held[0]} of another origin: "
            "choose another output, or replace it with --overwrite"
        )
    return None


def check_is_free(output: StoragePath, overwrite: bool) -> None:
    """Makes sure that an output folder has no run, before a long work that has none yet.

    Raises:
        OutputError: There is one, or results of another origin, and may not be overwritten.
    """
    find_run(output, {}, overwrite)


def _differs(
    found: JobRecord, identity: dict[str, Any], defaults: Callable[..., Mapping[str, Any]]
) -> list[str]:
    if found.format != FORMAT:  # its identity is put together in another way
        return ["of an earlier version of raydrift"]
    return differences(found.identity, identity, defaults(found.identity, identity))


def _check_kinds(output: StoragePath, entries: Iterable[fs.FileInfo]) -> None:
    """Raises OutputError where a folder has the name of a file of ours, or the other way round."""
    for info in entries:
        kind = "folder" if info.type == fs.FileType.Directory else "file"
        name = info.base_name
        ours = "folder" if name == layout.SHARDS else "file"
        if (layout.is_result(name) or name in (layout.RUN, layout.SHARDS)) and kind != ours:
            raise OutputError(
                f"{output / info.base_name} is a {kind} of another origin: "
                "choose another output, or move it away"
            )


def _usable(
    output: StoragePath,
    found: JobRecord,
    names: dict[str, int],
    overwrite: bool,
    tell: Callable[[str], object],
) -> JobRecord | None:
    """This very run; a finished one that has lost something is one that has begun.

    Then what is left of its files stays until others take their place, and the shards that were
    kept are merged again.
    """
    if found.status == "complete":
        damage = find_damage(output, found, names)
        if not damage:
            return found
        if overwrite:
            return None
        tell(f"{output} was complete, but {'; '.join(damage)}: what is missing is made again")
        found.status = "running"
        if not rows_there(output, found):
            return found
    other = _other_version(found)
    if other is None:
        return found
    if overwrite:
        return None
    raise OutputError(
        f"shards were made with {other}: finish them with the same versions, "
        "or begin again with --overwrite"
    )


def _other_version(found: JobRecord) -> str | None:
    used = [name for name in RESULT_PACKAGES if name != "torch" or found.has_embeddings]
    if found.is_raw:
        used += RAW_PACKAGES
    return other_version(used, found.versions)


def can_make_some_again(output: StoragePath, record: JobRecord) -> bool:
    """Whether some shards of a finished run can be made again: the others are still there."""
    there = read_attempts(output, record.fingerprint)
    return bool(there) and _other_version(record) is None


def whole_shards(output: StoragePath, record: JobRecord, checked: bool) -> dict[int, LedgerRow]:
    """The shards of a run that are there and whole, of several attempts at one the best.

    Args:
        output: The run's folder.
        record: The run's record.
        checked: Whether all bytes are read to find the altered ones; the merge does that too.
    """
    return best(whole_attempts(output, record, checked))


def clear(output: StoragePath, overwrite: bool, views: Iterable[str] = ()) -> None:
    """Deletes what runs wrote to an output folder, and nothing else.

    Args:
        output: The folder.
        overwrite: Whether results go that no run of this version is known to have written.
        views: Also of these views, whose folders are in it, beside those of the run that is there.
    """
    with suppress(OutputError):
        found = load_record(output)
        views = {*views, *(found.views if found else ())}
    folders = {info.base_name for info in output.entries() if not info.is_file}
    for name in folders & {layout.view_folder(code) for code in views}:
        clear(output / name, overwrite)
        (output / name).delete_if_empty()
    there = output.names()
    results: Iterable[str] = filter(layout.is_result, there)
    if is_of_earlier_format(output):
        remove_earlier_shards(output)
    if not overwrite:
        record = load_record(output)
        results = record.files if record else ()
    output.delete_files([name for name in (*results, layout.RUN) if name in there])
    remove_shards(output)


@contextmanager
def failing_as_output(output: StoragePath) -> Iterator[None]:
    """Says of a filesystem's errors that it was the output, and how to go on."""
    try:
        yield
    except OSError as error:
        raise OutputError(cannot_write(output, error)) from error


def cannot_write(output: StoragePath, error: OSError) -> str:
    """The one line about an output that cannot be written."""
    return (
        f"output {output} cannot be written: {redacted(reason(error))}: "
        "what is finished is kept, the same command goes on"
    )
