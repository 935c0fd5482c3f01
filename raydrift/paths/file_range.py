"""A file, or a range of bytes in one: an image in a file of its own, or in a container."""

import errno
from collections.abc import Callable
from dataclasses import dataclass, field

from raydrift.paths.reading import check_size
from raydrift.paths.storage_path import StoragePath


@dataclass(frozen=True)
class FileRange:
    """What a file holds, or a range of it.

    Attributes:
        path: Of the file, from some folder on.
        offset: Where the range begins; None: it is the whole file.
        size: Its bytes.
        name: What it is called; None: as the file.
        folder: What the path starts from; None: the reader knows.
    """

    path: str
    offset: int | None = None
    size: int | None = None
    name: str | None = None
    folder: StoragePath | None = field(default=None, hash=False)

    def __str__(self) -> str:
        """Its name, in a container with that one's."""
        return self.path if self.name is None else f"{self.path}/{self.name}"

    def read(
        self,
        folder: StoragePath | None = None,
        most: int | None = None,
        admit: Callable[[int], None] | None = None,
    ) -> bytes:
        """Its content; of a container nothing else is read.

        Args:
            folder: What the path starts from, where it says nothing of that.
            most: More bytes are not read.
            admit: Is told how many they are before they are read, and may wait or raise.

        Raises:
            OSError: It cannot be read, is longer than that, or ends before it should.
        """
        start = self.folder or folder
        if start is None:
            raise OSError(errno.ENOENT, f"{self.path} starts nowhere")
        file = start.at(self.path)
        if self.offset is None or self.size is None:
            return file.read_bytes(most, admit)
        check_size(self.size, most, admit)
        content = file.read_part(self.size, self.offset)
        if len(content) != self.size:
            raise OSError(errno.EIO, f"{self.path} ends before it")
        return content
