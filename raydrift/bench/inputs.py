"""What a benchmark works on: a folder's images as often as it takes, or images that it draws."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np

from raydrift.catalog import Catalog, load_catalog
from raydrift.images.scenes import write_scenes
from raydrift.paths import StoragePath

_PER_CLASS = 40


def repeated(catalog: Catalog, count: int) -> Catalog:
    """The same input with each image as often as makes ``count``, or with fewer of them."""
    rows = np.arange(count) * len(catalog) // count
    return replace(catalog, table=catalog.table.take(rows).combine_chunks())


def load_repeated(source: str, count: int) -> Catalog:
    """Lists an input and repeats its images to ``count``.

    Raises:
        CatalogError: There is no such input, or it has no images.
    """
    return repeated(load_catalog(source), count)


@contextmanager
def images_of(source: str | None, size: int = 320) -> Iterator[str]:
    """The given folder; if there is none, one of 240 drawn images.

    Args:
        source: The folder.
        size: Width of drawn images, pixels; they are three quarters as high.

    Yields:
        The folder's path. A drawn one is removed at the end.
    """
    if source is not None:
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="raydrift-bench-") as folder:
        write_scenes(Path(folder), _PER_CLASS, height=size * 3 // 4, width=size)
        yield folder


@contextmanager
def scratch(folder: str | None) -> Iterator[str]:
    """A new folder in the given one, or among the system's temporary ones; removed at the end."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="raydrift-bench-") as path:
            yield path
        return
    place = StoragePath.of(folder) / f"raydrift-bench-{uuid4().hex[:8]}"
    try:
        yield place.uri
    finally:
        with suppress(OSError):
            place.delete()
