"""What levels an image can have, as far as its file tells."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import numpy.typing as npt

Span = tuple[float, float]

_SPAN: ContextVar[Span | None] = ContextVar("_SPAN", default=None)


def span_of(x: npt.NDArray[Any]) -> Span | None:
    """The range of an image of 8 or 16 bits; None: only its levels tell.

    >>> span_of(np.zeros(3, np.uint8)), span_of(np.zeros(3, np.float32))
    ((0.0, 255.0), None)
    """
    if x.dtype not in (np.uint8, np.uint16):
        return None
    return 0.0, float(np.iinfo(x.dtype).max)


@contextmanager
def within(span: Span | None) -> Iterator[None]:
    """The image that is augmented in this thread has these levels, until the end of the block."""
    before = _SPAN.set(span)
    try:
        yield
    finally:
        _SPAN.reset(before)


def known_span() -> Span | None:
    """The range of the image that is augmented in this thread; None: not known."""
    return _SPAN.get()
