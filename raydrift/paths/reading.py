"""Files read whole, within a bound on their size."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

from pyarrow import fs


def read_whole(
    filesystem: fs.FileSystem, path: str, most: int | None, admit: Callable[[int], None] | None
) -> bytes:
    """The whole content of a file, see ``StoragePath.read_bytes``."""
    if isinstance(filesystem, fs.LocalFileSystem):
        with Path(path).open("rb", buffering=0) as plain:
            check_size(os.fstat(plain.fileno()).st_size, most, admit)
            return plain.read()
    with filesystem.open_input_file(path) as file:
        check_size(file.size(), most, admit)
        return bytes(file.read())  # one request, however large


def read_first(filesystem: fs.FileSystem, path: str, most: int | None) -> None:
    """Raises what ``read_whole`` would, at the cost of the first byte."""
    if isinstance(filesystem, fs.LocalFileSystem):
        with Path(path).open("rb", buffering=0) as plain:
            check_size(os.fstat(plain.fileno()).st_size, most)
            plain.read(1)
        return
    with filesystem.open_input_file(path) as file:
        check_size(file.size(), most)
        file.read(1)


def check_size(size: int, most: int | None, admit: Callable[[int], None] | None = None) -> None:
    """Makes sure that a file is small enough to be read whole.

    Args:
        size: Its bytes.
        most: The most that there may be; None: any number.
        admit: Is told the size where it is small enough, and may wait or raise.

    Raises:
        OSError: It has more bytes.
    """
    if most is not None and size > most:
        raise OSError(errno.EFBIG, f"{size} bytes are more than max_bytes = {most}")
    if admit is not None:
        admit(size)
