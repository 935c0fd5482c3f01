"""Row numbers that follow one another: nothing is kept of them but the first."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Consecutive:
    """The rows first, first + 1, …; to be indexed as an array of them.

    Attributes:
        first: Row of sample 0.

    >>> Consecutive(10)[3]
    13
    """

    first: int = 0

    def __getitem__(self, samples: Any) -> Any:
        """The row of a sample, or the rows of an array of them."""
        return samples + self.first
