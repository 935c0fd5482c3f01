"""How the pieces of a large work are run: here in threads, or as somebody else can."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

ParallelMap = Callable[[Callable[[Any], Any], Iterable[Any], int], Generator[Any]]
"""Calls a function with each item, some at once; yields the results in the items' order.

It takes an item only when there is room, so that few are under way or waiting to be asked for. The
number says how many threads are of use where they are of one process.
"""


def in_threads(work: Callable[[Any], Any], items: Iterable[Any], threads: int) -> Generator[Any]:
    """A ``ParallelMap`` over threads of this process."""
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
