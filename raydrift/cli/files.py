"""The single files that commands write."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raydrift.place import Place


def check_folder(place: "Place") -> None:
    """Says before the work that the folder of a local file is not there.

    Raises:
        OutputError: It is not.
    """
    from pathlib import Path

    from raydrift.errors import OutputError

    if place.is_local and not Path(place.path).parent.is_dir():
        raise OutputError(f"output {place}: its folder is not there: make it, or choose another")


def write_file(place: "Place", content: bytes) -> None:
    """Writes a file whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    from raydrift.errors import OutputError, reason
    from raydrift.place import redacted

    try:
        place.write_bytes(content)
    except OSError as error:
        why = redacted(reason(error))
        raise OutputError(f"output {place} cannot be written: {why}") from None
