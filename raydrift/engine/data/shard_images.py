"""The images of a shard's samples, in order: read ahead, and decoded one by one.

A file that several samples of the shard are tiles of is read and decoded once.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
from isal import isal_zlib

from raydrift.engine.data.kept_mosaics import KeptMosaics
from raydrift.engine.data.reader import Reader
from raydrift.errors import ImageError
from raydrift.images.codec import decode_image
from raydrift.images.decoded import Decoded
from raydrift.images.raw.tiles import tile_of
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.raw import RawSettings

Decoder = Callable[[bytes, ImageSettings], Decoded]
"""``codec.decode_image``, or what does the same elsewhere."""


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


def content_crc(content: bytes | ImageError) -> int | None:
    """CRC-32 of a file's bytes; None where it could not be read."""
    return None if isinstance(content, ImageError) else isal_zlib.crc32(content)


def shard_images(
    settings: GenerateSettings, tasks: pa.Table, reader: Reader, decoder: Decoder = decode_image
) -> Iterator[NextImage]:
    """Yields the image of each sample of a shard.

    Args:
        settings: The run's settings.
        tasks: One row a sample (``schemas.TASK``).
        reader: What reads the files.
        decoder: What decodes them.
    """
    if settings.raw is not None and settings.raw.is_tiled:
        yield from _tiles(settings, settings.raw, tasks, reader, decoder)
        return
    paths = tasks["source_path"].to_pylist()
    contents = reader.fetch(paths)
    for _ in paths:
        yield _next_image(settings, contents, decoder)


def _next_image(
    settings: GenerateSettings, contents: Iterator[bytes | ImageError], decoder: Decoder
) -> NextImage:
    """Decodes the next of what ``fetch`` brings; the file is not kept while the next one is read.

    Why there is no image is told without the frames of those who raised it: they hold the file and
    its pixels.
    """
    before = time.perf_counter()
    content = next(contents)
    waited = time.perf_counter() - before
    crc = content_crc(content)
    if isinstance(content, ImageError):
        return NextImage(content, crc, waited)
    try:
        return NextImage(decoder(content, settings.image), crc, waited)
    except ImageError as problem:
        return NextImage(ImageError(problem.stage, problem.reason, problem.passing), crc, waited)


def _tiles(
    settings: GenerateSettings, raw: RawSettings, tasks: pa.Table, reader: Reader, decoder: Decoder
) -> Iterator[NextImage]:
    """Cuts the tiles of a shard out of their files; those of later samples wait in a file."""
    paths = tasks["source_path"].to_pylist()
    rows, columns = tasks["row"].to_pylist(), tasks["column"].to_pylist()
    samples: dict[str, list[int]] = {}
    for sample, path in enumerate(paths):
        samples.setdefault(path, []).append(sample)
    contents = reader.fetch(list(samples))
    kept = KeptMosaics()
    cut: dict[int, tuple[int | ImageError, int | None]] = {}
    for sample, path in enumerate(paths):
        waited = 0.0
        if sample not in cut:
            taken = _next_image(settings, contents, decoder)
            waited = taken.waited
            for one in samples[path]:
                tile = _tile(taken.image, rows[one], columns[one], raw)
                kept_at = tile if isinstance(tile, ImageError) else kept.add(tile)
                cut[one] = kept_at, taken.content_crc
            del taken  # while the next file is read
        found, crc = cut.pop(sample)
        image = found if isinstance(found, ImageError) else kept[found]
        yield NextImage(image, crc, waited)


def _tile(
    image: Decoded | ImageError, row: int | None, column: int | None, raw: RawSettings
) -> Decoded | ImageError:
    if isinstance(image, ImageError):
        return image
    try:
        return tile_of(image, row, column, raw)
    except ImageError as problem:
        return ImageError(problem.stage, problem.reason)
