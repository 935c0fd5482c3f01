"""Is an input fit to train a generative network on? All that is wrong is told together."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from raydrift.errors import RejectedError
from raydrift.settings.output import FaultSettings
from raydrift.storage.shards import Rejected
from raydrift.text import plural

LEAST_IN_A_DOMAIN: Final = 10
LEAST_IN_A_CLASS: Final = 70

_SMALL_SHARE: Final = 0.5
_DUPLICATE_SHARE: Final = 0.5
_STRETCH: Final = 2.0

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Checked:
    """A domain as it was read.

    Attributes:
        name: Of the domain: ``source``, ``target`` or ``images``.
        facts: A row a usable image: ``path``, ``class_name``, ``width`` and ``height`` of the file
            in pixels, ``grey``, ``deviation``, ``content_crc``.
        rejected: The images that cannot be used.
    """

    name: str
    facts: pa.Table
    rejected: Sequence[Rejected] = ()


@dataclass(frozen=True)
class Findings:
    """What the checks found.

    Attributes:
        problems: What stands in the way of a training, a sentence each.
        notes: What is worth knowing, a sentence each.
        used: Of each domain the rows of its facts that a training sees: of equal files one.
        listed: A problem and a path each, for the report.
    """

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    used: tuple[Rows, ...] = ()
    listed: tuple[dict[str, Any], ...] = ()


@dataclass
class _Found:
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)

    def list_paths(self, domain: str, what: str, paths: Sequence[str]) -> None:
        """Adds paths to the report."""
        self.listed += [{"domain": domain, "problem": what, "path": path} for path in paths]


def checked_input(
    domains: Sequence[Checked],
    size: tuple[int, int],
    channels: int,
    faults: FaultSettings,
    *,
    least: int,
    by_class: bool,
) -> Findings:
    """Looks for what stands in the way of a training.

    Args:
        domains: The domains.
        size: Height and width of the network's images, pixels.
        channels: Of the network's images, 1 or 3.
        faults: How many images may be unusable.
        least: Images that a domain, or a class, needs.
        by_class: Whether each class needs so many.
    """
    found = _Found()
    used = []
    for domain in domains:
        _check_rejected(found, domain, faults)
        rows = _check_duplicates(found, domain)
        _check_counts(found, domain, rows, least, by_class)
        _check_sizes(found, domain, size)
        _check_colours(found, domain, channels)
        used.append(rows)
    for first, second in itertools.pairwise(domains):
        _check_apart(found, first, second)
    return Findings(tuple(found.problems), tuple(found.notes), tuple(used), tuple(found.listed))


def check_findings(findings: Findings, check: bool, report: str) -> list[str]:
    """Refuses an input with problems, unless the checks are turned off.

    Args:
        findings: What was found.
        check: Whether problems are errors; else they are notes.
        report: Where all of them are listed by path.

    Returns:
        The notes for ``run.json``.

    Raises:
        RejectedError: There are problems.
    """
    if findings.problems and check:
        raise RejectedError(
            f"the input cannot be trained on: {'; '.join(findings.problems)} (all by path in "
            f"{report}): mend the input, or train with validate.check = false"
        )
    unchecked = [f"not checked: {problem}" for problem in findings.problems]
    return [*unchecked, *findings.notes]


def _check_rejected(found: _Found, domain: Checked, faults: FaultSettings) -> None:
    count, whole = len(domain.rejected), len(domain.rejected) + domain.facts.num_rows
    for one in domain.rejected:
        found.list_paths(domain.name, one.error, [one.path])
    if count and faults.on_error == "fail":
        first = domain.rejected[0]
        found.problems.append(
            f"{domain.name}: {first.path}: {first.error} (go on without such images with "
            "--on-error skip)"
        )
    elif count and count > faults.max_rejected * whole:
        first = domain.rejected[0]
        found.problems.append(
            f"{domain.name}: {count} of {plural(whole, 'image')} cannot be used, more than "
            f"{faults.max_rejected:g} of them (first: {first.path}: {first.error})"
        )
    elif count:
        found.notes.append(f"{domain.name}: {count} of {plural(whole, 'image')} cannot be used")


def _check_duplicates(found: _Found, domain: Checked) -> Rows:
    """Rows without those whose file was there before, of the same class."""
    facts = domain.facts
    keys = list(zip(*(facts[name].to_pylist() for name in _KEY), strict=True))
    first: dict[tuple[Any, ...], int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    used = np.fromiter(first.values(), np.int64, len(first))
    more = facts.num_rows - len(used)
    if more:
        there = np.ones(facts.num_rows, bool)
        there[used] = False
        found.list_paths(domain.name, "the same file again", _paths(facts, np.flatnonzero(there)))
        found.notes.append(
            f"{domain.name}: {more} of {plural(facts.num_rows, 'image')} are the same files "
            "again; the training sees one of each"
        )
    if more > _DUPLICATE_SHARE * facts.num_rows:
        found.notes.append(f"{domain.name}: over half of the images are copies: give more images")
    return used


_KEY: Final = ("class_name", "content_crc", "width", "height", "deviation")
"""What files of one class have in common that are the same. Two of 100,000 files share a CRC-32 by
chance, and all photographs of a set may be of one size: then their pixels tell them apart."""


def _check_counts(found: _Found, domain: Checked, rows: Rows, least: int, by_class: bool) -> None:
    if not by_class:
        if len(rows) < least:
            found.problems.append(
                f"{domain.name}: {plural(len(rows), 'usable image')}, at least {least} are needed"
            )
        return
    names = domain.facts["class_name"].take(pa.array(rows))
    for one in sorted(pc.value_counts(names).to_pylist(), key=lambda one: str(one["values"])):
        if one["counts"] < least:
            found.problems.append(
                f"class {one['values']!r}: {plural(one['counts'], 'usable image')}, at least "
                f"{least} are needed"
            )
    if not len(rows):
        found.problems.append(f"{domain.name}: no usable image, at least {least} are needed")


def _check_sizes(found: _Found, domain: Checked, size: tuple[int, int]) -> None:
    facts = domain.facts
    if not facts.num_rows:
        return
    height, width = (facts[name].to_numpy() for name in ("height", "width"))
    small = (height * 2 < size[0]) | (width * 2 < size[1])
    if small.any():
        paths = _paths(facts, np.flatnonzero(small))
        found.list_paths(domain.name, "smaller than half of the network's images", paths)
        text = (
            f"{domain.name}: {int(small.sum())} of {plural(facts.num_rows, 'image')} are smaller "
            f"than half of {size[0]} x {size[1]} (first: {paths[0]})"
        )
        many = small.sum() > _SMALL_SHARE * facts.num_rows
        (found.problems if many else found.notes).append(
            f"{text}: give a smaller --image-size" if many else text
        )
    stretch = (width / height) / (size[1] / size[0])
    long = np.maximum(stretch, 1 / stretch) > _STRETCH
    if long.any():
        paths = _paths(facts, np.flatnonzero(long))
        found.list_paths(domain.name, "stretched by more than 2 : 1", paths)
        found.notes.append(
            f"{domain.name}: {int(long.sum())} of {plural(facts.num_rows, 'image')} are stretched "
            f"by more than 2 : 1 (first: {paths[0]}): validate.fit = 'crop' takes the middle"
        )


def _check_colours(found: _Found, domain: Checked, channels: int) -> None:
    grey = domain.facts["grey"].to_numpy(zero_copy_only=False)
    if channels == 1 and len(grey) and not grey.all():
        found.notes.append(f"{domain.name}: images in colour are made grey, as channels = 1 asks")
    if channels == 3 and len(grey) and grey.all():
        found.notes.append(f"{domain.name}: all images are grey: channels = 1 trains faster")


def _check_apart(found: _Found, first: Checked, second: Checked) -> None:
    """No file may be in both domains."""
    names = _KEY[1:]
    keys = [
        set(zip(*(one.facts[name].to_pylist() for name in names), strict=True))
        for one in (first, second)
    ]
    both = keys[0] & keys[1]
    if not both:
        return
    for one in (first, second):
        paths = list(_with_key(one.facts, both))
        found.list_paths(one.name, "in both domains", paths)
    found.problems.append(
        f"{plural(len(both), 'file')} {'is' if len(both) == 1 else 'are'} in both domains "
        f"(first: {paths[0]})"
    )


def _with_key(facts: pa.Table, keys: set[tuple[Any, ...]]) -> Iterator[str]:
    rows = zip(*(facts[name].to_pylist() for name in (*_KEY[1:], "path")), strict=True)
    for *key, path in rows:
        if tuple(key) in keys:
            yield path


def _paths(facts: pa.Table, rows: Rows) -> list[str]:
    paths: list[str] = facts["path"].take(pa.array(rows)).to_pylist()
    return paths
