"""Where the images of another set are: in files of their own, or in the containers of a run."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import fs

from raydrift.catalog.catalog import file_states
from raydrift.catalog.files import files_below
from raydrift.catalog.folders import IMAGE_SUFFIXES, ONE_CLASS
from raydrift.errors import CatalogError
from raydrift.paths import StoragePath

PLACE: Final = pa.struct(
    [
        ("path", pa.large_string()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("name", pa.large_string()),
    ]
)
"""Where an image is, as the fields of ``paths.FileRange``."""

_HASH_ROWS: Final = 100_000


@dataclass(frozen=True)
class ImageFiles:
    """The images of another set.

    Attributes:
        root: The folder that their places start from.
        keys: Of each the path of the image that it was made of, or its own.
        classes: Of each its class.
        places: Of each where it is (``PLACE``).
        states: Int64: of each the state of its file; 0 where ``digest`` tells it.
        digest: What all of them are; None: their names, sizes and states are all that is known.
    """

    root: StoragePath
    keys: pa.Array
    classes: pa.Array
    places: pa.Array
    states: npt.NDArray[np.int64]
    digest: str | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def digest_of(self, places: pa.Array) -> str:
        """SHA-256 of what some of them are, in their order; of files their names and sizes.

        Args:
            places: Theirs; null where there is none.
        """
        total = sha256((self.digest or "files").encode())
        paths, sizes = (pc.struct_field(places, name) for name in ("path", "size"))
        names = pc.coalesce(pc.struct_field(places, "name"), paths)
        for start in range(0, len(places), _HASH_ROWS):
            some = names.slice(start, _HASH_ROWS).fill_null("")
            total.update("\0".join(some.to_pylist()).encode())
            total.update(sizes.slice(start, _HASH_ROWS).fill_null(-1).to_numpy(False).tobytes())
        return total.hexdigest()


def files_of_folder(folder: StoragePath, what: str) -> ImageFiles:
    """The images in a folder, anywhere below it; the first folder of a path is the class.

    Args:
        folder: The folder.
        what: What they are for, as ``twins``; for errors.

    Raises:
        CatalogError: It is no folder, or has no images.
        OSError: It cannot be read.
    """
    if folder.info().type != fs.FileType.Directory:
        raise CatalogError(
            f"{what} {folder} is no folder: give the output of a run, or a folder of images"
        )
    paths, sizes, times = files_below(folder, _is_image)
    if not len(paths):
        raise CatalogError(f"{what} {folder} has no images: give a folder that has some")
    none = pa.nulls(len(paths), pa.int64()), pa.nulls(len(paths), pa.large_string())
    places = pa.StructArray.from_arrays(
        [paths, none[0], pa.array(sizes), none[1]], fields=list(PLACE)
    )
    in_folders = pc.match_substring(paths, "/")
    firsts = pc.replace_substring_regex(paths, r"/.*$", "")
    classes = pc.if_else(in_folders, firsts, pa.scalar(ONE_CLASS, firsts.type))
    return ImageFiles(folder, paths, classes, places, file_states(sizes, times))


def _is_image(info: fs.FileInfo) -> bool:
    """Whether a file is an image by its name; one that is hidden is not."""
    name: str = info.base_name
    return f".{info.extension.lower()}" in IMAGE_SUFFIXES and not name.startswith(".")
