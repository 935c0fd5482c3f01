"""The images of a shard's samples, in order: read ahead, and decoded one by one.

A file that several samples of the shard are tiles of is read and decoded once.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from raydrift.engine.data.companions import (
    CompanionReader,
    Content,
    Decoder,
    File,
    content_crc,
)
from raydrift.engine.data.kept_mosaics import KeptMosaics
from raydrift.engine.data.reader import Reader
from raydrift.errors import ImageError
from raydrift.images.codec import decode_image
from raydrift.images.decoded import Decoded
from raydrift.images.raw.tiles import tile_of
from raydrift.paths import FileRange, StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.raw import RawSettings

Source = str | FileRange
"""The path of a sample's own image, or where the one is that replaces it."""

REPLACED: Final = "replace"
"""The stage at which a sample is rejected for the image that replaces its own."""


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


def shard_images(
    settings: GenerateSettings,
    tasks: pa.Table,
    reader: Reader,
    decoder: Decoder = decode_image,
    companions: Sequence[CompanionReader] = (),
    sets: Sequence[StoragePath | None] = (),
) -> Iterator[NextImage]:
    """Yields the image of each sample of a shard, with what belongs to it.

    Args:
        settings: The run's settings.
        tasks: One row a sample (``schemas.TASK``).
        reader: What reads the files.
        decoder: What decodes them.
        companions: What reads their masks, and their twins.
        sets: By drift, where the images start from that replace others.
    """
    images = _Images(settings.image, reader, decoder, companions)
    paths = source_files(tasks, sets)
    files = [one.files(tasks) for one in companions]
    if settings.raw is not None and settings.raw.is_tiled:
        yield from _tiles(settings.raw, tasks, images, paths, files)
        return
    yield from images.of(paths, files)


def source_files(tasks: pa.Table, sets: Sequence[StoragePath | None]) -> list[Source]:
    """The files of some samples: their own, or those of other sets that replace them.

    Args:
        tasks: One row a sample (``schemas.TASK``).
        sets: By drift, where the images start from that replace others.
    """
    found: list[Source] = tasks["source_path"].to_pylist()
    if not any(sets):
        return found
    for sample, one in enumerate(tasks["replaced"].to_pylist()):
        if one is not None:
            found[sample] = FileRange(**{"folder": sets[one.pop("set")], **one})
    return found


def _told_of(file: FileRange, found: NextImage) -> NextImage:
    """What came of an image that replaces another; why it cannot be used, with its name."""
    if not isinstance(found.image, ImageError):
        return found
    told = f"the image that replaces it, {file}: {found.image.reason}"
    return replace(found, image=ImageError(REPLACED, told, found.image.passing))


@dataclass(frozen=True)
class _Images:
    """Reads files and what belongs to them, and decodes them one by one."""

    settings: ImageSettings
    reader: Reader
    decoder: Decoder
    companions: Sequence[CompanionReader]

    def of(self, paths: Sequence[Source], files: Sequence[Sequence[File]]) -> Iterator[NextImage]:
        """The images of some paths.

        Args:
            paths: Theirs, or where those are that replace them.
            files: For each companion, those that belong to the images.
        """
        contents = self.reader.fetch(paths)
        fetched = [one.fetch(own) for one, own in zip(self.companions, files, strict=True)]
        for place, path in enumerate(paths):
            found = self._decoded(contents, fetched, [own[place] for own in files])
            yield found if isinstance(path, str) else _told_of(path, found)

    def _decoded(
        self,
        contents: Iterator[bytes | ImageError],
        fetched: Sequence[Iterator[Content]],
        files: Sequence[File],
    ) -> NextImage:
        """Decodes the next file, which is not kept while the one after it is read.

        Why there is no image is told without the frames of those who raised it: they hold the file
        and its pixels.
        """
        before = time.perf_counter()
        content, beside = next(contents), [next(one) for one in fetched]
        waited = time.perf_counter() - before
        crc = content_crc(content, *beside)
        if isinstance(content, ImageError):
            return NextImage(content, crc, waited)
        try:
            image = self.decoder(content, self.settings)
            for companion, file, one in zip(self.companions, files, beside, strict=True):
                image = companion.joined(image, file, one)
        except ImageError as problem:
            told = ImageError(problem.stage, problem.reason, problem.passing)
            return NextImage(told, crc, waited)
        return NextImage(image, crc, waited)


def _tiles(
    raw: RawSettings,
    tasks: pa.Table,
    images: _Images,
    paths: Sequence[Source],
    beside: Sequence[Sequence[File]],
) -> Iterator[NextImage]:
    """Cuts the tiles of a shard out of their files; those of later samples wait in a file."""
    rows, columns = tasks["row"].to_pylist(), tasks["column"].to_pylist()
    # A file may be listed with several masks.
    files = list(zip(paths, *beside, strict=True))
    samples: dict[tuple[File, ...], list[int]] = {}
    for sample, file in enumerate(files):
        samples.setdefault(file, []).append(sample)
    firsts = [own[0] for own in samples.values()]
    decoded = images.of(
        [paths[sample] for sample in firsts],
        [[own[sample] for sample in firsts] for own in beside],
    )
    kept = KeptMosaics()
    cut: dict[int, tuple[int | ImageError, int | None]] = {}
    for sample, file in enumerate(files):
        waited = 0.0
        if sample not in cut:
            taken = next(decoded)
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
