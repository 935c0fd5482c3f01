"""The images of a listing that are used: without excluded paths and small classes."""

import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import translate

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.catalog.listing import Listing
from raydrift.errors import CatalogError
from raydrift.settings.catalog import CatalogSettings
from raydrift.text import plural


def without_excluded(listing: Listing, settings: CatalogSettings) -> Listing:
    """Leaves out images by their paths, and counts them.

    Args:
        listing: The images of an input.
        settings: What is left out.

    Raises:
        CatalogError: Nothing is left.
    """
    if not settings.exclude:
        return listing
    stays = ~_excluded(listing.table["path"].to_pylist(), settings.exclude)
    return _kept(listing, stays, "excluded by catalog.exclude")


def without_small_classes(listing: Listing, settings: CatalogSettings) -> Listing:
    """Leaves out the images of small classes, and counts them.

    Args:
        listing: The images of an input, with their classes.
        settings: What is left out.

    Raises:
        CatalogError: Nothing is left.
    """
    if settings.least == 1:
        return listing
    index = listing.table["class_index"].to_numpy()
    counts = np.bincount(index, minlength=len(listing.classes))
    why = f"of a class with fewer than {plural(settings.least, 'image')}"
    return _kept(listing, counts[index] >= settings.least, why)


def _excluded(paths: Sequence[str], patterns: Sequence[str]) -> npt.NDArray[np.bool_]:
    one = re.compile("|".join(map(translate, patterns)))
    return np.array([one.match(path) is not None for path in paths], np.bool_)


def _kept(listing: Listing, stays: npt.NDArray[np.bool_], why: str) -> Listing:
    gone = len(stays) - int(stays.sum())
    if not gone:
        return listing
    if gone == len(stays):
        raise CatalogError(
            f"input {listing.root}: all {plural(gone, 'image')} are {why}: leave out less"
        )
    rows = pa.array(stays)
    index = listing.table["class_index"].to_numpy()[stays]
    used, renumbered = np.unique(index, return_inverse=True)
    classes = tuple(listing.classes[one] for one in used.tolist())
    table = listing.table.filter(rows)
    place = table.column_names.index("class_index")
    table = table.set_column(place, "class_index", [renumbered.astype(np.int32)])
    labels = None if listing.labels is None else {name: listing.labels[name] for name in classes}
    columns = None if listing.columns is None else listing.columns.filter(rows)
    ignored = {**listing.ignored, f"image {why}": gone}
    return replace(
        listing, table=table, classes=classes, labels=labels, columns=columns, ignored=ignored
    )
