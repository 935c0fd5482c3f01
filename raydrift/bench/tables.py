"""What the tables of figures have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Self

from rich.table import Table

MIB: Final = 2**20


@dataclass(frozen=True)
class MedianAndRange:
    """Several readings of one thing."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, readings: Sequence[float]) -> Self:
        """The spread of some readings.

        >>> MedianAndRange.of([3.0, 1.0, 2.0])
        MedianAndRange(median=2.0, least=1.0, most=3.0)
        """
        return cls(median(readings), min(readings), max(readings))

    def shown(self, digits: int) -> str:
        """With so many digits after the point.

        >>> MedianAndRange(2.0, 1.0, 3.0).shown(1)
        '2.0 (1.0 to 3.0)'
        """
        least, most = number(self.least, digits), number(self.most, digits)
        return f"{number(self.median, digits)} ({least} to {most})"


def new_table(title: str, *columns: str) -> Table:
    """A table of numbers."""
    table = Table(title=title, title_justify="left", caption_justify="left")
    for name in columns:
        table.add_column(name, justify="right")
    return table


def two_columns(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    """A table of names and what is to be said of them."""
    table = new_table(title)
    table.show_header = False
    for row in rows:
        table.add_row(*row)
    return table


def number(value: float | None, digits: int) -> str:
    """A number, or a dash.

    >>> number(1234.56, 1), number(None, 1)
    ('1,234.6', '–')
    """
    return "–" if value is None else f"{value:,.{digits}f}"


def percent(fraction: float | None) -> str:
    """A fraction in percent, or a dash."""
    return "–" if fraction is None else f"{100 * fraction:.1f} %"


def milliseconds(seconds: float | None) -> str:
    """Seconds, told in milliseconds, or a dash."""
    return "–" if seconds is None else f"{1000 * seconds:.2f} ms"


def rate(images_per_second: float | None) -> str:
    """A rate, or why there is none."""
    if images_per_second is None:
        return "too short to tell: give a larger --count"
    return f"{number(images_per_second, 1)} images/s"
