"""S3, and what speaks like it: Arrow reads and lists, botocore writes.

Arrow reads many small objects at a fraction of botocore's cost, but can neither send an object in
one request nor abort an upload, and its folders are objects of their own. Both find endpoint,
region and credentials where every AWS tool finds them.
"""

from __future__ import annotations

import errno
import math
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import fs

from raydrift.errors import SettingsError, suggest
from raydrift.place.retries import retrying
from raydrift.place.secrecy import redacted

if TYPE_CHECKING:
    from botocore.client import BaseClient

CHECKSUMS: Final = ("when_supported", "when_required")

_SMALLEST_PART: Final = 16 * 2**20
_PARTS: Final = 9_000  # S3 takes 10,000 of an object; the expected size is an estimate
_PARTS_AT_ONCE: Final = 4
_CONNECT_TIMEOUT_S: Final = 10.0
_READ_TIMEOUT_S: Final = 60.0
_DELETED_AT_ONCE: Final = 1_000
_CONNECTIONS: Final = 32
_ANY_REGION: Final = "us-east-1"  # what stores that have none are told

_MISSING: Final = ("404", "NoSuchBucket", "NoSuchKey", "NoSuchUpload", "NotFound")
_FORBIDDEN: Final = (
    "401", "403", "AccessDenied", "InvalidAccessKeyId", "MethodNotAllowed", "NotImplemented",
    "SignatureDoesNotMatch",
)  # fmt: skip


@dataclass(frozen=True)
class S3Options:
    """How a bucket is reached. What is None comes from the environment, as for every AWS tool.

    Attributes:
        key: Access key id (``AWS_ACCESS_KEY_ID``, a profile, a role, …).
        secret: Secret access key.
        token: Session token of temporary credentials.
        endpoint_url: Of a store that is not AWS's (``AWS_ENDPOINT_URL``).
        region: ``AWS_DEFAULT_REGION``; without one AWS is asked for the bucket's.
        anon: Whether requests are not signed: for public buckets.
        checksums: ``when_required`` leaves out the checksums that some S3-compatible stores do not
            understand (``AWS_REQUEST_CHECKSUM_CALCULATION``); else ``when_supported``.
        attempts: How often a request is tried, with growing pauses; each file is then tried a few
            times more.
    """

    key: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    endpoint_url: str | None = None
    region: str | None = None
    anon: bool = False
    checksums: str | None = None
    attempts: int = 4

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> S3Options:
        """Reads ``storage_options``.

        Raises:
            SettingsError: An unknown key or a wrong value; secrets are not repeated.
        """
        kinds = {item.name: item.type for item in fields(cls)}
        for name, value in values.items():
            if name not in kinds:
                raise SettingsError(
                    f"unknown key storage_options.{name} for s3://: {suggest(name, kinds)}"
                )
            kind = {"bool": bool, "int": int}.get(str(kinds[name]), str)
            if type(value) is not kind:
                raise SettingsError(f"storage_options.{name} is not a {kind.__name__}")
        options = cls(**values)
        if options.checksums not in (None, *CHECKSUMS):
            raise SettingsError(
                f"storage_options.checksums is {options.checksums!r}: "
                f"choose from: {', '.join(CHECKSUMS)}"
            )
        if options.attempts < 1:
            raise SettingsError("storage_options.attempts: give at least 1")
        if (options.key is None) != (options.secret is None):
            raise SettingsError("storage_options: key and secret come together")
        endpoint = options.endpoint_url
        if endpoint is not None and not endpoint.startswith(("http://", "https://")):
            raise SettingsError(
                "storage_options.endpoint_url: write http:// or https:// before the host"
            )
        return options


