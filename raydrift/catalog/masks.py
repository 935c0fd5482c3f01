"""Masks of images: files of the same names in another folder, or a column of a manifest."""

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import fs

from raydrift.catalog.catalog import MASK, MASK_STATE, Catalog, file_states
from raydrift.catalog.files import files_below, sizes_and_times
from raydrift.errors import CatalogError
from raydrift.images.masks import MASK_SUFFIXES
from raydrift.paths import StoragePath
from raydrift.text import plural

_SUFFIX: Final = r"\.[^./]*$"
_NONE: Final = 0  # the state of the file where there is none


def with_masks(catalog: Catalog, folder: StoragePath) -> Catalog:
    """Finds the mask of each image in a folder: its path there is the image's, but for the suffix.

    Args:
        catalog: The images.
        folder: The folder of the masks.

    Raises:
        CatalogError: The folder is not there, has no mask of any of the images, or two of one.
        OSError: It cannot be read.
    """
    if folder.info().type != fs.FileType.Directory:
        raise CatalogError(f"masks {folder} is no folder: give one with masks of the images' names")
    paths, sizes, times = files_below(folder, _is_mask)
    stems = pc.replace_substring_regex(paths, _SUFFIX, "")
    if not len(paths):
        raise CatalogError(f"masks {folder} has no {' '.join(sorted(MASK_SUFFIXES))}")
    _check_apart(folder, paths, stems)
    wanted = pc.replace_substring_regex(catalog.table["path"], _SUFFIX, "").combine_chunks()
    found = pc.index_in(wanted, stems)
    there = len(found) - found.null_count
    if not there:
        raise CatalogError(
            f"masks {folder}: none of {plural(len(paths), 'mask')}, as {paths[0]}, has the name of "
            f"an image: the mask of {catalog.table['path'][0]} is {wanted[0]}.png there"
        )
    states = pa.array(file_states(sizes, times))
    return _with(catalog, folder, paths.take(found), states.take(found))


def with_masks_of_manifest(catalog: Catalog) -> Catalog:
    """Takes the masks of a manifest's column ``mask``; as it is where there is none with paths."""
    columns = catalog.columns
    if columns is None or MASK not in columns.column_names:
        return catalog
    masks = columns[MASK]
    if pa.types.is_dictionary(masks.type):
        masks = masks.cast(masks.type.value_type)
    if not (pa.types.is_string(masks.type) or pa.types.is_large_string(masks.type)):
        return catalog
    masks = _from_root(catalog, masks.cast(pa.large_string()).combine_chunks())
    there = masks.drop_null()
    states = np.full(len(masks), _NONE, np.int64)
    states[pc.is_valid(masks).to_numpy(zero_copy_only=False)] = file_states(
        *sizes_and_times(catalog.root, there.to_pylist())
    )
    return _with(catalog, catalog.root, masks, pa.array(states))


def _from_root(catalog: Catalog, masks: pa.Array) -> pa.Array:
    """The paths from where the images' paths start; what is empty is none.

    Raises:
        CatalogError: Some are elsewhere.
    """
    masks = pc.if_else(pc.equal(pc.utf8_length(masks), 0), pa.scalar(None, masks.type), masks)
    if not pc.any(pc.match_substring(masks, "://")).as_py():
        return masks
    uri = catalog.root.uri
    start = uri if uri.endswith("/") else f"{uri}/"
    if not pc.all(pc.starts_with(masks.drop_null(), start)).as_py():
        raise CatalogError(
            f"the column mask of the manifest has paths outside {start}, where its images are: "
            "keep masks beside them"
        )
    return pc.utf8_slice_codeunits(masks, len(start))


def _with(catalog: Catalog, root: StoragePath, masks: pa.Array, states: pa.Array) -> Catalog:
    table = catalog.table.append_column(MASK, masks)
    table = table.append_column(MASK_STATE, states.fill_null(_NONE))
    there = len(masks) - masks.null_count
    note = f"{there:,} of {plural(len(catalog), 'image')} with a mask: the others are rejected"
    notes = (*catalog.notes, note) if masks.null_count else catalog.notes
    return replace(catalog, table=table.combine_chunks(), masks=root, notes=notes)


def _is_mask(info: fs.FileInfo) -> bool:
    """Whether a file is a mask by its name."""
    return f".{info.extension.lower()}" in MASK_SUFFIXES


def _check_apart(folder: StoragePath, paths: pa.Array, stems: pa.Array) -> None:
    """Makes sure that no image has two masks."""
    counts = stems.value_counts()
    several = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(several):
        places = pc.indices_nonzero(pc.equal(stems, several.field("values")[0]))
        first, second, *_ = paths.take(places).to_pylist()
        raise CatalogError(
            f"masks {folder}: {first} and {second} are masks of one image: keep one of them"
        )
