"""CRC-32s of parts, judged by zlib."""

from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from raydrift.storage.crc32 import combine


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_two_pieces_have_the_checksum_of_the_whole(first: bytes, second: bytes) -> None:
    assert combine(crc32(first), crc32(second), len(second)) == crc32(first + second)


@given(st.lists(st.binary(max_size=100), max_size=20))
def test_pieces_are_added_one_by_one(parts: list[bytes]) -> None:
    total = 0
    for part in parts:
        total = combine(total, crc32(part), len(part))
    assert total == crc32(b"".join(parts))


def test_a_piece_may_be_longer_than_32_bits_tell() -> None:
    """8 GiB of zeros, put together from halves; the value is what zlib says of all of them."""
    size, zeros = 2**20, crc32(bytes(2**20))
    while size < 2**33:
        zeros, size = combine(zeros, zeros, size), 2 * size
    assert zeros == 0x41D912FF
