"""Further masks of the images of a flow: the first one moves with its image, these are moved after.

An image of a run has one mask. A flow may have several, each in a folder of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from raydrift.catalog import Catalog
from raydrift.catalog.catalog import MASK
from raydrift.catalog.masks import with_masks
from raydrift.engine.data.companions import Decoder, MaskReader
from raydrift.errors import CatalogError, reason
from raydrift.images.decoded import Decoded
from raydrift.images.masks import decode_mask
from raydrift.images.pixels import Array
from raydrift.paths import StoragePath, redacted
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings


@dataclass(frozen=True, eq=False)
class MaskFolder:
    """One folder of further masks.

    Attributes:
        folder: The folder.
        image: The size and the limits.
        paths: For each row of the catalog its mask's path, null where it has none.
        decoder: The decoder of its files.
        reader: The reader of its files.
    """

    folder: StoragePath
    image: ImageSettings
    paths: pa.ChunkedArray
    decoder: Decoder = decode_mask
    reader: MaskReader = field(init=False, repr=False)

    def __post_init__(self) -> None:
        reader = MaskReader(self.folder, self.image, self.decoder)
        object.__setattr__(self, "reader", reader)

    def decoded_by(self, decoder: Decoder) -> "MaskFolder":
        """The same with another decoder."""
        return replace(self, decoder=decoder)

    def mask_of(self, image: Decoded, row: int) -> Array:
        """The mask of an image, in the size of the batch.

        Raises:
            ImageError: There is none that fits.
        """
        path = self.paths[row].as_py()
        (content,) = self.reader.fetch([path])
        mask: Any = self.reader.joined(image, path, content).mask
        found: Array = mask
        return found


def mask_folders(
    folders: Sequence[str], catalog: Catalog, run: GenerateSettings
) -> tuple[MaskFolder, ...]:
    """Finds further masks of the images of a catalog.

    Args:
        folders: Each has a mask for each image, of the same path but for the suffix.
        catalog: The images.
        run: The size and the limits, and how buckets are reached.

    Raises:
        CatalogError: A folder is not there, or has no masks of these images.
    """
    names = [name for name in catalog.table.column_names if not name.startswith(MASK)]
    plain = replace(catalog, table=catalog.table.select(names), masks=None)
    found = []
    for name in folders:
        folder = StoragePath.of(name, run.options_of("input"))
        try:
            masked = with_masks(plain, folder)
        except OSError as error:
            raise CatalogError(f"masks {folder}: {redacted(reason(error))}") from error
        found.append(MaskFolder(folder, run.image, masked.table[MASK]))
    return tuple(found)
