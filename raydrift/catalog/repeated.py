"""Files that a manifest names more than once."""

import posixpath
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from raydrift.errors import CatalogError
from raydrift.paths import StoragePath

_DETOUR: Final = r"/\.{0,2}(/|$)|^\.{1,2}(/|$)"
"""In a path: an empty step, or one to the same or the upper folder."""


def repeated_files(
    manifest: StoragePath,
    root: StoragePath,
    paths: pa.ChunkedArray,
    class_index: npt.NDArray[np.int32],
    classes: tuple[str, ...],
) -> str | None:
    """Looks for files that several rows of a manifest name.

    Args:
        manifest: The file.
        root: The folder that its paths start from.
        paths: One a row.
        class_index: The class of each row, an index of ``classes``.
        classes: The classes' names.

    Returns:
        How many rows name a file that another row has named, in a sentence; None where none does.
        Each of them stays a sample.

    Raises:
        CatalogError: A file is in two classes.
    """
    files = _plain(root, paths) if root.is_local else paths
    rows = pa.table({"file": files, "class": class_index, "row": np.arange(len(paths))})
    rows = rows.group_by("file").aggregate([("class", "min"), ("class", "max"), ("row", "min")])
    more = len(paths) - rows.num_rows
    if not more:
        return None
    contradictory = rows.filter(pc.not_equal(rows["class_min"], rows["class_max"]))
    if contradictory.num_rows:
        first = contradictory.sort_by("row_min").slice(0, 1).to_pylist()[0]
        names = [classes[first[which]] for which in ("class_min", "class_max")]
        others = f", as {contradictory.num_rows - 1:,} others" if contradictory.num_rows > 1 else ""
        raise CatalogError(
            f"manifest {manifest}: {first['file']!r} is in the classes {names[0]!r} and "
            f"{names[1]!r}{others}: give each file one class"
        )
    rows_name, files_have = ("row names", "a file") if more == 1 else ("rows name", "files")
    return f"{more:,} {rows_name} {files_have} that another row names too: each row is a sample"


def _plain(root: StoragePath, paths: pa.ChunkedArray) -> pa.Array:
    """Paths of this machine such that each file has one."""
    paths = paths.combine_chunks()
    absolute = pc.starts_with(paths, "/")
    if pc.any(absolute).as_py() and not pc.all(absolute).as_py():
        folder = pa.scalar(root.path.rstrip("/"), paths.type)
        joined = pc.binary_join_element_wise(folder, paths, pa.scalar("/", paths.type))
        paths = pc.if_else(absolute, paths, joined)
    detours = pc.match_substring_regex(paths, _DETOUR)
    if not pc.any(detours).as_py():
        return paths
    plain = [posixpath.normpath(path) for path in paths.filter(detours).to_pylist()]
    return pc.replace_with_mask(paths, detours, pa.array(plain, paths.type))
