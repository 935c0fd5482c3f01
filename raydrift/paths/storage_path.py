"""``StoragePath``: a folder or a file, wherever it is."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import fs

from raydrift.paths.aside import unfinished_of, written_aside
from raydrift.paths.opening import open_uri
from raydrift.paths.parts import PartFile, in_order, positioned
from raydrift.paths.reading import read_first, read_whole
from raydrift.paths.reopened import ReopenedFile
from raydrift.paths.retries import may_pass, retrying
from raydrift.paths.s3 import S3Store
from raydrift.paths.s3_upload import LARGEST_UPLOAD
from raydrift.paths.secrecy import redacted
from raydrift.paths.sinks import Sink, SmallWrites
from raydrift.paths.sync import (
    LocalFile,
    Sync,
    make_folder,
    remove_empty,
    sync_file,
    sync_folder,
)

_DELETERS: Final = 16

_T = TypeVar("_T")


@dataclass(frozen=True)
class StoragePath:
    """A folder or file on a filesystem; small, picklable, and opened nowhere.

    Failures that may pass (a broken connection, a busy server) are tried again, with growing
    pauses.

    Attributes:
        connection: pyarrow's filesystem; on S3 it is the store's, with credentials of the moment.
        path: The path on it, without a slash at the end.
        uri: The place as the user wrote it, without a login.
        s3: The store, if it is on S3.
        hurried: Whether failures are told soon, for who has a loop of tries of his own.
    """

    connection: fs.FileSystem | None = field(repr=False)
    path: str
    uri: str = field(repr=False)
    s3: S3Store | None = None
    hurried: bool = False

    @classmethod
    def of(
        cls, uri: str | os.PathLike[str], options: Mapping[str, Any] | None = None
    ) -> "StoragePath":
        """The place of a local path or of a URI (``s3://``, ``gs://``, or one that fsspec knows).

        Args:
            uri: Path or URI.
            options: How a remote filesystem is reached: ``S3Options`` for S3, else what the
                scheme's fsspec filesystem takes.

        Raises:
            SettingsError: Nothing here knows the URI's scheme, or how to reach it.
        """
        uri = os.fspath(uri)
        scheme, separator, _ = uri.partition("://")
        if not separator or scheme == "file":
            path = unquote(uri.removeprefix("file://")) if separator else uri
            path = os.path.abspath(os.path.expanduser(path))
            return cls(fs.LocalFileSystem(), path.rstrip("/") or "/", uri)
        filesystem, path, plain, s3 = open_uri(uri, scheme, options or {})
        return cls(filesystem, path.rstrip("/"), plain, s3)

    def __reduce__(self) -> tuple[Any, ...]:
        # On S3 every process makes a connection of its own.
        connection = self.connection if self.s3 is None else None
        return StoragePath, (connection, self.path, self.uri, self.s3, self.hurried)

    @property
    def filesystem(self) -> fs.FileSystem:
        """The filesystem as pyarrow has it, on S3 with the credentials of the moment: not for long.

        Raises:
            OSError: There are no such credentials.
        """
        if self.s3 is not None:
            return self.s3.reader
        return self.connection

    @property
    def is_local(self) -> bool:
        """Whether this is a folder of the machine's own filesystem."""
        return isinstance(self.connection, fs.LocalFileSystem)

    @property
    def largest_file(self) -> int | None:
        """Bytes of the largest file that can be written here; None: that is not known."""
        return LARGEST_UPLOAD if self.s3 is not None else None

    def __truediv__(self, name: str) -> "StoragePath":
        """A folder or a file in this folder."""
        path = f"{self.path.rstrip('/')}/{name}" if self.path else name
        uri = self.uri if self.uri.endswith("/") else self.uri + "/"
        return StoragePath(self.connection, path, uri + name, self.s3)

    def at(self, path: str) -> "StoragePath":
        """Another path on the same filesystem, or one from this folder if it is relative."""
        if path.startswith("/"):
            return StoragePath(self.connection, path, path, self.s3)
        return self / path

    def __str__(self) -> str:
        return redacted(self.uri)

    def info(self) -> fs.FileInfo:
        """What is there: a file, a folder or nothing."""
        return self._asking(lambda filesystem: filesystem.get_file_info(self.path))

    def is_file(self) -> bool:
        """Whether a file is there."""
        return bool(self.info().type == fs.FileType.File)

    def files(self) -> list[fs.FileInfo]:
        """The files directly in this folder; none if it is not there."""
        return [info for info in self.entries() if info.type == fs.FileType.File]

    def entries(self, recursive: bool = False) -> list[fs.FileInfo]:
        """All that is in this folder, or below it; nothing if it is not there."""
        selector = fs.FileSelector(self.path, allow_not_found=True, recursive=recursive)
        return self._asking(lambda filesystem: filesystem.get_file_info(selector))

    def names(self) -> dict[str, int]:
        """The files directly in this folder: name to size in bytes."""
        return {info.base_name: info.size for info in self.files()}

    def create(self) -> list["StoragePath"]:
        """Makes this folder and those above it; S3 has none, there the bucket has to be there.

        Returns:
            Those that were not there before, the deepest first; none where that is not known.
        """
        if self.is_local:
            return [self.at(folder) for folder in self._trying(partial(make_folder, self.path))]
        if self.s3 is not None:
            self._trying(partial(self.s3.check_bucket, self.path))
        else:
            self._trying(lambda: self.filesystem.create_dir(self.path, recursive=True))
        return []

    def read_bytes(
        self, most: int | None = None, admit: Callable[[int], None] | None = None
    ) -> bytes:
        """The whole content of this file.

        Args:
            most: A larger file is not read.
            admit: Is told the file's size before it is read, and may wait or raise.

        Raises:
            OSError: It cannot be read, or has more bytes than that.
        """
        return self._asking(lambda filesystem: read_whole(filesystem, self.path, most, admit))

    def check_readable(self, most: int | None = None) -> None:
        """Raises what ``read_bytes`` would, at the cost of the first byte."""
        self._asking(lambda filesystem: read_first(filesystem, self.path, most))

    def read_part(self, size: int, offset: int) -> bytes:
        """So many bytes of this file from an offset, or as many as there are."""

        def read(filesystem: fs.FileSystem) -> bytes:
            with filesystem.open_input_file(self.path) as file:
                return bytes(file.read_at(size, offset))

        return self._asking(read)

    def open(self) -> pa.NativeFile:
        """This file, to be read bit by bit; from a remote place all of it comes at once, now."""
        return self._asking(self._open)

    def _open(self, filesystem: fs.FileSystem) -> pa.NativeFile:
        file = filesystem.open_input_file(self.path)
        if self.is_local:
            return file
        with file:
            return pa.BufferReader(file.read_buffer())

    def open_here_and_there(self) -> pa.NativeFile:
        """This file, to be read here and there, for hours if need be, of which little is in memory.

        On S3 its credentials may end meanwhile: it is opened anew.
        """
        if self.s3 is None:
            return self._asking(lambda filesystem: filesystem.open_input_file(self.path))
        return pa.PythonFile(ReopenedFile(self._asking, self.path), mode="r")

    def write_bytes(self, data: bytes | pa.Buffer, sync: Sync = Sync.ALL) -> None:
        """Writes this file whole or not at all.

        Args:
            data: Its content.
            sync: What of it a power cut cannot take away any more, where this is a local disk.
        """
        if self.s3 is not None:
            self._trying(partial(self.s3.put, self.path, data))
        else:
            self._trying(lambda: self._write(data, sync))

    def _write(self, data: bytes | pa.Buffer, sync: Sync) -> None:
        with self.writing(sync=sync) as sink:
            sink.write(data)

    @contextmanager
    def writing(self, expected_bytes: int = 0, sync: Sync = Sync.ALL) -> Iterator[Sink]:
        """Opens this file for writing; it appears whole when the block ends, or not at all.

        It is written under another name and moved. To S3 it is one upload, which is completed or
        aborted.

        Args:
            expected_bytes: About how large the file will be, if that is known.
            sync: What of it a power cut cannot take away any more, where this is a local disk.
        """
        if self.s3 is not None:
            with self.s3.writing(self.path, expected_bytes) as upload:
                yield upload
            return
        aside = written_aside(self.filesystem, self.path, sync)
        if self.is_local:
            with aside as path, open(path, "xb", buffering=0) as file:
                yield SmallWrites(LocalFile(file.fileno()))
                if sync in (Sync.ALL, Sync.BYTES):
                    sync_file(file.fileno())
            return
        with aside as path, self.filesystem.open_output_stream(path) as sink:
            yield sink

    @contextmanager
    def writing_parts(self, size: int, parts: int) -> Iterator[PartFile]:
        """Opens this file to be written in parts; it appears as ``writing`` makes it appear.

        Where parts can't be written in any order, they are taken in theirs.

        Args:
            size: The size of the whole file.
            parts: How many there will be; what is less than one of S3's parts is one part.
        """
        if self.s3 is not None and self.s3.takes_uneven_parts and parts > 1:
            with self.s3.writing_parts(self.path) as file:
                yield file
        elif self.is_local and hasattr(os, "pwritev"):
            with (
                written_aside(self.filesystem, self.path) as aside,
                positioned(aside, size) as file,
            ):
                yield file
        else:
            with self.writing(size) as sink, in_order(sink) as file:
                yield file

    def write_new(self, data: bytes, sync: Sync = Sync.ALL) -> bool:
        """Writes this file unless it is there already; False: it is.

        Only this machine's disks and S3 are sure of that where two do it at once; of what only
        speaks like S3, not every store.

        Args:
            data: Its content.
            sync: What of it a power cut cannot take away any more, where this is a local disk.
        """
        if self.s3 is not None:
            return self._trying(partial(self.s3.put_new, self.path, data))
        if self.is_local:
            try:
                with Path(self.path).open("xb", buffering=0) as file:
                    LocalFile(file.fileno()).write(data)
                    if sync is not Sync.NONE:
                        sync_file(file.fileno())
            except FileExistsError:
                return False
            if sync is Sync.ALL:
                sync_folder(os.path.dirname(self.path))
            return True
        if self.is_file():
            return False
        self.write_bytes(data)
        return True

    def read_tagged(self) -> tuple[bytes, str]:
        """The content of this file, and what tells it from what is written over it."""
        if self.s3 is not None:
            return self._trying(partial(self.s3.get, self.path))
        return self.read_bytes(), ""

    def write_over(self, data: bytes, tag: str, sync: Sync = Sync.ALL) -> bool:
        """Writes over this file unless another content came after that of the tag; False: it did.

        Only S3 is sure of that, and not every store that speaks like it.

        Args:
            data: The new content.
            tag: As ``read_tagged`` returned it.
            sync: What of it a power cut cannot take away any more, where this is a local disk.
        """
        if self.s3 is not None:
            return self._trying(partial(self.s3.put_over, self.path, data, tag))
        self.write_bytes(data, sync)
        return True

    def remove_unfinished(self, names: Iterable[str], prefix: str | None = None) -> None:
        """Deletes what writers that were killed left of these files in this folder.

        Nobody else may be writing them: neither those of the names, nor those that begin with the
        prefix.
        """
        if self.s3 is not None:
            for name in names:
                self.s3.abort_uploads(f"{self.path}/{name}")
            if prefix is not None:
                self.s3.abort_uploads(f"{self.path}/{prefix}", begins=True)
            return
        exact, begins = set(names), prefix or "/"
        half = ((name, unfinished_of(name) or "") for name in self.names())
        self.delete_files(n for n, of in half if of in exact or of.startswith(begins))

    def delete(self) -> None:
        """Deletes this file or this folder with all that is in it; nothing there is no error."""
        if self.s3 is not None:
            if self.is_file():
                self._trying(partial(self.s3.delete, self.path))
            self._trying(partial(self.s3.delete_below, self.path))
            return
        match self.info().type:
            case fs.FileType.File:
                self._trying(lambda: self.filesystem.delete_file(self.path))
            case fs.FileType.Directory:
                self._trying(lambda: self.filesystem.delete_dir(self.path))

    def delete_files(self, names: Iterable[str]) -> None:
        """Deletes some files directly in this folder, however many; one that is gone is no error.

        Args:
            names: The names of the files, which should be there: on S3 a thousand are one request.
        """
        if self.s3 is not None:
            self._trying(partial(self.s3.delete_all, [f"{self.path}/{name}" for name in names]))
            return
        if self.is_local:
            for name in names:
                self._delete_file(name)
            return
        with ThreadPoolExecutor(_DELETERS) as pool:
            list(pool.map(self._delete_file, names))

    def _delete_file(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._trying(lambda: self.filesystem.delete_file(f"{self.path}/{name}"))

    def delete_if_empty(self) -> None:
        """Deletes this folder if nothing is in it; S3 has no folders."""
        if self.is_local:
            remove_empty([self.path])
        elif self.s3 is None and not self.entries():
            with suppress(FileNotFoundError):
                self._trying(lambda: self.filesystem.delete_dir(self.path))

    def _asking(self, ask: Callable[[fs.FileSystem], _T]) -> _T:
        """Asks pyarrow's filesystem, each time the one of the moment, see ``_trying``."""
        if self.s3 is not None:
            return self._trying(partial(self.s3.read, self.path, ask))
        return self._trying(lambda: ask(self.filesystem))

    def _trying(self, call: Callable[[], _T]) -> _T:
        """Calls until that does not fail, or fails for good; then as an OSError."""

        def as_file() -> _T:
            try:
                return call()
            except (OSError, ValueError):
                raise
            except Exception as error:  # fsspec's filesystems have errors of their own
                raise OSError(redacted(f"{type(error).__name__}: {error}")) from None

        try:
            return as_file()  # nearly always; counting tries costs as much as a small file
        except OSError as error:
            if not may_pass(error):
                raise
            return retrying(soon=self.is_local or self.hurried)(as_file)
