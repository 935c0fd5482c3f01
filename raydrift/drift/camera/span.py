"""Spans: between what a parameter lies."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Span(NamedTuple):
    """The least and the most of a parameter: numbers, or rows of numbers of a matrix."""

    least: Any
    most: Any

    def nearest(self, value: Any) -> Any:
        """The value in the span that is nearest to another one, of each number by itself.

        >>> Span(0.0, 1.5).nearest(2)
        1.5
        """
        if isinstance(self.least, float | int):
            return min(max(value, self.least), self.most)
        return [Span(*ends).nearest(one) for *ends, one in zip(*self, value, strict=True)]


Spans = Mapping[str, Span]
"""By the name of a parameter."""