@dataclass(frozen=True)
class S3Store:
    """A store of buckets; small, picklable, connected at its first use in every process.

    Attributes:
        options: How it is reached.
        region: Of its buckets, resolved.
    """

    options: S3Options
    region: str

    def __getstate__(self) -> dict[str, Any]:
        return {"options": self.options, "region": self.region}

    @cached_property
    def client(self) -> BaseClient:
        """What writes and deletes: botocore's, for all threads of this process."""
        return _client(self.options, self.region)

    @cached_property
    def reader(self) -> fs.S3FileSystem:
        """What reads and lists: Arrow's. Pickled, it would forget how often to try."""
        options, endpoint = self.options, self.client.meta.endpoint_url
        scheme, _, host = endpoint.partition("://")
        return fs.S3FileSystem(
            access_key=options.key,
            secret_key=options.secret,
            session_token=options.token,
            anonymous=options.anon,
            region=self.region,
            scheme=scheme,
            endpoint_override=None if _is_amazon(endpoint) else host,
            connect_timeout=_CONNECT_TIMEOUT_S,
            request_timeout=_READ_TIMEOUT_S,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=options.attempts),
        )

    def check_bucket(self, path: str) -> None:
        """Raises FileNotFoundError if there is no such bucket."""
        bucket = path.partition("/")[0]
        with _as_os_errors():
            self.client.head_bucket(Bucket=bucket)

    def put(self, path: str, data: bytes | pa.Buffer) -> None:
        """Writes an object in one request."""
        bucket, key = _split(path)
        with _as_os_errors():
            self.client.put_object(Bucket=bucket, Key=key, Body=bytes(data))

    @contextmanager
    def writing(self, path: str, expected_bytes: int) -> Iterator[S3Upload]:
        """An object that appears when the block ends; after an error nothing is left of it."""
        upload = S3Upload(self.client, path, expected_bytes)
        try:
            yield upload
            upload.finish()
        except BaseException:
            upload.abort()
            raise

    def delete(self, path: str) -> None:
        """Deletes an object; none there is no error."""
        bucket, key = _split(path)
        with _as_os_errors():
            self.client.delete_object(Bucket=bucket, Key=key)

    def delete_below(self, path: str) -> None:
        """Deletes all objects of a folder."""
        bucket, key = _split(path)
        with _as_os_errors():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=f"{key}/", PaginationConfig={"PageSize": _DELETED_AT_ONCE}
            )
            for page in pages:
                found = [{"Key": one["Key"]} for one in page.get("Contents", ())]
                if found:
                    answer = self.client.delete_objects(
                        Bucket=bucket, Delete={"Objects": found, "Quiet": True}
                    )
                    for one in answer.get("Errors", ()):
                        raise OSError(f"{one['Code']}: {one.get('Message', '')} ({one['Key']})")

    def abort_uploads(self, path: str) -> int:
        """Aborts the unfinished uploads of all objects that begin so, and says how many there were.

        A writer that was killed leaves its parts behind, which cost and are not listed. A store
        that does not tell of them, or not to everyone, is left alone.
        """
        bucket, key = _split(path)
        aborted = 0
        with suppress(FileNotFoundError, PermissionError), _as_os_errors():
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=bucket, Prefix=key
            )
            for one in [upload for page in pages for upload in page.get("Uploads", ())]:
                self.client.abort_multipart_upload(
                    Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"]
                )
                aborted += 1
        return aborted


