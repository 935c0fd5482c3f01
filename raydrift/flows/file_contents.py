"""The content of the files of a flow, on this machine or in a bucket."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from raydrift.errors import ImageError, PipelineError, SettingsError, reason
from raydrift.paths.secrecy import conceal, redacted, reveal

if TYPE_CHECKING:
    from raydrift.paths import StoragePath

_AT_ONCE: Final = 32  # files of a bucket that are read side by side
_FOLDERS: Final = 256  # of a bucket, that stay open


class FileContents:
    """Reads files by their paths or URIs, those of buckets ahead of their use.

    It can be pickled; each process opens buckets by itself.

    Args:
        directory: The folder that most are in, as it was given; its URI may say how to get there.
        storage_options: How buckets are reached; the values are kept as ``Secret``s.
    """

    def __init__(
        self, directory: str = "", storage_options: Mapping[str, Any] | None = None
    ) -> None:
        self._directory = directory.rstrip("/")
        self._options: dict[str, Any] = conceal(storage_options or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return FileContents, (self._directory, self._options)

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            ImageError: It cannot be read.
            PipelineError: There are no credentials, or they have expired.
            SettingsError: Nothing here knows the URI's scheme, or how to reach it.
        """
        try:
            if "://" not in path:
                return Path(path).read_bytes()
            return self._place(path).read_bytes()
        except SettingsError:
            raise
        except (OSError, ValueError) as error:  # a NUL byte in a path is the latter
            from raydrift.paths import CredentialsError

            words = redacted(reason(error))
            if isinstance(error, CredentialsError):  # which no image is to blame for
                raise PipelineError(f"{redacted(path)} cannot be read: {words}") from None
            raise ImageError("read", words) from error

    def ahead(self, paths: Iterable[str]) -> Iterator[bytes | ImageError]:
        """The content of each file, or why it cannot be read; in order.

        Raises:
            PipelineError, SettingsError: As ``read``.
        """
        waiting: deque[Future[bytes]] = deque()
        try:
            for path in paths:
                waiting.append(self._pool.submit(self.read, path))
                if len(waiting) > _AT_ONCE:
                    yield _outcome(waiting.popleft())
            while waiting:
                yield _outcome(waiting.popleft())
        finally:
            for one in waiting:
                one.cancel()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_AT_ONCE)

    def _place(self, path: str) -> "StoragePath":
        if self._directory and path.startswith(f"{self._directory}/"):
            return self._folder(self._directory) / path[len(self._directory) + 1 :]
        folder, _, name = path.rpartition("/")
        return self._folder(folder) / name

    @cached_property
    def _folder(self) -> "Callable[[str], StoragePath]":
        from raydrift.paths import StoragePath

        options = reveal(self._options)

        def opened(uri: str) -> StoragePath:
            return StoragePath.of(uri, options)

        return lru_cache(_FOLDERS)(opened)


def _outcome(one: "Future[bytes]") -> bytes | ImageError:
    try:
        return one.result()
    except ImageError as error:
        return error
