"""Numbers and names as people read them."""

import math

from raydrift.text import printable


def level_name(level: float) -> str:
    """A level as it is written: ``0.1``, ``1``."""
    return f"{level:.12g}"


def number(value: float) -> str:
    """A figure with three digits, as people write it.

    >>> [number(value) for value in (0.29713, 0.8, 0.00002, 0, 12345.6, -0.0125, float("nan"))]
    ['0.297', '0.800', '<0.001', '0', '12,346', '−0.0125', '–']
    """
    if math.isnan(value):
        return "–"
    if value < 0:
        return "−" + number(-value)
    if 0 < value < 0.001:
        return "<0.001"
    if value >= 999.5:
        return f"{value:,.0f}"
    return f"{value:#.3g}".removesuffix(".") if value else "0"


def shortened(name: str, most: int) -> str:
    """A name in one line of so many letters at most; what is left out is in the middle.

    >>> shortened("n02099601_golden_retriever", 15)
    'n020996…triever'
    """
    line = printable(" ".join(name.split()))
    if len(line) <= most:
        return line
    end = (most - 1) // 2
    return line[: most - 1 - end] + "…" + line[len(line) - end :]
