"""S3, and what speaks like it: Arrow reads and lists, botocore writes.

Arrow reads many small objects at a fraction of botocore's cost, but can neither send an object in
one request nor abort an upload, and its folders are objects of their own. Endpoint, region and
credentials are those that botocore finds, where every AWS tool finds them, for both.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pyarrow as pa
from pyarrow import fs

from raydrift.paths.parts import PartFile
from raydrift.paths.retries import retrying
from raydrift.paths.s3_errors import (
    UNKNOWN_KEY,
    CredentialsError,
    as_os_errors,
    check_reached,
    expired,
)
from raydrift.paths.s3_login import Keys, S3Login
from raydrift.paths.s3_options import S3Options
from raydrift.paths.s3_parts import in_parts
from raydrift.paths.s3_upload import S3Upload

if TYPE_CHECKING:
    from botocore.client import BaseClient

_CONNECT_TIMEOUT_S: Final = 10.0
_READ_TIMEOUT_S: Final = 60.0
_DELETED_AT_ONCE: Final = 1_000
_CONNECTIONS: Final = 32
_UNKNOWN_CONDITION: Final = (errno.ENOSYS, errno.EINVAL)
_REFUSALS: Final = 3  # of a condition that holds, before the store is taken not to know it
_ANY_REGION: Final = "us-east-1"  # what stores that have none are told
_AMAZON: Final = re.compile(r"https://s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?$")

# How Arrow tells that a request was refused, and why.
_REFUSED: Final = re.compile(r"HTTP status 40[013]\b|ACCESS_DENIED|_EXPIRED|_ID\b|_NOT_MATCH")
_CODE: Final = re.compile(r"ExceptionName: (\w+)|AWS Error (REQUEST_EXPIRED|INVALID_ACCESS_KEY_ID)")
_AS_BOTOCORE: Final = {"REQUEST_EXPIRED": "RequestExpired", "INVALID_ACCESS_KEY_ID": UNKNOWN_KEY}
_SAYS_NOTHING: Final = "No response body"

_T = TypeVar("_T")


@dataclass(frozen=True)
class S3Store:
    """A store of buckets; small, picklable, connected at its first use in every process.

    Attributes:
        options: How it is reached.
        region: The region of its buckets, resolved.
        endpoint: Its address, resolved; None: AWS's own.
    """

    options: S3Options
    region: str
    endpoint: str | None

    def __getstate__(self) -> dict[str, Any]:
        return {"options": self.options, "region": self.region, "endpoint": self.endpoint}

    @property
    def address(self) -> str:
        """Where it is, for messages."""
        return self.endpoint or f"https://s3.{self.region}.amazonaws.com"

    @cached_property
    def login(self) -> S3Login:
        """Whose the requests are, for all threads of this process."""
        return S3Login(self.options)

    @cached_property
    def client(self) -> BaseClient:
        """What writes and deletes: botocore's, for all threads of this process."""
        from botocore import UNSIGNED
        from botocore.config import Config
        from botocore.session import Session

        options = self.options
        given: dict[str, Any] = {"signature_version": UNSIGNED} if options.anon else {}
        if options.checksums is not None:
            given["request_checksum_calculation"] = options.checksums
            given["response_checksum_validation"] = options.checksums
        session = Session()
        session.register_component("credential_provider", self.login)
        client = session.create_client(
            "s3",
            region_name=self.region,
            endpoint_url=self.endpoint,
            config=Config(
                retries={"mode": "standard", "total_max_attempts": options.attempts},
                connect_timeout=_CONNECT_TIMEOUT_S,
                read_timeout=_READ_TIMEOUT_S,
                max_pool_connections=_CONNECTIONS,
                **given,
            ),
        )
        self.login.listen(client)
        return client

    @property
    def reader(self) -> fs.S3FileSystem:
        """What reads and lists: Arrow's, with the credentials of the moment.

        It is made in every process: pickled, it would forget how often to try.

        Raises:
            CredentialsError: They have ended and cannot be renewed.
        """
        return self._reader_of(self.login.current())

    def _reader_of(self, keys: Keys | None) -> fs.S3FileSystem:
        known, reader = self.__dict__.get("_reader", (None, None))
        if reader is None or known != keys:
            reader = self._make_reader(keys)
            self.__dict__["_reader"] = keys, reader
        return reader

    def _make_reader(self, keys: Keys | None) -> fs.S3FileSystem:
        scheme, _, host = (self.endpoint or "https://").partition("://")
        return fs.S3FileSystem(
            access_key=keys.key.reveal() if keys else None,
            secret_key=keys.secret.reveal() if keys else None,
            session_token=keys.token.reveal() if keys and keys.token else None,
            anonymous=keys is None,
            region=self.region,
            scheme=scheme,
            endpoint_override=host or None,
            connect_timeout=_CONNECT_TIMEOUT_S,
            request_timeout=_READ_TIMEOUT_S,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=self.options.attempts),
        )

    def read(self, path: str, ask: Callable[[fs.S3FileSystem], _T]) -> _T:
        """What Arrow's filesystem says of a path.

        Raises:
            CredentialsError: The credentials have expired, or there are none.
            OSError: As Arrow raises it.
        """
        keys = self.login.current()
        try:
            answer = ask(self._reader_of(keys))
        except OSError as error:
            check_reached(error, self.address)
            self._check_login(error, keys, path)
            raise
        self.login.accepted(keys)
        return answer

    def _check_login(self, error: OSError, keys: Keys | None, path: str) -> None:
        """Raises a CredentialsError where it is the credentials that Arrow's error is about."""
        if not _REFUSED.search(str(error)):
            return
        if keys is None and not self.options.anon:
            self.login.current(needed=True)
            raise expired("the request had none yet")
        told = _CODE.search(str(error))
        if told is not None:
            code = told[1] or _AS_BOTOCORE[told[2]]
            self.login.refused(keys, code, code)
        elif _SAYS_NOTHING in str(error):  # to a HEAD; the same is asked so that the store says why
            bucket, key = _split(path)
            try:
                with as_os_errors():
                    self.client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
            except CredentialsError:
                raise
            except OSError:  # it is about the path
                pass
        if self.login.current() != keys:
            raise expired("others have come meanwhile")

    def check_bucket(self, path: str) -> None:
        """Raises FileNotFoundError if there is no such bucket."""
        bucket, key = _split(path)
        # Unlike a HEAD, a store says why it refuses this; below a prefix it may be allowed.
        below = f"{key}/" if key else ""
        with as_os_errors():
            self.client.list_objects_v2(Bucket=bucket, Prefix=below, MaxKeys=1)

    def put(self, path: str, data: bytes | pa.Buffer) -> None:
        """Writes an object in one request."""
        bucket, key = _split(path)
        with as_os_errors():
            self.client.put_object(Bucket=bucket, Key=key, Body=bytes(data))

    def put_new(self, path: str, data: bytes) -> bool:
        """Writes an object unless it is there already; False: it is.

        A store that does not know such conditions writes it all the same: look for it first.
        """
        if self.conditional:
            written = self._put_if(path, data, None, IfNoneMatch="*")
            if written is not None:
                return written
        self.put(path, data)
        return True

    def put_over(self, path: str, data: bytes, tag: str) -> bool:
        """Writes over an object if it still is the one that had this tag; False: it is not.

        A store that does not know such conditions writes it whatever is there.
        """
        if self.conditional and tag:
            written = self._put_if(path, data, tag, IfMatch=tag)
            if written is not None:
                return written
        self.put(path, data)
        return True

    def _put_if(self, path: str, data: bytes, tag: str | None, **condition: str) -> bool | None:
        """Writes an object on a condition; None: the store does not know it.

        Args:
            path: The path of the object.
            data: Its content.
            tag: That the object has where the condition holds; None: there is no object then.
            condition: The same as botocore has it.
        """
        bucket, key = _split(path)
        for _ in range(_REFUSALS):
            try:
                with as_os_errors():
                    self.client.put_object(Bucket=bucket, Key=key, Body=data, **condition)
                return True
            except FileExistsError:
                if self._tag(path) != tag:
                    return False
            except OSError as error:
                if isinstance(error, FileNotFoundError) and "IfMatch" in condition:
                    return False  # there is none that could be replaced
                if error.errno not in _UNKNOWN_CONDITION:
                    raise
                break
        self.__dict__["conditional"] = False
        return None

    def _tag(self, path: str) -> str | None:
        """What tells an object from what is written over it; None: there is none."""
        try:
            return self.get(path)[1]
        except FileNotFoundError:
            return None

    @cached_property
    def conditional(self) -> bool:
        """Whether the store knows conditions, as far as this process has heard."""
        return True

    def get(self, path: str) -> tuple[bytes, str]:
        """An object and the tag of its content, from one request."""
        bucket, key = _split(path)
        with as_os_errors():
            answer = self.client.get_object(Bucket=bucket, Key=key)
            return answer["Body"].read(), answer.get("ETag", "")

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

    def writing_parts(self, path: str) -> AbstractContextManager[PartFile]:
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

    def abort_uploads(self, path: str, begins: bool = False) -> None:
        """Aborts the unfinished uploads of an object, or of all that begin with a path.

        A writer that was killed leaves its parts behind, which cost and are not listed. A store
        that does not tell of them, or not to everyone, is left alone.
        """
        bucket, key = _split(path)
        with suppress(OSError), as_os_errors():
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=bucket, Prefix=key
            )
            for one in [upload for page in pages for upload in page.get("Uploads", ())]:
                if begins or one["Key"] == key:
                    self.client.abort_multipart_upload(
                        Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"]
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
            region = _region_of(bucket)
        store = S3Store(options, region or _ANY_REGION, None if amazon else endpoint)
        _ = store.client  # what cannot be is told now
    retrying(soon=True)(lambda: store.reader)
    return store


def _region_of(bucket: str) -> str:
    try:
        return str(fs.resolve_s3_region(bucket))
    except OSError as error:
        check_reached(error, "https://s3.amazonaws.com")
        raise


def _split(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("/")
    return bucket, key
