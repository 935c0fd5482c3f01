"""One object of S3 whose parts come from several writers, in any process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from raydrift.place.pieces import Piece, PieceFile, Receipt
from raydrift.place.s3_upload import Upload, ask, part_facts
from raydrift.place.sinks import Buffer

if TYPE_CHECKING:
    from raydrift.place.s3 import S3Store

AT_ONCE: Final = 4  # each is in memory; they wait for the network


@dataclass(frozen=True)
class PartWriter:
    """Sends pieces, each as a part of the upload."""

    store: S3Store
    bucket: str
    key: str
    upload: str

    def put(self, piece: Piece, buffers: Iterable[Buffer]) -> Receipt:
        """Sends a piece; returns what the upload's completion has to say of it, and its size."""
        data = bytearray()
        for buffer in buffers:
            data += buffer
        answer = ask(
            self.store.client.upload_part,
            Bucket=self.bucket,
            Key=self.key,
            UploadId=self.upload,
            PartNumber=piece.number + 1,
            Body=data,
        )
        return part_facts(piece.number + 1, answer), len(data)


@contextmanager
def in_parts(store: S3Store, bucket: str, key: str) -> Iterator[PieceFile]:
    """An object that appears when the block ends; after an error nothing is left of it.

    S3 wants at least 5 MiB in each piece but the last, and takes 10,000 pieces.
    """
    upload = Upload.begin(store.client, {"Bucket": bucket, "Key": key})
    parts: list[dict[str, Any]] = []
    size = 0

    def take(receipt: Receipt) -> None:
        nonlocal size
        facts, bytes_sent = receipt
        parts.append(facts)
        size += bytes_sent

    try:
        writer = PartWriter(store, bucket, key, upload.id)
        yield PieceFile(writer, take, anywhere=True, at_once=AT_ONCE)
        upload.complete(parts, size)
    except BaseException:
        upload.abort()
        raise
