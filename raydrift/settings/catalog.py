"""Which images of an input are used, and of which class each is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from raydrift.checked import check_types, require
from raydrift.errors import SettingsError

UNLABELLED: Final = "none"
"""In the place of a file of labels: all images are of one class."""


@dataclass(frozen=True)
class CatalogSettings:
    r"""What there is to say of an input beside where it is.

    Attributes:
        labels: A file with the class of each image of a folder without class folders, see
            ``catalog.labels``; ``none``: all images of the folder or manifest are of one class.
            None: class folders or a manifest tell the classes.
        exclude: Patterns of paths that are left out, as ``*_thumb.jpg`` or ``drafts/*``; ``*``
            stands for any characters, also for slashes.
        least: Classes with fewer images are left out.
        source: A regular expression that finds in a path which picture the image was cut from;
            its first group is the name of that picture. Splits keep images of one picture
            together. None: every file is a picture of its own.

    Raises:
        SettingsError: A value is empty, or no regular expression with a group.

    >>> CatalogSettings(source=r"^(\d+)_").source_of("07_00012.tif")
    '07'
    """

    labels: str | None = None
    exclude: tuple[str, ...] = ()
    least: int = 1
    source: str | None = None

    def __post_init__(self) -> None:
        check_types(self, "catalog.")
        ok = self.labels is None or bool(self.labels)
        require(ok, "catalog.labels", self.labels, "give a file, or none")
        require(all(self.exclude), "catalog.exclude", self.exclude, "give patterns, as *_thumb.jpg")
        require(self.least >= 1, "catalog.least", self.least, "give at least 1")
        if self.source is not None:
            try:
                groups = re.compile(self.source).groups
            except re.error as error:
                raise SettingsError(
                    f"catalog.source {self.source!r} is no regular expression: {error}"
                ) from None
            wanted = "put the part of the path that names the picture in parentheses"
            require(groups >= 1, "catalog.source", self.source, wanted)

    def sources(self, paths: Iterable[str]) -> list[str]:
        """The name of the picture that each image was cut from.

        Raises:
            SettingsError: The expression finds none: images of one picture would be taken apart.
        """
        listed = list(paths)
        found = [self.source_of(path) for path in listed]
        if self.source is not None and listed and found == listed:
            raise SettingsError(
                f"catalog.source {self.source!r} finds nothing in the paths, as {listed[0]!r}: "
                "give an expression that does"
            )
        return found

    def source_of(self, path: str) -> str:
        """The name of the picture that an image was cut from; its path where none is found."""
        found = None if self.source is None else re.search(self.source, path)
        return path if found is None or found[1] is None else found[1]
