"""Folders, wherever they are: on this machine, in a bucket, behind fsspec."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

import pyarrow as pa
from pyarrow import fs

from raydrift.errors import SettingsError


@dataclass(frozen=True)
class Place:
    """A folder on a filesystem; small, picklable, and opened nowhere.

    Attributes:
        filesystem: pyarrow's filesystem.
        path: The folder's path on it, without a slash at the end.
        uri: The folder as the user wrote it.
    """

    filesystem: fs.FileSystem
    path: str
    uri: str

    @classmethod
    def of(cls, uri: str | os.PathLike[str]) -> "Place":
        """The place of a local path or of a URI (``s3://``, ``gs://``, or one that fsspec knows).

        Raises:
            SettingsError: Nothing here knows the URI's scheme, or how to reach it.
        """
        uri = os.fspath(uri)
        scheme, separator, _ = uri.partition("://")
        if not separator or scheme == "file":
            path = unquote(uri.removeprefix("file://")) if separator else uri
            path = os.path.abspath(os.path.expanduser(path))
            return cls(fs.LocalFileSystem(), path.rstrip("/") or "/", uri)
        filesystem, path = _open_uri(uri, scheme)
        return cls(filesystem, path.rstrip("/"), uri)

    @property
    def is_local(self) -> bool:
        """Whether this is a folder of the machine's own filesystem."""
        return isinstance(self.filesystem, fs.LocalFileSystem)

    def __truediv__(self, name: str) -> "Place":
        """A folder or a file in this folder."""
        path = f"{self.path.rstrip('/')}/{name}" if self.path else name
        uri = self.uri if self.uri.endswith("/") else self.uri + "/"
        return Place(self.filesystem, path, uri + name)

    def __str__(self) -> str:
        return redacted(self.uri)

    def info(self) -> fs.FileInfo:
        """What is there: a file, a folder or nothing."""
        return self.filesystem.get_file_info(self.path)

    def is_file(self) -> bool:
        """Whether a file is there."""
        return bool(self.info().type == fs.FileType.File)

    def files(self) -> list[fs.FileInfo]:
        """The files directly in this folder; none if it is not there."""
        selector = fs.FileSelector(self.path, allow_not_found=True)
        infos = self.filesystem.get_file_info(selector)
        return [info for info in infos if info.type == fs.FileType.File]

    def names(self) -> dict[str, int]:
        """The files directly in this folder: name to size in bytes."""
        return {info.base_name: info.size for info in self.files()}

    def create(self) -> None:
        """Makes this folder and those above it."""
        self.filesystem.create_dir(self.path, recursive=True)

    def read_bytes(self) -> bytes:
        """The whole content of this file."""
        if self.is_local:
            return Path(self.path).read_bytes()
        with self.filesystem.open_input_stream(self.path) as stream:
            return bytes(stream.read())

    def write_bytes(self, data: bytes | pa.Buffer) -> None:
        """Writes this file whole or not at all."""
        with self.writing() as sink:
            sink.write(data)

    @contextmanager
    def writing(self) -> Iterator[pa.NativeFile]:
        """Opens this file for writing; it appears whole when the block ends, or not at all.

        It is written under another name and moved. S3 is written to directly: it shows an object
        only when its upload is complete, and can't move one of more than 5 GB.
        """
        if isinstance(self.filesystem, fs.S3FileSystem):
            with self._writing_to_s3() as sink:
                yield sink
            return
        name = self.path.rpartition("/")[2]
        folder = self.path.removesuffix(name)
        aside = f"{folder}.{name}.{uuid4().hex[:8]}.tmp"
        try:
            with self.filesystem.open_output_stream(aside) as sink:
                yield sink
            self.filesystem.move(aside, self.path)
        except BaseException:
            with suppress(OSError):
                self.filesystem.delete_file(aside)
            raise

    @contextmanager
    def _writing_to_s3(self) -> Iterator[pa.NativeFile]:
        with self.filesystem.open_output_stream(self.path) as sink:
            try:
                yield sink
            except BaseException:
                sink.close()  # which shows what was written so far, so it has to go again
                self.filesystem.delete_file(self.path)
                raise

    def delete(self) -> None:
        """Deletes this file or this folder with all that is in it; nothing there is no error."""
        match self.info().type:
            case fs.FileType.File:
                self.filesystem.delete_file(self.path)
            case fs.FileType.Directory:
                self.filesystem.delete_dir(self.path)


def redacted(uri: str) -> str:
    """The URI without the credentials that it may have before its host.

    >>> redacted("s3://key:secret@bucket/photos")
    's3://***@bucket/photos'
    """
    return re.sub(r"://[^/]*@", "://***@", uri)


def _open_uri(uri: str, scheme: str) -> tuple[fs.FileSystem, str]:
    try:
        filesystem, path = fs.FileSystem.from_uri(uri)
        return filesystem, path
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    except OSError as error:
        raise SettingsError(f"{redacted(uri)}: {redacted(' '.join(str(error).split()))}") from None
    import fsspec

    try:
        inner, path = fsspec.core.url_to_fs(uri)
    except ValueError:
        known = "a local path, s3://, gs:// or a scheme that fsspec knows"
        raise SettingsError(f"{redacted(uri)}: unknown scheme {scheme}://: give {known}") from None
    except ImportError as error:
        raise SettingsError(f"{redacted(uri)}: {error}") from None
    return fs.PyFileSystem(fs.FSSpecHandler(inner)), path
