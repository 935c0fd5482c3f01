"""One object of S3 whose parts come from several writers, in any process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from raydrift.paths.parts import FilePart, PartFile, PartResult
from raydrift.paths.s3_upload import Upload, ask, part_facts
from raydrift.paths.sinks import Buffer

if TYPE_CHECKING:
    from botocore.client import BaseClient

AT_ONCE: Final = 4  # each is in memory; they wait for the network


class Store(Protocol):
    """What reaches a store; it can be pickled, and connects again where it arrives."""

    @property
    def client(self) -> BaseClient:
        """The client, botocore's."""


@dataclass(frozen=True)
class S3PartWriter:
    """Sends parts, each as a part of the upload."""

    store: Store
    bucket: str
    key: str
    upload: str

    def put(self, part: FilePart, buffers: Iterable[Buffer]) -> PartResult:
        """Sends a part; returns what the upload's completion has to say of it, and its size."""
        data = bytearray()
        for buffer in buffers:
            data += buffer
        answer = ask(
            self.store.client.upload_part,
            Bucket=self.bucket,
            Key=self.key,
            UploadId=self.upload,
            PartNumber=part.number + 1,
            Body=data,
        )
        return part_facts(part.number + 1, answer), len(data)


@contextmanager
def in_parts(store: Store, bucket: str, key: str) -> Iterator[PartFile]:
    """An object that appears when the block ends; after an error nothing is left of it.

    S3 wants at least 5 MiB in each part but the last, and takes 10,000 parts.
    """
    upload = Upload.begin(store.client, {"Bucket": bucket, "Key": key})
    parts: list[dict[str, Any]] = []
    size = 0

    def take(result: PartResult) -> None:
        nonlocal size
        facts, bytes_sent = result
        parts.append(facts)
        size += bytes_sent

    try:
        writer = S3PartWriter(store, bucket, key, upload.id)
        yield PartFile(writer, take, anywhere=True, at_once=AT_ONCE)
        upload.complete(parts, size)
    except BaseException:
        upload.abort()
        raise