class S3Upload:
    """One object in the making: its parts go up while the next one fills.

    Args:
        client: botocore's.
        path: ``BUCKET/KEY``.
        expected_bytes: About how large it will be; all parts but the last have one size, which some
            S3-compatible stores insist on.
    """

    def __init__(self, client: BaseClient, path: str, expected_bytes: int) -> None:
        self._client = client
        self._bucket, self._key = _split(path)
        megabytes = math.ceil(expected_bytes / _PARTS / 2**20)
        self._part_bytes = max(_SMALLEST_PART, megabytes * 2**20)
        self._waiting = bytearray()
        self._id: str | None = None
        self._pool = ThreadPoolExecutor(_PARTS_AT_ONCE)
        self._going: deque[Future[dict[str, Any]]] = deque()
        self._parts: list[dict[str, Any]] = []

    def write(self, data: bytes | memoryview) -> None:
        """Takes the next bytes."""
        rest = memoryview(data).cast("B")
        while rest:
            room = self._part_bytes - len(self._waiting)
            self._waiting += rest[:room]
            rest = rest[room:]
            if len(self._waiting) == self._part_bytes:
                self._send()

    def finish(self) -> None:
        """Sends the rest; the object appears. A small one is sent in one request."""
        with _as_os_errors():
            if self._id is None:
                self._client.put_object(
                    Bucket=self._bucket, Key=self._key, Body=bytes(self._waiting)
                )
            else:
                if self._waiting:
                    self._send()
                while self._going:
                    self._parts.append(self._going.popleft().result())
                self._client.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=self._key,
                    UploadId=self._id,
                    MultipartUpload={"Parts": self._parts},
                )
        self._pool.shutdown()

    def abort(self) -> None:
        """Leaves nothing behind, as far as the store can still be reached."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._id is not None:
            with suppress(OSError), _as_os_errors():  # the next merge aborts it, if this can't
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=self._key, UploadId=self._id
                )

    def _send(self) -> None:
        with _as_os_errors():
            if self._id is None:
                answer = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key)
                self._id = answer["UploadId"]
            while len(self._going) >= _PARTS_AT_ONCE:
                self._parts.append(self._going.popleft().result())
            number = len(self._parts) + len(self._going) + 1
            self._going.append(self._pool.submit(self._send_part, number, bytes(self._waiting)))
            self._waiting.clear()

    def _send_part(self, number: int, data: bytes) -> dict[str, Any]:
        answer = retrying()(self._send_once, number, data)
        # A store that checks parts by a checksum wants to hear it again.
        told = {name: value for name, value in answer.items() if name.startswith("Checksum")}
        told.pop("ChecksumType", None)
        return {"PartNumber": number, "ETag": answer["ETag"]} | told

    def _send_once(self, number: int, data: bytes) -> dict[str, Any]:
        with _as_os_errors():
            answer: dict[str, Any] = self._client.upload_part(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._id,
                PartNumber=number,
                Body=data,
            )
        return answer


def find_store(bucket: str, options: S3Options) -> S3Store:
    """The store that a bucket is in.

    Raises:
        OSError: There is no such profile or bucket, or AWS cannot be asked for its region.
    """
    from botocore.session import Session

    with _as_os_errors():
        region = options.region or Session().get_config_variable("region")
        store = S3Store(options, region or _ANY_REGION)
        if region is None and _is_amazon(store.client.meta.endpoint_url):
            return S3Store(options, fs.resolve_s3_region(bucket))
        return store


def _is_amazon(endpoint: str) -> bool:
    return endpoint.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _client(options: S3Options, region: str) -> BaseClient:
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.session import Session

    given: dict[str, Any] = {}
    if options.checksums is not None:
        given["request_checksum_calculation"] = options.checksums
        given["response_checksum_validation"] = options.checksums
    if options.anon:
        given["signature_version"] = UNSIGNED
    return Session().create_client(
        "s3",
        region_name=region,
        endpoint_url=options.endpoint_url,
        aws_access_key_id=options.key,
        aws_secret_access_key=options.secret,
        aws_session_token=options.token,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": options.attempts},
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            max_pool_connections=_CONNECTIONS,
            **given,
        ),
    )


def _split(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("/")
    return bucket, key


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """What botocore raises as the ones that files have, without credentials."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code = str(said.get("Code", "unknown"))
        words = redacted(f"{code}: {said.get('Message') or 'no message'}")
        if code in _MISSING:
            raise FileNotFoundError(errno.ENOENT, words) from None
        if code in _FORBIDDEN:
            raise PermissionError(errno.EACCES, words) from None
        raise OSError(errno.EIO, words) from None
    except BotoCoreError as error:
        raise OSError(errno.EIO, redacted(" ".join(str(error).split()))) from None
