"""One object of S3 in the making."""

from __future__ import annotations

import errno
import math
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import md5
from typing import TYPE_CHECKING, Any, Final, Self

from raydrift.paths.retries import retrying
from raydrift.paths.s3_errors import as_os_errors

if TYPE_CHECKING:
    from botocore.client import BaseClient

LARGEST_UPLOAD: Final = 9_000 * 5 * 2**30
"""Bytes: S3 takes 5 GiB a part. AWS's objects may have 50 TB, those of other stores often 5 TB."""

_SMALLEST_PART: Final = 16 * 2**20
_PARTS: Final = 9_000  # S3 takes 10,000 of an object; the expected size is an estimate
_BYTES_AT_ONCE: Final = 256 * 2**20
_MOST_AT_ONCE: Final = 4
_CLOCK_STEPS: Final = timedelta(seconds=2)


class S3Upload:
    """One object in the making: its parts go up while the next one fills.

    Args:
        client: botocore's.
        bucket: Its bucket.
        key: Its key.
        expected_bytes: About how large it will be; all parts but the last have one size, which some
            S3-compatible stores insist on.

    Attributes:
        part_bytes: The bytes of every part but the last.
    """

    def __init__(self, client: BaseClient, bucket: str, key: str, expected_bytes: int) -> None:
        self._client = client
        self._object = {"Bucket": bucket, "Key": key}
        megabytes = math.ceil(expected_bytes / _PARTS / 2**20)
        self.part_bytes = max(_SMALLEST_PART, megabytes * 2**20)
        self._at_once = max(1, min(_MOST_AT_ONCE, _BYTES_AT_ONCE // self.part_bytes))
        self._waiting = bytearray()
        self._size = 0
        self._upload: Upload | None = None
        self._pool = ThreadPoolExecutor(self._at_once)
        self._going: deque[Future[dict[str, Any]]] = deque()
        self._parts: list[dict[str, Any]] = []
        self._given_up = False

    def write(self, data: bytes | memoryview) -> None:
        """Takes the next bytes."""
        rest = memoryview(data).cast("B")
        self._size += len(rest)
        while rest:
            room = self.part_bytes - len(self._waiting)
            self._waiting += rest[:room]
            rest = rest[room:]
            if len(self._waiting) == self.part_bytes:
                self._send_part()

    def finish(self) -> None:
        """Sends the rest; the object appears. A small one is sent in one request."""
        if self._upload is None:
            self._ask(self._client.put_object, Body=bytes(self._waiting))
        else:
            if self._waiting:
                self._send_part()
            while self._going:
                self._parts.append(self._going.popleft().result())
            self._upload.complete(self._parts, self._size)
        self._pool.shutdown()

    def abort(self) -> None:
        """Leaves nothing behind, as far as the store can still be reached."""
        self._given_up = True
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._upload is not None:
            self._upload.abort()

    def _send_part(self) -> None:
        if self._upload is None:
            self._upload = Upload.begin(self._client, self._object)
        while len(self._going) >= self._at_once:
            self._parts.append(self._going.popleft().result())
        number = len(self._parts) + len(self._going) + 1
        data = bytes(self._waiting)
        self._going.append(self._pool.submit(self._part, self._upload.id, number, data))
        self._waiting.clear()

    def _part(self, upload: str, number: int, data: bytes) -> dict[str, Any]:
        send = self._client.upload_part
        answer = self._ask(send, UploadId=upload, PartNumber=number, Body=data)
        return part_facts(number, answer)

    def _ask(self, request: Callable[..., dict[str, Any]], **values: Any) -> dict[str, Any]:
        def unless_given_up(**all_values: Any) -> dict[str, Any]:
            if self._given_up:
                raise OSError(errno.ECANCELED, "the upload was given up")
            return request(**all_values)

        return ask(unless_given_up, **self._object, **values)


def ask(request: Callable[..., dict[str, Any]], **values: Any) -> dict[str, Any]:
    """Sends a request of botocore's until that does not fail, or fails for good."""

    def once() -> dict[str, Any]:
        with as_os_errors():
            return request(**values)

    return retrying()(once)


@dataclass(frozen=True)
class Upload:
    """A multipart upload that has begun.

    Attributes:
        client: botocore's.
        name: The object's bucket and key.
        id: The store's name for it.
        begun: When, by the store's clock; None: the store did not say.
    """

    client: BaseClient
    name: dict[str, str]
    id: str
    begun: datetime | None

    @classmethod
    def begin(cls, client: BaseClient, name: dict[str, str]) -> Self:
        """Asks the store to begin one."""
        answer = ask(client.create_multipart_upload, **name)
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        begun = parsedate_to_datetime(headers["date"]) if "date" in headers else None
        return cls(client, name, answer["UploadId"], begun)

    def complete(self, parts: Sequence[dict[str, Any]], size: int) -> None:
        """Completes it; the object appears.

        The store may have done so and its answer may be lost. Asked again, some stores no longer
        know the upload: then the object itself tells.

        Args:
            parts: Facts of all its parts (``part_facts``), in order.
            size: The size of the whole object, in bytes.

        Raises:
            OSError: It cannot be completed.
        """
        listed = {"Parts": list(parts)}
        try:
            ask(
                self.client.complete_multipart_upload,
                **self.name,
                UploadId=self.id,
                MultipartUpload=listed,
            )
        except OSError:
            if not self._is_there(parts, size):
                raise

    def abort(self) -> None:
        """Leaves nothing of it, as far as the store can still be reached."""
        with suppress(OSError), as_os_errors():  # the next merge aborts it, if this can't
            self.client.abort_multipart_upload(**self.name, UploadId=self.id)

    def _is_there(self, parts: Sequence[dict[str, Any]], size: int) -> bool:
        """Whether the object is made of these parts, by its size and its tag or age."""
        try:
            found = ask(self.client.head_object, **self.name)
        except OSError:
            return False
        modified = found.get("LastModified")
        older = (
            self.begun is not None
            and modified is not None
            and modified < self.begun - _CLOCK_STEPS  # S3 counts in seconds
        )
        tag = found["ETag"].strip('"')
        return bool(found["ContentLength"] == size and (tag == _tag_of(parts) or not older))


def _tag_of(parts: Sequence[dict[str, Any]]) -> str | None:
    """What S3 calls an object of several parts: a digest of their digests, and their number."""
    try:
        digests = [bytes.fromhex(part["ETag"].strip('"')) for part in parts]
    except ValueError:  # some stores have other tags
        return None
    return f"{md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(parts)}"


def part_facts(number: int, answer: dict[str, Any]) -> dict[str, Any]:
    """What an upload's completion has to say of a part, from the answer to it."""
    # A store that checks parts by a checksum wants to hear it again.
    listed = {name: value for name, value in answer.items() if name.startswith("Checksum")}
    listed.pop("ChecksumType", None)
    return {"PartNumber": number, "ETag": answer["ETag"]} | listed
