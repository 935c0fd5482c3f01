"""What belongs to an image and is read beside it: its mask, and its twin."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from isal import isal_zlib

from raydrift.engine.data.reader import Reader
from raydrift.errors import ImageError
from raydrift.images import masks, twins
from raydrift.images.codec import decode_image
from raydrift.images.decoded import Decoded
from raydrift.paths import FileRange, StoragePath
from raydrift.schedules.schedule import Schedule
from raydrift.settings.image import ImageSettings
from raydrift.transforms import DriftProfile

Decoder = Callable[[bytes, ImageSettings], Decoded]
"""``codec.decode_image`` or ``masks.decode_mask``, or what does the same elsewhere."""


class Unasked(Enum):
    """In the place of a file: nobody needs it."""

    UNASKED = "unasked"


File = str | FileRange | Unasked | None
"""Where what belongs to an image is; None: nowhere."""

Content = bytes | ImageError | Unasked | None
"""What is in it, or why it could not be read."""

_AHEAD: Final = 2**24  # bytes that wait to be decoded


class CompanionReader(ABC):
    """Reads what belongs to the images of a shard, ahead of its use.

    Args:
        folder: What paths start from.
        image: The limits.
    """

    stage: ClassVar[str]
    """The stage at which an image is rejected for it."""

    what: ClassVar[str]
    """What it is of an image, as ``its mask``."""

    def __init__(self, folder: StoragePath, image: ImageSettings) -> None:
        self._reader = Reader(folder, image.max_bytes, image.max_memory, _AHEAD)
        self._folder, self._settings = folder, image

    def alone(self) -> "CompanionReader":
        """What reads the files and nothing more, which needs little to be sent elsewhere."""
        return self

    def fetch(self, files: Sequence[File]) -> Iterator[Content]:
        """Yields the content of each file, why it could not be read, or what stands for none."""
        contents = self._reader.fetch([one for one in files if isinstance(one, str | FileRange)])
        for file in files:
            if file is None or isinstance(file, Unasked):
                yield file
                continue
            content: Content = next(contents)
            if isinstance(content, ImageError):
                told = f"{self.told(file)}: {content.reason}"
                content = ImageError(self.stage, told, content.passing)
            yield content
            del content  # while the next one is read

    def told(self, file: File) -> str:  # noqa: ARG002
        """What a file is, in an error."""
        return self.what

    @abstractmethod
    def files(self, tasks: pa.Table) -> Sequence[File]:
        """The files of some samples (``schemas.TASK``)."""

    @abstractmethod
    def joined(self, image: Decoded, file: File, content: Content) -> Decoded:
        """An image with what belongs to it.

        Args:
            image: The image.
            file: Where that is.
            content: What ``fetch`` gave.

        Raises:
            ImageError: There is none that fits.
        """


class MaskReader(CompanionReader):
    """Reads masks.

    Args:
        folder: What the paths of masks start from.
        image: The limits.
        decoder: What decodes them.
    """

    stage = masks.STAGE
    what = "its mask"

    def __init__(
        self, folder: StoragePath, image: ImageSettings, decoder: Decoder = masks.decode_mask
    ) -> None:
        super().__init__(folder, image)
        self._decoder = decoder

    def files(self, tasks: pa.Table) -> Sequence[File]:
        """The paths of the samples' masks."""
        paths: list[File] = tasks["mask"].to_pylist()
        return paths

    def joined(self, image: Decoded, file: File, content: Content) -> Decoded:
        """An image with its mask."""
        if isinstance(content, ImageError):
            raise content
        if not isinstance(content, bytes):
            raise ImageError(self.stage, "it has no mask")
        try:
            decoded = self._decoder(content, self._settings)
        except ImageError as problem:
            told = problem.reason  # a child that died says nothing of a mask
            told = told if told.startswith(self.what) else f"{self.told(file)}: {told}"
            raise ImageError(self.stage, told) from None
        return masks.with_mask(image, decoded.pixels, self._settings)


@dataclass(frozen=True)
class TwinsWanted:
    """Which samples are blended with their twins.

    Attributes:
        profile: The ranges of transforms, which are at hand.
        schedules: What happens to the samples, each in a copy of theirs.
    """

    profile: DriftProfile
    schedules: tuple[Schedule, ...]

    def of(self, tasks: pa.Table) -> npt.NDArray[np.bool_]:
        """Which of some samples (``schemas.TASK``)."""
        ids, meant = tasks["sample_id"].to_numpy(), meant_of(tasks)
        found = np.zeros(len(ids), np.bool_)
        for schedule in self.schedules:
            found |= self.profile.blends(schedule.transforms)
            drifts = enumerate(schedule.drifts)
            blend = [i for i, one in drifts if self.profile.blends(one.drift.transforms)]
            if blend and not found.all():
                found |= (schedule.samples(ids, meant).shares[:, blend] > 0).any(axis=1)
        return found


class TwinReader(CompanionReader):
    """Reads the twins of images, of those that are blended with theirs.

    Args:
        folder: What the paths of twins start from.
        image: The size and the limits.
        wanted: Which samples' twins; None: of all.
        decoder: What decodes them.
    """

    stage = twins.STAGE
    what = "its twin"

    def __init__(
        self,
        folder: StoragePath,
        image: ImageSettings,
        wanted: TwinsWanted | None = None,
        decoder: Decoder = decode_image,
    ) -> None:
        super().__init__(folder, image)
        self._wanted, self._decoder = wanted, decoder

    def alone(self) -> "TwinReader":
        """Without the schedules of all samples."""
        found = copy(self)
        found._wanted = None
        return found

    def told(self, file: File) -> str:
        """The twin's name."""
        return f"{self.what} {file}"

    def files(self, tasks: pa.Table) -> Sequence[File]:
        """Where the twins are of those samples that are blended with theirs."""
        places: list[dict[str, str | int] | None] = tasks["twin"].to_pylist()
        wanted = np.ones(len(places)) if self._wanted is None else self._wanted.of(tasks)
        return [
            (None if one is None else FileRange(**one)) if asked else Unasked.UNASKED  # type: ignore[arg-type]
            for one, asked in zip(places, wanted.tolist(), strict=True)
        ]

    def joined(self, image: Decoded, file: File, content: Content) -> Decoded:
        """An image with its twin; as it is where that is not asked for."""
        if isinstance(content, ImageError):
            raise content
        if isinstance(content, Unasked):
            return image
        if content is None:
            raise ImageError(self.stage, f"it has no twin in {self._folder}")
        try:
            decoded = self._decoder(content, self._settings)
            return twins.with_twin(image, decoded, str(file), isal_zlib.crc32(content))
        except ImageError as problem:
            raise ImageError(self.stage, f"{self.told(file)}: {problem.reason}") from None


def meant_of(tasks: pa.Table) -> npt.NDArray[np.bool_] | None:
    """Which drifts are meant for which samples, see ``Schedule.samples``."""
    flags = tasks["where"].combine_chunks().flatten()
    if not len(flags):
        return None
    meant: npt.NDArray[np.bool_] = flags.to_numpy(zero_copy_only=False)
    return meant.reshape(tasks.num_rows, -1)


def content_crc(content: bytes | ImageError, *beside: Content) -> int | None:
    """CRC-32 of a file's bytes, and of those beside it behind them; None: one was not read."""
    crc = 0
    for one in (content, *beside):
        if isinstance(one, ImageError):
            return None
        if isinstance(one, bytes):
            crc = isal_zlib.crc32(one, crc)
    return crc
