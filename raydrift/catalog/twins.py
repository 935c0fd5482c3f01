"""Twins of images: what each is blended with, of the same path in another set of images."""

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from raydrift.catalog.catalog import TWIN, TWIN_STATE, Catalog, Twins
from raydrift.catalog.image_files import ImageFiles
from raydrift.errors import CatalogError
from raydrift.text import plural

_SUFFIX: Final = r"\.[^./]*$"
_NONE: Final = 0  # the state of the file where there is none


def with_twins(catalog: Catalog, files: ImageFiles) -> Catalog:
    """Finds the twin of each image: that of its path, else of its path but for the suffix.

    Args:
        catalog: The images.
        files: Their twins.

    Raises:
        CatalogError: None of the images has one, or one has several.
    """
    wanted = catalog.table["path"].combine_chunks()
    _check_apart(files)
    found = pc.index_in(wanted, files.keys)
    if found.null_count:
        found = pc.coalesce(found, _by_stem(wanted, found, files))
    there = len(found) - found.null_count
    if not there:
        raise CatalogError(
            f"twins {files.root}: none of {plural(len(files), 'image')}, as that of "
            f"{files.keys[0]}, is of an image of the input, as {wanted[0]}: give what "
            "raydrift translate made of this input, or a folder with images of the same paths"
        )
    places = files.places.take(found)
    states = pa.array(files.states).take(found).fill_null(_NONE)
    table = catalog.table.append_column(TWIN, places).append_column(TWIN_STATE, states)
    twins = Twins(files.root, files.digest_of(places))
    note = f"{there:,} of {plural(len(catalog), 'image')} with a twin: the others are rejected"
    note = f"{note} where theirs is asked for"
    notes = (*catalog.notes, note) if found.null_count else catalog.notes
    return replace(catalog, table=table.combine_chunks(), twins=twins, notes=notes)


def _by_stem(wanted: pa.Array, exact: pa.Array, files: ImageFiles) -> pa.Array:
    """The places of those whose path is an image's but for the suffix.

    Raises:
        CatalogError: Two are of one image.
    """
    stems = pc.replace_substring_regex(files.keys, _SUFFIX, "")
    wanted = pc.replace_substring_regex(wanted, _SUFFIX, "")
    found = pc.index_in(wanted, stems)
    counts = stems.value_counts()
    several = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    if len(several):
        needed = pc.and_(pc.is_null(exact), pc.is_in(wanted, several))
        places = found.filter(needed)
        if len(places):
            first = stems[places[0].as_py()]
            ours = files.keys.filter(pc.equal(stems, first)).to_pylist()
            raise CatalogError(
                f"twins {files.root}: those of {ours[0]} and {ours[1]} are twins of one image: "
                "keep one of them"
            )
    return found


def _check_apart(files: ImageFiles) -> None:
    """Makes sure that no image has two twins."""
    if len(pc.unique(files.keys)) < len(files):
        keys, counts = np.unique(files.keys.to_numpy(False), return_counts=True)
        raise CatalogError(
            f"twins {files.root} has {counts.max()} of {keys[counts.argmax()]}: give a run that "
            "has each image once"
        )
