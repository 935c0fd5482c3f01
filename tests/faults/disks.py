"""A disk whose power can be cut: what was not synced by then is lost."""

import fcntl
import os
import struct
import subprocess
from pathlib import Path
from typing import Final, Literal, Self

import pytest

from tests.faults.runs import until

_SHUTDOWN: Final = 0x8004587D
"""ext4's request to write nothing more."""

_MODES: Final = {"journal": 1, "nothing": 2}


class Disk:
    """An ext4 filesystem in a file, mounted on a folder.

    Args:
        folder: Of the test; the disk's file and the folder that it is mounted on lie there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "disk"
        self._image = folder / "disk.img"
        self._mount = ("mount", "-o", "loop", self._image, self.folder)

    def __enter__(self) -> Self:
        self.folder.mkdir()
        with self._image.open("wb") as file:
            file.truncate(256 * 2**20)
        _need("mkfs.ext4", "-q", "-F", self._image)
        _need(*self._mount)
        return self

    def __exit__(self, *error: object) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)
        self._image.unlink()

    def cut_power(self, written: Literal["journal", "nothing"]) -> None:
        """Cuts the power.

        Args:
            written: What still reaches the disk: ``journal``, the names and sizes of all files but
                not their content, or ``nothing``.
        """
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", _MODES[written]))
        finally:
            os.close(folder)

    def come_back(self) -> None:
        """Mounts what is left, as soon as nobody has a file of the disk open any more."""
        until(self._unmount, "the end of those who use the disk")
        subprocess.run(self._mount, check=True)

    def _unmount(self) -> bool:
        return subprocess.run(["umount", self.folder], capture_output=True).returncode == 0


def _need(*command: str | Path) -> None:
    """Runs a command; where it is not there, or not allowed, the test is skipped."""
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip(f"there is no {command[0]}")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{command[0]} is not possible here: {error.stderr.strip()}")
