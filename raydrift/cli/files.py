"""The files that commands read and write: what can be said of them before the work."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raydrift.paths import StoragePath

_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"  # which Ray sets for what `ray job submit` starts


def check_lasting(*outputs: str | None) -> None:
    """Says before the work that what a Ray job writes would be deleted with it.

    Raises:
        OutputError: It is a relative path, and this is a Ray job.
    """
    from raydrift.errors import OutputError

    for output in outputs:
        if output is not None and _JOB in os.environ and _is_relative(output):
            raise OutputError(
                f"output {output} is relative to the folder of this Ray job, which is deleted "
                "with it: give an absolute path that every node reaches, or a URI"
            )


def check_there(input: str) -> None:
    """Says of a relative input of a Ray job that it was left behind.

    Raises:
        CatalogError: It is none of what was uploaded.
    """
    from raydrift.errors import CatalogError

    if _JOB in os.environ and _is_relative(input) and not os.path.exists(input):
        raise CatalogError(
            f"input {input} is not there: a Ray job has only what was uploaded with it: give an "
            "absolute path that every node reaches, or a URI"
        )


def _is_relative(path: str) -> bool:
    return "://" not in path and not os.path.isabs(os.path.expanduser(path))


def check_folder(place: "StoragePath") -> None:
    """Says before the work that the folder of a local file is not there.

    Raises:
        OutputError: It is not.
    """
    from pathlib import Path

    from raydrift.errors import OutputError

    if place.is_local and not Path(place.path).parent.is_dir():
        raise OutputError(f"output {place}: its folder is not there: make it, or choose another")


def write_file(place: "StoragePath", content: bytes) -> None:
    """Writes a file whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    from raydrift.errors import OutputError, reason
    from raydrift.paths import redacted

    try:
        place.write_bytes(content)
    except OSError as error:
        why = redacted(reason(error))
        raise OutputError(f"output {place} cannot be written: {why}") from None
