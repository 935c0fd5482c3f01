"""How a row of shards is split: into files, and each file into the parts that its writers fill."""

from collections.abc import Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """Some shards in a row.

    Attributes:
        begin: The first of them.
        end: The one after the last.
        offset: Bytes of all before them.
        size: Their bytes.
    """

    begin: int
    end: int
    offset: int
    size: int


def in_files(sizes: Sequence[int], most: int) -> list[Piece]:
    """As many shards a file as fit, but one at least.

    Args:
        sizes: Bytes of each shard.
        most: Bytes of a file.

    >>> [(one.begin, one.end) for one in in_files([4, 5, 3, 20, 1], most=10)]
    [(0, 2), (2, 3), (3, 4), (4, 5)]
    """
    pieces: list[Piece] = []
    begin = offset = filled = 0
    for place, size in enumerate(sizes):
        if place > begin and filled + size > most:
            pieces.append(Piece(begin, place, offset, filled))
            begin, offset, filled = place, offset + filled, 0
        filled += size
    return [*pieces, Piece(begin, len(sizes), offset, filled)]


def in_parts(sizes: Sequence[int], least: int) -> list[Piece]:
    """As few shards a part as have so many bytes; the last part takes what would be less.

    >>> [(one.begin, one.end) for one in in_parts([4, 5, 3, 20, 1], least=9)]
    [(0, 2), (2, 5)]
    """
    total = sum(sizes)
    pieces: list[Piece] = []
    begin = offset = filled = 0
    for end, size in enumerate(sizes, start=1):
        filled += size
        left = total - offset - filled
        if (filled >= least and left >= least) or end == len(sizes):
            pieces.append(Piece(begin, end, offset, filled))
            begin, offset, filled = end, offset + filled, 0
    return pieces
