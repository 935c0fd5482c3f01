"""The samples of a part of a shard: their images, one by one, and what there is to know of them."""

import time
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from raydrift.drift.platform import pixel_platform
from raydrift.engine.data.companions import CompanionReader, Decoder
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.shard_images import NextImage, shard_images
from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.storage import layout

STARTED: Final = "started"
REMARKS: Final = "remarks"
SECONDS: Final = ("read_seconds", "drift_seconds")

ROWS_AT_ONCE: Final = 16
"""The rows of a part, whose images are in memory together."""


class PartSamples:
    """Decodes the images of some samples, and keeps what is to be told of each.

    Args:
        settings: The run's settings.
        tasks: One row a sample (``schemas.TASK``).
        images: Theirs, and perhaps further ones, in order.

    Attributes:
        tasks: The same.
    """

    def __init__(
        self,
        settings: GenerateSettings,
        tasks: pa.Table,
        images: Iterator[NextImage],
    ) -> None:
        self._started, self._clock, self._waited = time.time(), time.perf_counter(), 0.0
        self._settings = settings
        self.tasks = tasks
        self._images = images
        self._problems: list[ImageError | None] = []
        self._remarks: list[tuple[str, ...]] = []
        self._checksums: list[int | None] = []
        self._profiles: list[str | None] = []

    def __len__(self) -> int:
        """How many samples there are."""
        return int(self.tasks.num_rows)

    def __iter__(self) -> Iterator[tuple[int, Decoded | None]]:
        """Each sample's id and image; None where it cannot be used."""
        for sample_id in self.tasks["sample_id"].to_pylist():
            taken = next(self._images)
            self._waited += taken.waited
            self._checksums.append(taken.content_crc)
            decoded = taken.image
            if isinstance(decoded, ImageError):
                self._tell(decoded, (), None)
                yield sample_id, None
                continue
            self._tell(None, decoded.remarks, decoded.profile)
            yield sample_id, decoded
            del taken, decoded  # while the next file is read

    def take_made(self) -> None:
        """Takes note of the next sample where its image was made, and not read."""
        self._checksums.append(None)
        self._tell(None, (), None)

    def _tell(
        self, problem: ImageError | None, remarks: tuple[str, ...], profile: str | None
    ) -> None:
        self._problems.append(problem)
        self._remarks.append(remarks)
        self._profiles.append(profile)

    def table(self, elsewhere: float = 0.0) -> pa.Table:
        """The tasks, and what came of them, once all images were taken.

        Args:
            elsewhere: Seconds of the time since then that are told as those of something else.

        Returns:
            With ``file_name``, ``profile``, ``remarks``, ``content_crc``, ``pixels_on``, for the
            rejected ones ``stage``, ``error`` and ``passing``; and what it took.
        """
        tasks, problems, text = self.tasks, self._problems, pa.string()
        count = tasks.num_rows
        organized = self._settings.write.organize_by_class
        pairs = zip(tasks["sample_id"].to_pylist(), tasks["class_name"].to_pylist(), strict=True)
        names = [layout.member_name(one, name if organized else None) for one, name in pairs]
        passing = [problem is not None and problem.passing for problem in problems]
        columns = {
            "file_name": pa.array(names, text),
            "profile": pa.array(self._profiles, text),
            REMARKS: pa.array(self._remarks, pa.list_(text)),
            "stage": pa.array([problem and problem.stage for problem in problems], text),
            "error": pa.array([problem and problem.reason for problem in problems], text),
            "content_crc": pa.array(self._checksums, pa.int64()),
            "pixels_on": pa.array([pixel_platform()] * count, text),
            "passing": pa.array(passing),
        }
        spent = time.perf_counter() - self._clock - self._waited - elsewhere
        times = (self._started, self._waited, spent)
        for name, value in zip((STARTED, *SECONDS), times, strict=True):
            columns[name] = pa.array(np.full(count, value))
        table = tasks
        for name, column in columns.items():
            table = table.append_column(name, column)
        return table


def samples_in_parts(
    settings: GenerateSettings,
    tasks: pa.Table,
    reader: Reader,
    decoder: Decoder,
    rows: int | None = None,
    companions: Sequence[CompanionReader] = (),
    sets: Sequence[StoragePath | None] = (),
) -> Iterator[PartSamples]:
    """The samples of a shard, some at a time; those of a part are taken before the next part.

    Args:
        settings: The run's settings.
        tasks: One row a sample (``schemas.TASK``).
        reader: What reads the images.
        decoder: What decodes them.
        rows: The rows of a part; None: there is one part.
        companions: What reads the masks, and the twins.
        sets: By drift, where the images start from that replace others.
    """
    images = shard_images(settings, tasks, reader, decoder, companions, sets)
    for start in range(0, tasks.num_rows, rows or tasks.num_rows):
        yield PartSamples(settings, tasks.slice(start, rows), images)


def with_images(samples: pa.Table, pngs: pa.Array) -> pa.Table:
    """The samples with their PNGs as the column ``image`` (``schemas.IMAGE``)."""
    return samples.append_column("image", _named(samples, pngs))


def with_masks(samples: pa.Table, pngs: pa.Array) -> pa.Table:
    """The samples with the PNGs of their masks as the column ``mask``, instead of the paths."""
    place = samples.schema.get_field_index("mask")
    return samples.set_column(place, "mask", _named(samples, pngs))


def _named(samples: pa.Table, pngs: pa.Array) -> pa.Array:
    names = samples["file_name"].combine_chunks()
    return pa.StructArray.from_arrays([pngs, names], ["bytes", "path"])
