"""Raw files that are cut into tiles: each tile is an image of the catalog."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from io import BytesIO
from queue import SimpleQueue
from typing import IO, Final, cast

import numpy as np
import pyarrow as pa

from raydrift.catalog.catalog import TILE, Catalog
from raydrift.cpus import usable_cpus
from raydrift.errors import CatalogError, ImageError, reason
from raydrift.images.raw.sizes import HEADER, CameraFileSizes, Size, header_size, tiff_size
from raydrift.images.raw.tiles import tile_places
from raydrift.paths import CredentialsError, StoragePath, may_pass, redacted
from raydrift.settings.image import ImageSettings
from raydrift.settings.raw import RawSettings
from raydrift.text import plural

_READERS: Final = 16
_CHILDREN: Final = 8
_AT_ONCE: Final = 4_096
_TOO_SMALL: Final = "raw file smaller than a tile"

_Sizer = Callable[[StoragePath], Size]


def with_tiles(catalog: Catalog, raw: RawSettings, image: ImageSettings) -> Catalog:
    """Cuts the files of a catalog into tiles.

    The size of every file is looked up, where ``raw.shape`` does not say it: of TIFF, PNG and PGM
    in the header, of camera files by reading them. A file that is gone, or is no such file, stays
    one image, which the worker that opens it rejects.

    Args:
        catalog: The files.
        raw: What they are.
        image: The limits.

    Raises:
        CatalogError: Every file is smaller than a tile, or no file's size can be read, or that of
            one cannot be read for a reason that may pass.
    """
    files = catalog.table
    paths = files["path"].to_pylist()
    if raw.shape is not None:
        sizes: list[Size | None] = [raw.shape] * len(paths)
    else:
        sizes = _sizes(catalog.root, paths, raw, image)
    if all(size is None for size in sizes):
        raise CatalogError(
            f"input {catalog.root}: the size of none of {plural(len(paths), 'raw file')} can be "
            f"read, as {paths[0]}: look at raw.files, or give raw.shape"
        )
    of_size = {size: tile_places(*size, raw.tile) for size in set(sizes) if size is not None}
    counts = [1 if size is None else len(of_size[size]) for size in sizes]
    small = counts.count(0)
    if small == len(counts):
        largest = max(size for size in sizes if size is not None)
        raise CatalogError(
            f"input {catalog.root}: no raw file has a tile of {raw.tile} x {raw.tile}, the largest "
            f"is {largest[0]} x {largest[1]}: set a smaller raw.tile"
        )
    unknown = np.full((1, 2), -1, np.int32)
    places = np.concatenate([unknown if size is None else of_size[size] for size in sizes])
    picked = pa.array(np.repeat(np.arange(len(paths)), counts))
    table = files.take(picked)
    for name, column in zip(TILE, places.T, strict=True):
        table = table.append_column(name, pa.array(column, mask=column < 0))
    ignored = dict(catalog.ignored) | ({_TOO_SMALL: small} if small else {})
    unread = sizes.count(None)
    tiles, cut = len(places) - unread, len(paths) - unread - small
    note = f"{plural(tiles, 'tile')} of {raw.tile} x {raw.tile} pixels in {plural(cut, 'raw file')}"
    if unread:
        note += f"; {plural(unread, 'file')} of unknown size"
    return replace(
        catalog,
        table=table.combine_chunks(),
        columns=None if catalog.columns is None else catalog.columns.take(picked),
        ignored=ignored,
        notes=(*catalog.notes, note),
    )


def _sizes(
    root: StoragePath, paths: list[str], raw: RawSettings, image: ImageSettings
) -> list[Size | None]:
    """Of each file; None: it cannot be read."""
    if raw.is_declared:
        with ThreadPoolExecutor(_READERS) as pool:
            return _mapped(pool, partial(_declared, image), root, paths)
    children = min(_CHILDREN, usable_cpus(), len(paths))
    idle: SimpleQueue[CameraFileSizes] = SimpleQueue()
    with ExitStack() as stack, ThreadPoolExecutor(children) as pool:
        for _ in range(children):
            idle.put(stack.enter_context(closing(CameraFileSizes())))

        def of_camera(file: StoragePath) -> Size:
            content = file.read_bytes(image.max_bytes)
            child = idle.get()
            try:
                return child.size(content, image)
            finally:
                idle.put(child)

        return _mapped(pool, of_camera, root, paths)


def _mapped(
    pool: ThreadPoolExecutor, sizer: _Sizer, root: StoragePath, paths: list[str]
) -> list[Size | None]:
    """The sizes of files, of which some thousand wait at a time: a task takes a kilobyte."""
    found: list[Size | None] = []
    for start in range(0, len(paths), _AT_ONCE):
        some = map(root.at, paths[start : start + _AT_ONCE])
        found += pool.map(partial(_size, sizer), some)
    return found


def _size(sizer: _Sizer, file: StoragePath) -> Size | None:
    try:
        return sizer(file)
    except CredentialsError:  # which no file is to blame for
        raise
    except (OSError, ValueError) as error:
        if may_pass(error):  # with other tiles it would be another input
            raise CatalogError(
                f"the size of {file} cannot be read now: {redacted(reason(error))}: run the same "
                "command again, or give raw.shape"
            ) from error
        return None
    except ImageError:  # whoever opens it rejects it, and says why
        return None


def _declared(image: ImageSettings, file: StoragePath) -> Size:
    size = header_size(file.read_part(HEADER, 0))
    if size is not None:
        return size
    if not file.is_local:  # its tags may be anywhere
        return tiff_size(BytesIO(file.read_bytes(image.max_bytes)))
    with file.open_here_and_there() as opened:
        return tiff_size(cast(IO[bytes], opened))
