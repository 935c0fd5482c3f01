"""The finisher of each setting ``write.container``."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.settings.output import OutputSettings
from raydrift.storage import layout
from raydrift.storage.accepted import rows_there
from raydrift.storage.finishers.finisher import Finisher
from raydrift.storage.finishers.tables_alone import TablesAlone
from raydrift.storage.finishers.webdataset import TAR_BYTES, WebDataset
from raydrift.storage.finishers.zips import ZIP_BYTES, OneZip, SeveralZips
from raydrift.storage.record import JobRecord

FINISHERS: Final[Mapping[str, Callable[[int | None], Finisher]]] = {
    "zip": lambda _: OneZip(),
    "zips": lambda file_bytes: SeveralZips(file_bytes or ZIP_BYTES),
    "webdataset": lambda file_bytes: WebDataset(file_bytes or TAR_BYTES),
    "tables": lambda _: TablesAlone(),
}
"""By the name that settings give; each takes the bytes of a file, None for its default."""


def finisher_for(write: OutputSettings) -> Finisher:
    """The finisher that settings ask for."""
    return FINISHERS[write.container](write.container_bytes)


def finisher_of(record: JobRecord) -> Finisher:
    """The finisher that made a finished run, or will finish one that is not.

    A record of an earlier version says nothing of it, and has one zip.
    """
    write: Mapping[str, Any] = record.settings["write"]
    return FINISHERS[write.get("container", "zip")](write.get("container_bytes"))


def finisher_asked(
    record: JobRecord, container: str | None, container_bytes: int | None
) -> Finisher:
    """The finisher of a run, but for what is asked for in other words.

    Args:
        record: The run's record.
        container: As the setting ``write.container``; None: the run's own.
        container_bytes: The bytes of a file; None: the run's own if the container is, else its
            default.

    Raises:
        SettingsError: There is no such container.
    """
    own = finisher_of(record)
    name = container or own.name
    size = own.file_bytes if container_bytes is None and name == own.name else container_bytes
    return finisher_for(OutputSettings(container=name, container_bytes=size))


def asks(finisher: Finisher) -> dict[str, Any]:
    """The settings ``write`` that ask for a finisher."""
    return {"container": finisher.name, "container_bytes": finisher.file_bytes}


def check_shards_for(output: StoragePath, record: JobRecord, asked: Finisher) -> None:
    """Makes sure that a finished run can be finished in another way: that its shards were kept.

    Raises:
        OutputError: They were not; the message says what is there.
    """
    if len(rows_there(output, record)) == record.shards:
        return
    there = ", ".join(layout.in_short(filter(layout.has_images, record.files)))
    there = there or ("views" if record.views else "no images")
    raise OutputError(
        f"{output} is complete with {_flags(finisher_of(record))} ({there}), and "
        f"without its shards it cannot become {_flags(asked)}: choose another output, or make it "
        "again with --overwrite"
    )


def _flags(finisher: Finisher) -> str:
    size = "" if finisher.file_bytes is None else f" --container-bytes {finisher.file_bytes}"
    return f"--container {finisher.name}{size}"
