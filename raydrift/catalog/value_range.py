"""The value ranges of a run, from some of its images, where the settings do not give them.

What a file's tags say of its samples is their kind, not which values they take: a camera's 12 bits
come in 16, a scanner's values have a sign, floats have any unit. One image does not tell it either,
so the whole run has one range for each kind, and every worker is told.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from math import ceil, floor, log10
from typing import IO, Final, cast

import numpy as np
import pyarrow.compute as pc

from raydrift.catalog.catalog import Catalog
from raydrift.errors import ImageError
from raydrift.images.deep import is_deep_file
from raydrift.images.isolated_decoder import IsolatedDecoder
from raydrift.images.value_range import Values, bits_of, promised
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.ranges import Range
from raydrift.text import plural

IMAGES: Final = 64
"""Files of each of these groups that are looked at, spread over the input."""

SUFFIXES: Final = ((".tif", ".tiff"), (".png",), (".pgm", ".pnm", ".pfm"), (".jp2", ".j2k"))
"""Formats that may have more than 8 bits a sample."""

_PATHS: Final = 2**16  # that are looked at, of any number
_MOST_BYTES: Final = 2**29
_READERS: Final = 16
_ODD: Final = 0.02  # of the images, on either side, do not count
_OVERSHOOT: Final = 0.05  # that resampling leaves beyond 0 and 1


def with_value_range(
    settings: GenerateSettings,
    catalog: Catalog,
    earlier: Callable[[], Mapping[str, Range] | None] = lambda: None,
    promised_too: bool = False,
) -> tuple[GenerateSettings, list[str]]:
    """The settings with the value ranges of the input's kinds of samples.

    Args:
        settings: The run's settings; a range that they give is left as it is.
        catalog: The input. Only files whose names and headers say that they have more than 8 bits
            a sample are read.
        earlier: Returns the ranges that this run found when it began, None if it begins now. They
            hold to its end, whatever has become of the input since.
        promised_too: Give also the ranges that are those that a kind promises.

    Returns:
        The settings, and a sentence for each range that is not what its kind promises.
    """
    given = settings.image.value_range
    if settings.raw is not None or isinstance(given, tuple) or not _may_be_deep(catalog):
        return settings, []
    ranges, notes = dict(given or {}), []
    known = earlier()
    if known is not None:
        ranges = {**known, **ranges}
    else:
        found: dict[str, list[Values]] = {}
        for values in _values(settings, catalog):
            found.setdefault(values.kind, []).append(values)
        for kind, several in sorted(found.items()):
            here = range_in(kind, several)
            if kind in ranges:
                continue
            if here != promised(kind):
                notes.append(_told(kind, here, len(several)))
            if promised_too or here != promised(kind):
                ranges[kind] = here
    if not ranges:
        return settings, []
    return replace(settings, image=replace(settings.image, value_range=ranges)), notes


def _told(kind: str, here: Range, images: int) -> str:
    by = plural(images, "image")
    return (
        f"{kind} values are drawn from {here[0]:g} (black) to {here[1]:g} (white), "
        f"as found in {by} of the input: set image.value_range to choose"
    )


def _may_be_deep(catalog: Catalog) -> bool:
    """Whether the name of any file says that it may have more than 8 bits a sample."""
    endings = "|".join(re.escape(one) for suffixes in SUFFIXES for one in suffixes)
    named = pc.match_substring_regex(catalog.table["path"], f"(?i)({endings})$")
    return bool(pc.any(named).as_py())


def range_in(kind: str, found: Sequence[Values]) -> Range:
    """The range of a kind of sample, by what some images of it have.

    Integers from 0 on get the smallest number of bits that holds them. Floats are 0 to 1, or -1 to
    1, where most images keep to that. All else spans what the images span.
    """
    low = _but_odd([values.low for values in found])
    high = -_but_odd([-values.high for values in found])
    name, bits = bits_of(kind)
    if name == "float":
        for first in (0.0, -1.0):
            ends = first - _OVERSHOOT, 1 + _OVERSHOOT
            kept = [ends[0] <= values.low and values.high <= ends[1] for values in found]
            if 2 * sum(kept) >= len(found):
                return first, 1.0
        for white in (255.0, 65_535.0):
            if low >= 0 and white / 2 < high <= white:
                return 0.0, white
    elif low >= 0:
        most = bits if name == "uint" else bits - 1
        return 0.0, next(
            float(2**fewer - 1) for fewer in (*range(8, most, 2), most) if high <= 2**fewer - 1
        )
    elif high - low > 2 ** (bits - 1):
        return -float(2 ** (bits - 1)), float(2 ** (bits - 1) - 1)
    return _round_ends(low, high) if low < high else promised(kind)


def _but_odd(lows: Sequence[float]) -> float:
    return sorted(lows)[int(_ODD * len(lows))]


def _round_ends(low: float, high: float) -> Range:
    """The next round numbers outside: they say more, and other images may have a little more.

    >>> _round_ends(-790, 2880), _round_ends(0.21, 4.7)
    ((-1000.0, 3000.0), (0.0, 5.0))
    """
    quarter = (high - low) / 4
    power = 10.0 ** floor(log10(quarter))
    step = power * max(digit for digit in (1, 2, 5) if digit * power <= quarter * (1 + 1e-9))
    return float(f"{floor(low / step) * step:.6g}"), float(f"{ceil(high / step) * step:.6g}")


def _values(settings: GenerateSettings, catalog: Catalog) -> Iterator[Values]:
    """What some of the input's images of more than 8 bits have in them."""
    with closing(IsolatedDecoder()) as decoder:
        for path in _deep_files(catalog):
            try:
                content = catalog.root.at(path).read_bytes(settings.image.max_bytes)
                values = decoder(content, settings.image).values
            except (OSError, ValueError, ImageError):  # the run will say so
                continue
            if values is not None:
                yield values


def _deep_files(catalog: Catalog) -> Iterator[str]:
    """Some files of more than 8 bits a sample, as their headers tell."""
    rows = np.unique(np.linspace(0, len(catalog) - 1, _PATHS).astype(np.int64))
    paths = catalog.table["path"].take(rows).to_pylist()
    sizes = catalog.table["size"].take(rows).to_pylist()
    for suffixes in SUFFIXES:
        named = [place for place, path in enumerate(paths) if path.lower().endswith(suffixes)]
        step = max(1, ceil(len(named) / IMAGES))
        chosen = named[step // 2 :: step]
        with ThreadPoolExecutor(_READERS) as pool:
            deep = pool.map(lambda place: _is_deep(catalog, paths[place]), chosen)
        left = _MOST_BYTES
        for place in [place for place, is_deep in zip(chosen, deep, strict=True) if is_deep]:
            if left > 0:
                left -= sizes[place]
                yield paths[place]


def _is_deep(catalog: Catalog, path: str) -> bool:
    try:
        place = catalog.root.at(path)
        with place.filesystem.open_input_file(place.path) as file:
            return is_deep_file(cast(IO[bytes], file))
    except Exception:  # whatever it is, the run will say so
        return False
