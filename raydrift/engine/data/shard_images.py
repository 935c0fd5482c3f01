"""The images of a shard's samples, in order: read ahead, and decoded one by one.

A file that several samples of the shard are tiles of is read and decoded once.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Final

import pyarrow as pa
from isal import isal_zlib

from raydrift.engine.data.kept_mosaics import KeptMosaics
from raydrift.engine.data.reader import Reader
from raydrift.errors import ImageError
from raydrift.images.codec import decode_image
from raydrift.images.decoded import Decoded
from raydrift.images.masks import STAGE, decode_mask, with_mask
from raydrift.images.raw.tiles import tile_of
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.raw import RawSettings

Decoder = Callable[[bytes, ImageSettings], Decoded]
"""``codec.decode_image`` or ``masks.decode_mask``, or what does the same elsewhere."""

Mask = bytes | ImageError | None
"""A mask's file, or why it could not be read; None: there is none."""

_MASKS_AHEAD: Final = 2**24  # bytes of masks that wait to be decoded


@dataclass(frozen=True)
class NextImage:
    """The next of the images that a reader brings.

    Attributes:
        image: Decoded; or why there is none.
        content_crc: CRC-32 of the file's bytes; None where it could not be read.
        waited: Seconds that were spent on waiting for the file.
    """

    image: Decoded | ImageError
    content_crc: int | None
    waited: float


class MaskReader:
    """Reads the masks of a shard, ahead of their use.

    Args:
        folder: What the paths of masks start from.
        image: The limits.
        decoder: What decodes them.
    """

    def __init__(
        self, folder: StoragePath, image: ImageSettings, decoder: Decoder = decode_mask
    ) -> None:
        self._reader = Reader(folder, image.max_bytes, image.max_memory, _MASKS_AHEAD)
        self._settings = image
        self._decoder = decoder

    def fetch(self, paths: list[str | None]) -> Iterator[Mask]:
        """Yields the content of each mask, why it could not be read, or None: there is none."""
        contents = self._reader.fetch([path for path in paths if path is not None])
        for path in paths:
            if path is None:
                yield None
                continue
            content = next(contents)
            if isinstance(content, ImageError):
                content = ImageError(STAGE, f"its mask: {content.reason}", content.passing)
            yield content
            del content  # while the next one is read

    def with_mask(self, image: Decoded, mask: Mask) -> Decoded:
        """An image with its mask, by what ``fetch`` gave.

        Raises:
            ImageError: There is none that fits.
        """
        if mask is None:
            raise ImageError(STAGE, "it has no mask")
        if isinstance(mask, ImageError):
            raise mask
        try:
            decoded = self._decoder(mask, self._settings)
        except ImageError as problem:
            told = problem.reason  # a child that died says nothing of a mask
            told = told if told.startswith("its mask") else f"its mask: {told}"
            raise ImageError(STAGE, told) from None
        return with_mask(image, decoded.pixels, self._settings)


def content_crc(content: bytes | ImageError, mask: Mask = None) -> int | None:
    """CRC-32 of a file's bytes, and of its mask's behind them; None: one could not be read."""
    if isinstance(content, ImageError) or isinstance(mask, ImageError):
        return None
    crc: int = isal_zlib.crc32(content)
    return isal_zlib.crc32(mask, crc) if isinstance(mask, bytes) else crc


def shard_images(
    settings: GenerateSettings,
    tasks: pa.Table,
    reader: Reader,
    decoder: Decoder = decode_image,
    masks: MaskReader | None = None,
) -> Iterator[NextImage]:
    """Yields the image of each sample of a shard, with its mask where there are masks.

    Args:
        settings: The run's settings.
        tasks: One row a sample (``schemas.TASK``).
        reader: What reads the files.
        decoder: What decodes them.
        masks: What reads their masks; None: they have none.
    """
    if settings.raw is not None and settings.raw.is_tiled:
        yield from _tiles(settings.image, settings.raw, tasks, reader, decoder, masks)
        return
    paths, of_paths = tasks["source_path"].to_pylist(), tasks["mask"].to_pylist()
    yield from _whole_images(settings.image, paths, of_paths, reader, decoder, masks)


def _whole_images(
    image: ImageSettings,
    paths: list[str],
    of_paths: list[str | None],
    reader: Reader,
    decoder: Decoder,
    masks: MaskReader | None,
) -> Iterator[NextImage]:
    """Reads some files and their masks, and decodes them one by one."""
    contents = reader.fetch(paths)
    fetched: Iterator[Mask] = repeat(None) if masks is None else masks.fetch(of_paths)
    for _ in paths:
        yield _decoded(image, contents, fetched, decoder, masks)


def _decoded(
    settings: ImageSettings,
    contents: Iterator[bytes | ImageError],
    fetched: Iterator[Mask],
    decoder: Decoder,
    masks: MaskReader | None,
) -> NextImage:
    """Decodes the next file, which is not kept while the one after it is read.

    Why there is no image is told without the frames of those who raised it: they hold the file and
    its pixels.
    """
    before = time.perf_counter()
    content, mask = next(contents), next(fetched)
    waited = time.perf_counter() - before
    crc = content_crc(content, mask)
    if isinstance(content, ImageError):
        return NextImage(content, crc, waited)
    try:
        image = decoder(content, settings)
        if masks is not None:
            image = masks.with_mask(image, mask)
    except ImageError as problem:
        told = ImageError(problem.stage, problem.reason, problem.passing)
        return NextImage(told, crc, waited)
    return NextImage(image, crc, waited)


def _tiles(
    image: ImageSettings,
    raw: RawSettings,
    tasks: pa.Table,
    reader: Reader,
    decoder: Decoder,
    masks: MaskReader | None,
) -> Iterator[NextImage]:
    """Cuts the tiles of a shard out of their files; those of later samples wait in a file."""
    rows, columns = tasks["row"].to_pylist(), tasks["column"].to_pylist()
    # A file may be listed with several masks.
    files = list(zip(tasks["source_path"].to_pylist(), tasks["mask"].to_pylist(), strict=True))
    samples: dict[tuple[str, str | None], list[int]] = {}
    for sample, file in enumerate(files):
        samples.setdefault(file, []).append(sample)
    paths, of_paths = [path for path, _ in samples], [mask for _, mask in samples]
    images = _whole_images(image, paths, of_paths, reader, decoder, masks)
    kept = KeptMosaics()
    cut: dict[int, tuple[int | ImageError, int | None]] = {}
    for sample, file in enumerate(files):
        waited = 0.0
        if sample not in cut:
            taken = next(images)
            waited = taken.waited
            for one in samples[file]:
                tile = _tile(taken.image, rows[one], columns[one], raw)
                kept_at = tile if isinstance(tile, ImageError) else kept.add(tile)
                cut[one] = kept_at, taken.content_crc
            del taken  # while the next file is read
        found, crc = cut.pop(sample)
        yield NextImage(found if isinstance(found, ImageError) else kept[found], crc, waited)


def _tile(
    image: Decoded | ImageError, row: int | None, column: int | None, raw: RawSettings
) -> Decoded | ImageError:
    if isinstance(image, ImageError):
        return image
    try:
        return tile_of(image, row, column, raw)
    except ImageError as problem:
        return ImageError(problem.stage, problem.reason)
