"""Indices that keep the shuffled files of each class, one path a line, in mltk's form.

An index is read if it is there. One that is not is written, but never into the folder of the data.
"""

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from raydrift.errors import SettingsError
from raydrift.paths import StoragePath

INDEX: Final = ".index"
"""The folder of indices, in the one that the user names."""


@dataclass(frozen=True)
class ShuffledIndex:
    """The indices of all classes.

    Attributes:
        folder: Where the folder of indices is or will be.
        data: The folder of the data.
        seed: Shuffles what has no index; None is 0.
    """

    folder: str
    data: str
    seed: int | None = None

    def order(self, class_name: str, files: list[str]) -> tuple[list[str], str]:
        """The files of a class in the order of its index.

        Args:
            class_name: The class.
            files: Its files as they are found, with the class folder.

        Returns:
            Those that the index names, without one all of them, shuffled; and what the user should
            know, or nothing.

        Raises:
            SettingsError: The index cannot be read.
        """
        path = Path(self.folder, INDEX, f"{class_name}.txt")
        listed = self._read(path)
        gone = set(listed).difference(files)
        if listed and not gone:
            return listed, self._compare(path, len(listed), len(files))
        note = ""
        if gone:
            note = f"index {path} names {min(gone)!r}, which is not there: it is made anew"
        shuffled = sorted(files)
        random.Random(self.seed or 0).shuffle(shuffled)
        if self._is_in_the_data():
            note = (
                f"index {path} would be in the data and is not written: give another "
                "shuffle_index_dir to keep it"
            )
        elif shuffled:
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = "".join(f"{name}\n" for name in shuffled)
            StoragePath.of(path).write_bytes(lines.encode("utf-8", "surrogateescape"))
        return shuffled, note

    def _read(self, path: Path) -> list[str]:
        try:
            lines = path.read_text("utf-8", "surrogateescape").split("\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SettingsError(f"index {path} cannot be read: {error.strerror}") from None
        return [line for line in lines if line]

    def _compare(self, path: Path, listed: int, found: int) -> str:
        if listed >= found:
            return ""
        return (
            f"index {path} has {listed:,} of the {found:,} files that are there: delete it to take "
            "all of them"
        )

    def _is_in_the_data(self) -> bool:
        if "://" in self.data:
            return False
        data, folder = os.path.realpath(self.data), os.path.realpath(self.folder)
        return os.path.commonpath([data, folder]) == data
