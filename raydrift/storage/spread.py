"""How the pieces of a large work are run: here in threads, or as somebody else can."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Generator[Any]]
"""Calls a function with each item, some at once; yields the results in the items' order.

It takes an item only when there is room, so that few are under way or waiting to be asked for.
"""

_LEAST: Final = 4  # what waits for a network needs no CPU
_MOST: Final = 8  # each has a range in memory


def in_threads(
    work: Callable[[Any], Any], items: Iterable[Any], threads: int | None = None
) -> Generator[Any]:
    """A ``Spread`` over threads of this process; by default about as many as there are CPUs."""
    threads = threads or max(_LEAST, min(_MOST, _cpus()))
    waiting: deque[Future[Any]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _cpus() -> int:
    """CPUs that this process may run on; a container seldom has all of its machine's."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
