"""Folders such as ``train`` and ``test``, which are parts of an image set and no classes."""

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import fs

from raydrift.errors import CatalogError, suggest
from raydrift.paths import StoragePath

_SPLIT: Final = re.compile(
    r"(train|training|val|valid|validation|dev|test|testing|eval|evaluation|holdout)"
    r"([ _-]?(set|data|images|split))?[ _-]?\d*",
    re.IGNORECASE,
)


def split_folder(root: StoragePath, split: str) -> StoragePath:
    """The sub-folder of an input that has the class folders.

    Raises:
        CatalogError: There is none of this name.
        OSError: The input cannot be read.
    """
    name = split.strip("/")
    hidden = any(part.startswith(".") for part in name.split("/"))
    if name and not hidden and (root / name).info().type == fs.FileType.Directory:
        return root / name
    folders = [one.base_name for one in root.entries() if one.type == fs.FileType.Directory]
    shown = sorted(one for one in folders if not one.startswith("."))
    raise CatalogError(f"input {root} has no folder {split!r} for --split: {suggest(name, shown)}")


def part_of_split(folder: StoragePath, split: str | None) -> StoragePath:
    """The folder of a split in one of masks or twins; that one where there is none.

    Raises:
        OSError: It cannot be read.
    """
    if split is None:
        return folder
    part = folder / split.strip("/")
    return part if part.info().type == fs.FileType.Directory else folder


def split_note(classes: tuple[str, ...], paths: pa.ChunkedArray) -> str | None:
    """Says that classes look like the splits of an image set; None where they do not.

    They do where all classes are called so. Where others are beside them, two or more have to
    be called so and to have sub-folders in common, which are then the classes.

    Args:
        classes: The names of the first folders.
        paths: The paths of the images.
    """
    splits = [name for name in classes if _SPLIT.fullmatch(name)]
    if not splits:
        return None
    below = {name: _folders(name, paths) for name in splits}
    nested = any(below.values())
    shared = len(set().union(*below.values())) < sum(map(len, below.values()))
    others = len(splits) < len(classes)
    if (others and not shared) or (len(splits) == 1 and not nested):
        return None
    first = next((name for name in splits if "train" in name.lower()), splits[0])
    named = " and ".join(filter(None, (", ".join(splits[:-1]), splits[-1])))
    look = "look like splits" if len(splits) > 1 else "looks like a split"
    remedy = f"take one, as with --split {first}" if nested else "make one sub-folder a class"
    return f"{named} {look} of an image set, but are taken for classes: {remedy}"


def _folders(first: str, paths: pa.ChunkedArray) -> set[str]:
    """The names of the folders directly below a first one that have images."""
    inside = paths.filter(pc.starts_with(paths, f"{first}/"))
    second = pc.list_element(
        pc.split_pattern(
            inside.filter(pc.greater_equal(pc.count_substring(inside, "/"), 2)), "/", max_splits=2
        ),
        1,
    )
    return set(pc.unique(second).to_pylist())
