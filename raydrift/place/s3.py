"""S3, and what speaks like it: Arrow reads and lists, botocore writes.

Arrow reads many small objects at a fraction of botocore's cost, but can neither send an object in
one request nor abort an upload, and its folders are objects of their own. Endpoint, region and
credentials are those that botocore finds, where every AWS tool finds them, for both.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import fs

from raydrift.place.pieces import PieceFile
from raydrift.place.s3_errors import as_os_errors
from raydrift.place.s3_options import S3Options
from raydrift.place.s3_parts import in_parts
from raydrift.place.s3_upload import S3Upload

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

_CONNECT_TIMEOUT_S: Final = 10.0
_READ_TIMEOUT_S: Final = 60.0
_DELETED_AT_ONCE: Final = 1_000
_CONNECTIONS: Final = 32
_ANY_REGION: Final = "us-east-1"  # what stores that have none are told
_AMAZON: Final = re.compile(r"https://s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?$")


@dataclass(frozen=True)
class S3Store:
    """A store of buckets; small, picklable, connected at its first use in every process.

    Attributes:
        options: How it is reached.
        region: Of its buckets, resolved.
        endpoint: Its address, resolved; None: AWS's own.
    """

    options: S3Options
    region: str
    endpoint: str | None

    def __getstate__(self) -> dict[str, Any]:
        return {"options": self.options, "region": self.region, "endpoint": self.endpoint}

    @cached_property
    def session(self) -> Session:
        """Where botocore looks for credentials."""
        from botocore.session import Session

        return Session()

    @cached_property
    def client(self) -> BaseClient:
        """What writes and deletes: botocore's, for all threads of this process."""
        from botocore import UNSIGNED
        from botocore.config import Config

        options = self.options
        given: dict[str, Any] = {"signature_version": UNSIGNED} if options.anon else {}
        if options.checksums is not None:
            given["request_checksum_calculation"] = options.checksums
            given["response_checksum_validation"] = options.checksums
        return self.session.create_client(
            "s3",
            region_name=self.region,
            endpoint_url=self.endpoint,
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

    @property
    def reader(self) -> fs.S3FileSystem:
        """What reads and lists: Arrow's, with the credentials that botocore has at the moment.

        It is made in every process: pickled, it would forget how often to try.
        """
        login = self._login()
        known, reader = self.__dict__.get("_reader", (None, None))
        if reader is None or known != login:
            reader = self._make_reader(*login)
            self.__dict__["_reader"] = login, reader
        return reader

    def _login(self) -> tuple[str | None, str | None, str | None]:
        options = self.options
        if options.key is not None or options.anon:
            return options.key, options.secret, options.token
        credentials = self.session.get_credentials()
        if credentials is None:
            return None, None, None
        frozen = credentials.get_frozen_credentials()
        return frozen.access_key, frozen.secret_key, frozen.token

    def _make_reader(
        self, key: str | None, secret: str | None, token: str | None
    ) -> fs.S3FileSystem:
        scheme, _, host = (self.endpoint or "https://").partition("://")
        return fs.S3FileSystem(
            access_key=key,
            secret_key=secret,
            session_token=token,
            anonymous=self.options.anon,
            region=self.region,
            scheme=scheme,
            endpoint_override=host or None,
            connect_timeout=_CONNECT_TIMEOUT_S,
            request_timeout=_READ_TIMEOUT_S,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=self.options.attempts),
        )

    def check_bucket(self, path: str) -> None:
        """Raises FileNotFoundError if there is no such bucket."""
        bucket, _ = _split(path)
        with as_os_errors():
            self.client.head_bucket(Bucket=bucket)

    def put(self, path: str, data: bytes | pa.Buffer) -> None:
        """Writes an object in one request."""
        bucket, key = _split(path)
        with as_os_errors():
            self.client.put_object(Bucket=bucket, Key=key, Body=bytes(data))

    def put_new(self, path: str, data: bytes) -> bool:
        """Writes an object unless it is there already; False: it is.

        A store that does not know the condition writes it all the same.
        """
        bucket, key = _split(path)
        try:
            with as_os_errors():
                self.client.put_object(Bucket=bucket, Key=key, Body=data, IfNoneMatch="*")
        except OSError as error:
            if "PreconditionFailed" in str(error) or "ConditionalRequestConflict" in str(error):
                return False
            if error.errno != errno.EINVAL:
                raise
            self.put(path, data)
        return True

    @contextmanager
    def writing(self, path: str, expected_bytes: int) -> Iterator[S3Upload]:
        """An object that appears when the block ends; after an error nothing is left of it."""
        upload = S3Upload(self.client, *_split(path), expected_bytes)
        try:
            yield upload
            upload.finish()
        except BaseException:
            upload.abort()
            raise

    @property
    def takes_uneven_parts(self) -> bool:
        """Whether the parts of an upload may differ in size; Cloudflare's may not."""
        return not (self.endpoint or "").rstrip("/").endswith(".r2.cloudflarestorage.com")

    def writing_parts(self, path: str) -> AbstractContextManager[PieceFile]:
        """The same object, its parts sent from anywhere."""
        return in_parts(self, *_split(path))

    def delete(self, path: str) -> None:
        """Deletes an object; none there is no error."""
        bucket, key = _split(path)
        with as_os_errors():
            self.client.delete_object(Bucket=bucket, Key=key)

    def delete_below(self, path: str) -> None:
        """Deletes all objects of a folder."""
        bucket, key = _split(path)
        with as_os_errors():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=f"{key}/", PaginationConfig={"PageSize": _DELETED_AT_ONCE}
            )
            for page in pages:
                self._delete_all(bucket, [one["Key"] for one in page.get("Contents", ())])

    def delete_all(self, paths: Sequence[str]) -> None:
        """Deletes objects of one bucket, a thousand in a request."""
        with as_os_errors():
            for start in range(0, len(paths), _DELETED_AT_ONCE):
                some = [_split(path) for path in paths[start : start + _DELETED_AT_ONCE]]
                self._delete_all(some[0][0], [key for _, key in some])

    def _delete_all(self, bucket: str, keys: list[str]) -> None:
        from botocore.exceptions import ClientError

        left = keys
        if keys:
            told = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
            with suppress(ClientError):  # some stores want it signed in ways of their own
                answer = self.client.delete_objects(Bucket=bucket, Delete=told)
                left = [one["Key"] for one in answer.get("Errors", ())]
        for key in left:
            self.client.delete_object(Bucket=bucket, Key=key)

    def abort_uploads(self, path: str) -> None:
        """Aborts the unfinished uploads of an object.

        A writer that was killed leaves its parts behind, which cost and are not listed. A store
        that does not tell of them, or not to everyone, is left alone.
        """
        bucket, key = _split(path)
        with suppress(OSError), as_os_errors():
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=bucket, Prefix=key
            )
            for one in [upload for page in pages for upload in page.get("Uploads", ())]:
                if one["Key"] == key:
                    self.client.abort_multipart_upload(
                        Bucket=bucket, Key=key, UploadId=one["UploadId"]
                    )


def find_store(bucket: str, options: S3Options) -> S3Store:
    """The store that a bucket is in.

    Raises:
        OSError: There is no such profile or bucket, or AWS cannot be asked for its region.
        ValueError: A region or an endpoint cannot be.
    """
    from botocore.session import Session

    with as_os_errors():
        region = options.region or Session().get_config_variable("region")
        found = S3Store(options, region or _ANY_REGION, options.endpoint_url)
        endpoint: str = found.client.meta.endpoint_url
        amazon = _AMAZON.match(endpoint) is not None
        if region is None and amazon:
            region = fs.resolve_s3_region(bucket)
        store = S3Store(options, region or _ANY_REGION, None if amazon else endpoint)
        _ = store.client, store.reader  # what cannot be is told now
        return store


def _split(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("/")
    return bucket, key
