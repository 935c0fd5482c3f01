"""A sample in a tar file: members that have one key, as webdataset puts them together.

``KEY.png`` is the image, ``KEY.mask.png`` its mask where samples have masks, ``KEY.cls`` its label
as text, ``KEY.json`` what is known of it. The key is a number, in its class's folder if that is
asked for. It has no dot: webdataset ends it at the first dot of the file's name.
"""

import json
from collections.abc import Mapping
from tarfile import PAX_FORMAT, TarInfo
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from raydrift.drift.written import parameters_of
from raydrift.storage import layout

BLOCK: Final = 512
"""Bytes; each member's header and each one's content begin at a multiple of it."""

END: Final = bytes(2 * BLOCK)
"""What is behind the last member."""

FACTS: Final = (
    "sample_id", "timestamp", "label", "class_name", "source_path", "drifted", "level", "reason",
    "transforms", "content_crc", "profile",
)  # fmt: skip
"""What ``KEY.json`` says of a sample: the columns of a shard that are neither image nor numbers of
the network."""

_OF_SOME: Final = ("camera", "row", "column", "draw_id", "epoch", "replaced_by")
"""What it says besides of a raw file, of a copy, and of an image that may be replaced."""

_IMAGE: Final = ".png"
_MASK: Final = ".mask.png"
_DATE: Final = 315_532_800  # 1 January 1980, as in the zip
_MODE: Final = 0o644
_PLAIN_NAME: Final = 100  # bytes of ASCII; other names have headers of their own before them


def member_header(name: str, size: int) -> bytes:
    """What comes before the content of a member.

    Args:
        name: Its name, with forward slashes.
        size: Bytes of its content.
    """
    member = TarInfo(name)
    member.size, member.mtime, member.mode = size, _DATE, _MODE
    return member.tobuf(PAX_FORMAT, "utf-8", "strict")


def after_image(
    name: str, size: int, facts: Mapping[str, Any], mask: memoryview | None = None
) -> bytes:
    """What comes after a PNG: the rest of its last block, then its mask, its label and its facts.

    Args:
        name: The name of the PNG's member.
        size: Bytes of the PNG.
        facts: A row of the shard, with the columns of ``fact_names``.
        mask: The PNG of its mask; None: it has none.
    """
    key = name.removesuffix(_IMAGE)
    pieces: list[bytes | memoryview] = [bytes(-size % BLOCK)]
    members: list[tuple[str, bytes | memoryview]] = [] if mask is None else [(_MASK, mask)]
    members += [(".cls", _label(facts)), (".json", _facts(facts))]
    for suffix, content in members:
        header = member_header(key + suffix, len(content))
        pieces += [header, content, bytes(-len(content) % BLOCK)]
    return b"".join(pieces)


def fact_names(table: pa.Table) -> list[str]:
    """The columns of a shard that ``KEY.json`` has."""
    return [*FACTS, *(name for name in _OF_SOME if name in table.column_names)]


def samples_size(table: pa.Table) -> int:
    """Bytes that the samples of a shard, or of a part of it, take in a tar file."""
    sizes = _png_sizes(table[layout.IMAGE_COLUMN])
    if layout.MASK_COLUMN in table.column_names:
        masks: list[int | None] = [*_png_sizes(table[layout.MASK_COLUMN])]
    else:
        masks = [None] * len(sizes)
    rows = table.select(["file_name", *fact_names(table)]).to_pylist()
    return sum(
        sum(
            _header_size(row["file_name"].removesuffix(_IMAGE) + suffix) + _in_blocks(size)
            for suffix, size in (
                (_IMAGE, image),
                *([] if mask is None else [(_MASK, mask)]),
                (".cls", len(_label(row))),
                (".json", len(_facts(row))),
            )
        )
        for row, image, mask in zip(rows, sizes, masks, strict=True)
    )


def _png_sizes(images: pa.ChunkedArray) -> list[int]:
    sizes: list[int] = pc.binary_length(pc.struct_field(images, "bytes")).to_pylist()
    return sizes


def _label(facts: Mapping[str, Any]) -> bytes:
    return str(facts["label"]).encode()


def _facts(facts: Mapping[str, Any]) -> bytes:
    plain = {name: facts[name] for name in FACTS}
    plain["transforms"] = [
        one | {"parameters": parameters_of(one["parameters"])} for one in facts["transforms"]
    ]
    plain |= {name: facts[name] for name in _OF_SOME if name in facts}
    if "camera" in plain:
        plain["camera"] = json.loads(plain["camera"])  # as text in the shard
    return json.dumps(plain, ensure_ascii=False).encode()


def _header_size(name: str) -> int:
    plain = name.isascii() and len(name) <= _PLAIN_NAME
    return BLOCK if plain else len(member_header(name, 0))


def _in_blocks(size: int) -> int:
    return size + -size % BLOCK
