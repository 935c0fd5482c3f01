"""Reading files ahead of their use, within a bound on the memory that they take."""

import errno
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Condition
from typing import Any, Final

from raydrift.errors import ImageError, PipelineError, reason
from raydrift.paths import CredentialsError, FileRange, StoragePath, may_pass, redacted

READ_AHEAD_BYTES: Final = 2**26
"""How many bytes of files wait to be decoded, at most; one file alone may have more."""

_REMOTE_READS: Final = 32
_LOCAL_READS: Final = 4
_LOCAL_BATCH: Final = 4  # files a thread reads at once: to wake one costs as much as a small file

_Content = bytes | ImageError


class Reader:
    """Reads files ahead of their use, a few at once, many from object stores.

    Its threads stay: new ones for every shard would leave a little memory behind each time.

    Args:
        source: Where relative paths start from.
        max_bytes: A larger file is not read.
        max_memory: Nor is one of more bytes than this, which decoding it would take at least.
        ahead: Bytes that may wait to be used.
    """

    def __init__(
        self,
        source: StoragePath,
        max_bytes: int,
        max_memory: int | None = None,
        ahead: int = READ_AHEAD_BYTES,
    ) -> None:
        self._source = source
        self._max_bytes = max_bytes
        self._max_memory = max_memory
        self._ahead_bytes = ahead
        self._ahead = _LOCAL_READS if source.is_local else _REMOTE_READS
        self._batch = _LOCAL_BATCH if source.is_local else 1
        self._pool = ThreadPoolExecutor(self._ahead)

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process has threads of its own."""
        return Reader, (self._source, self._max_bytes, self._max_memory, self._ahead_bytes)

    def fetch(self, paths: Sequence[str | FileRange]) -> Iterator[_Content]:
        """Yields each file's content in order, or that of a range of it, or why it was not read.

        No content is kept here once it was given away.

        Raises:
            PipelineError: The credentials have expired, and no others are to be had.
        """
        room = _Room(self._ahead_bytes)
        waiting: deque[tuple[int, Future[_Content]]] = deque()
        most = (self._ahead + 1) * self._batch
        submitted = 0
        try:
            while submitted < len(paths) or waiting:
                while submitted < len(paths) and len(waiting) <= most - self._batch:
                    places = range(submitted, min(submitted + self._batch, len(paths)))
                    files = [(place, Future[_Content]()) for place in places]
                    self._pool.submit(self._read_all, paths, deque(files), room)
                    waiting.extend(files)
                    del files  # or the last batch stays until its shard ends
                    submitted = places.stop
                yield room.taken(*waiting.popleft())
        finally:
            room.close()

    def _read_all(
        self,
        paths: Sequence[str | FileRange],
        files: deque[tuple[int, "Future[_Content]"]],
        room: "_Room",
    ) -> None:
        while files:
            place, file = files.popleft()
            try:
                file.set_result(self._read(paths[place], place, room))
            except BaseException as error:  # whoever waits for the file is told
                file.set_exception(error)
            del file  # its content is whose it was given to, while the next file is read

    def _read(self, path: str | FileRange, place: int, room: "_Room") -> _Content:
        try:
            admit = partial(self._admit, place, room)
            file = FileRange(path) if isinstance(path, str) else path
            return file.read(self._source, self._max_bytes, admit)
        except CredentialsError as error:  # which no image is to blame for
            raise PipelineError(
                f"input {self._source} cannot be read: {redacted(reason(error))}: "
                "what is finished is kept, the same command goes on"
            ) from None
        except (OSError, ValueError) as error:  # a NUL byte in a manifest's path is the latter
            return ImageError("read", redacted(reason(error)), may_pass(error))

    def _admit(self, place: int, room: "_Room", size: int) -> None:
        if self._max_memory is not None and size > self._max_memory:
            words = f"{size} bytes are more than image.max_memory = {self._max_memory}"
            raise OSError(errno.EFBIG, words)
        room.wait(place, size)


class _Room:
    """The memory for the files of one shard that were read and not used yet.

    The file that is waited for always has room, and it is always being read: no reader waits for
    ever.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: dict[int, int] = {}
        self._held = 0
        self._wanted = -1
        self._closed = False
        self._changed = Condition()

    def wait(self, place: int, size: int) -> None:
        """Waits until there is room for a file; a reader that tries again keeps its own."""
        with self._changed:
            self._held -= self._sizes.pop(place, 0)
            self._changed.wait_for(
                lambda: self._closed or place == self._wanted or self._held + size <= self._most
            )
            if self._closed:
                raise ValueError("nobody waits for this file any more")
            self._sizes[place] = size
            self._held += size

    def taken(self, place: int, file: "Future[_Content]") -> _Content:
        """Waits for a file, and gives it away."""
        if not file.done():
            self._want(place)
        try:
            return file.result()
        finally:
            with self._changed:
                self._held -= self._sizes.pop(place, 0)
                self._wanted = -1
                self._changed.notify_all()

    def _want(self, place: int) -> None:
        with self._changed:
            self._wanted = place
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody takes any more files."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
