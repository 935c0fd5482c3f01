"""What a user should know of a listing: empty classes, files that are there twice."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from raydrift.errors import CatalogError
from raydrift.text import plural
from raydrift.warned import warn

_SHOWN: Final = 5
_TIFF: Final = (
    'Using ".tiff" files with multiple bands will cause distortion. Please verify your output.'
)


class EmptyClassError(CatalogError, RuntimeError):
    """A class has no images."""


@dataclass(frozen=True)
class ClassSeen:
    """What there is of a class.

    Attributes:
        name: Its name.
        files: How many images it has.
        kept: How many of them are in the wanted part.
        others: How many files are passed over for their names.
        is_there: Whether there is such a folder.
    """

    name: str
    files: int
    kept: int
    others: int = 0
    is_there: bool = True


def check_classes(
    directory: str, classes: list[ClassSeen], suffixes: tuple[str, ...], needs_images: bool
) -> None:
    """Warns of classes without images.

    Args:
        directory: What is listed.
        classes: What there is of each class.
        suffixes: How names of images end.
        needs_images: Whether such a class is an error.

    Raises:
        EmptyClassError: There is one, and it is an error.
    """
    missing = [one.name for one in classes if not one.is_there]
    empty = [one for one in classes if one.is_there and not one.files]
    outside = [one.name for one in classes if one.files and not one.kept]
    said = []
    if not classes:
        said.append("no class folders: give a folder with one sub-folder a class")
    if missing:
        said.append(f"no folder of {named(missing)}: check the names in classes")
    if empty:
        others = sum(one.others for one in empty)
        names = named(one.name for one in empty)
        seen = f" but {plural(others, 'file')} of another ending" if others else ""
        endings = " ".join(suffixes)
        said.append(
            f"no images of {names}{seen}: images end in {endings}; name the other folders in "
            "classes to leave it out"
        )
    if outside:
        said.append(
            f"no images of {named(outside)} in this part of the split: add images, or split at "
            "another share"
        )
    if said and needs_images:
        raise EmptyClassError(f"directory {directory} has {'; '.join(said)}")
    for words in said:
        warn(f"directory {directory} has {words}")


def check_names(directory: str, names: list[str]) -> None:
    """Warns of files of one name but for its ending, and of ``.tiff`` files.

    Raises:
        CatalogError: A file is listed twice.
    """
    if len(set(names)) < len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise CatalogError(f"directory {directory}: {twice!r} is listed twice: list it once")
    firsts: dict[str, str] = {}
    alike = [
        (first, name) for name in names if (first := firsts.setdefault(_stem(name), name)) != name
    ]
    if alike:
        first, second = alike[0]
        others = f", as {plural(len(alike) - 1, 'other file')}" if len(alike) > 1 else ""
        warn(
            f"directory {directory}: {first!r} and {second!r} have one name{others}: each is a "
            "sample; remove those that show the same"
        )
    if any(name.lower().endswith(".tiff") for name in names):
        warn(_TIFF)


def named(names: Iterable[str]) -> str:
    """Classes in words, the first few.

    >>> named(["a"]), named(["a", "b"])
    ("class 'a'", "classes 'a', 'b'")
    """
    names = list(names)
    shown = ", ".join(map(repr, names[:_SHOWN]))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{'class' if len(names) == 1 else 'classes'} {shown}{more}"


def _stem(name: str) -> str:
    """A name without its ending, letters with accents in one of their two forms."""
    before, dot, ending = name.rpartition(".")
    stem = before if dot and "/" not in ending else name
    return stem if stem.isascii() else unicodedata.normalize("NFC", stem)
