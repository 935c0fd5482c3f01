"""Where everything is in the tar files, known from the ledger alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from raydrift.storage import layout
from raydrift.storage.shards import LedgerRow
from raydrift.storage.splitting import in_files, in_parts
from raydrift.storage.tar_members import END
from raydrift.storage.zip_layout import part_bytes_of


@dataclass(frozen=True)
class TarPart:
    """The part of a tar file that one writer fills: the samples of some shards.

    Attributes:
        number: Its place among the parts, from 0.
        rows: Its shards.
        offset: Where its first byte is in the file.
        size: Its bytes; those of the last part include the end of the file.
        file: The file's name.
        is_last: Whether the file ends with it.
    """

    number: int
    rows: tuple[LedgerRow, ...]
    offset: int
    size: int
    file: str
    is_last: bool


@dataclass(frozen=True)
class TarLayout:
    """A whole tar file.

    Attributes:
        name: The name of the file.
        parts: In order, without gaps.
        size: Bytes of the whole file.
    """

    name: str
    parts: tuple[TarPart, ...]
    size: int


def plan_tars(rows: Sequence[LedgerRow], file_bytes: int, part_bytes: int) -> list[TarLayout]:
    """Lays out the tar files of a run.

    Args:
        rows: The run's shards in order, measured.
        file_bytes: The bytes of a file, at most; more where a single shard has more.
        part_bytes: At least so many bytes are in every part but the last.
    """
    sizes = [row.tar_size for row in rows]
    return [
        _plan_tar(rows[piece.begin : piece.end], layout.tar_name(number), part_bytes)
        for number, piece in enumerate(in_files(sizes, file_bytes - len(END)))
    ]


def _plan_tar(rows: Sequence[LedgerRow], name: str, part_bytes: int) -> TarLayout:
    sizes = [row.tar_size for row in rows]
    sizes[-1] += len(END)
    total = sum(sizes)
    parts = tuple(
        TarPart(
            number,
            tuple(rows[piece.begin : piece.end]),
            piece.offset,
            piece.size,
            name,
            is_last=piece.end == len(rows),
        )
        for number, piece in enumerate(in_parts(sizes, part_bytes_of(total, part_bytes)))
    )
    return TarLayout(name, parts, total)
