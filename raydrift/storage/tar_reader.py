"""A finished tar file, as far as a short look can tell whether it is whole."""

import struct
import tarfile
from typing import Final

import pyarrow as pa
from isal import isal_zlib

from raydrift.storage.damaged import DamagedError
from raydrift.storage.tar_members import BLOCK, END

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"IEND"


def check_tar(file: pa.NativeFile, images: int) -> None:
    """Looks at the first image of a tar file, and at its end.

    Raises:
        DamagedError: They are not as they were written.
    """
    tail = file.read_at(BLOCK + len(END), max(0, file.size() - BLOCK - len(END)))
    facts = tail[: -len(END)].rstrip(b"\0")
    if not tail.endswith(END) or facts.endswith(b"}") != bool(images):
        raise DamagedError("does not end as a tar file does")
    if images:
        _check_first(file)


def _check_first(file: pa.NativeFile) -> None:
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            first = archive.next()
    except tarfile.TarError:
        first = None
    if first is None:
        raise DamagedError("does not begin as a tar file does")
    if not _is_whole(file.read_at(first.size, first.offset_data)):
        raise DamagedError(f"has lost the content of its member {first.name!r}")


def _is_whole(png: bytes) -> bool:
    """Whether a PNG is one, by the checksums of its chunks."""
    place, kind = len(_PNG), b""
    while kind != _PNG_END and place + 12 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, place)
        crc = isal_zlib.crc32(png[place + 4 : place + 8 + size])
        if png[place + 8 + size : place + 12 + size] != crc.to_bytes(4, "big"):
            return False
        place += 12 + size
    return png.startswith(_PNG) and kind == _PNG_END and place == len(png)
