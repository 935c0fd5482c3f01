"""Where the images of a flow come from: files, or an array."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from raydrift.errors import ImageError, SettingsError
from raydrift.flows.file_contents import FileContents
from raydrift.flows.options import KERAS_PIXELS
from raydrift.paths.secrecy import redacted

Image = npt.NDArray[Any]

_CHANNELS: Final = {"grayscale": 1, "rgb": 3, "rgba": 4}


class Images(Protocol):
    """The images of a flow, by their number."""

    def __len__(self) -> int:
        """How many there are."""

    def load(self, sample: int) -> Image:
        """An image, for the caller to write in.

        Raises:
            ImageError: It cannot be used.
        """

    def each(self, samples: Iterable[int], /) -> Iterator[Any]:
        """An image for each, or the ``ImageError`` that says why it cannot be used."""

    def path(self, sample: int, /) -> str:
        """Its file; of an array, nothing."""


@runtime_checkable
class WorkerImages(Images, Protocol):
    """Images that are loaded otherwise in a process of its own, see ``WorkerMaker``."""

    def in_worker(self, restarted: bool, /) -> "WorkerImages":
        """The same for such a process."""


@dataclass(frozen=True, eq=False)
class ArrayImages:
    """The images of an array.

    Attributes:
        x: (n, height, width, channels), or with the channels first.
        dtype: What an image is made.
    """

    x: Image
    dtype: npt.DTypeLike

    def __len__(self) -> int:
        """How many there are."""
        return len(self.x)

    def load(self, sample: int) -> Image:
        """A copy of an image."""
        copy: Image = self.x[sample].astype(self.dtype)
        return copy

    def each(self, samples: Iterable[int]) -> Iterator[Image]:
        """Copies of images."""
        return map(self.load, samples)

    def path(self, _: int) -> str:
        """Nothing."""
        return ""


@dataclass(frozen=True, eq=False)
class FileImages:
    """The images of files.

    Attributes:
        paths: The files, or their URIs. Several in a tuple are one sample.
        target_size: Height and width; None: as the images are.
        color_mode: ``grayscale``, ``rgb`` or ``rgba``.
        interpolation: Pillow's filter.
        keep_aspect_ratio: Whether the middle of an image, in the target's ratio, is resized.
        data_format: ``channels_last`` or ``channels_first``.
        decode: ``keras`` or ``raydrift``, whose filter is bilinear whatever is said.
        contents: Reads the files.
        decoder: What decodes in a child process: content to pixels with ``keras``, content and
            settings to ``Decoded`` with ``raydrift``; None: this process does.
        in_time: Whether this process ends where decoding an image does not.
    """

    paths: Any
    target_size: tuple[int, int] | None
    color_mode: str = "rgb"
    interpolation: str = "nearest"
    keep_aspect_ratio: bool = False
    data_format: str = "channels_last"
    decode: str = KERAS_PIXELS
    contents: FileContents = field(default_factory=FileContents)
    decoder: Callable[..., Any] | None = None
    in_time: bool = False

    def __post_init__(self) -> None:
        """Raises SettingsError where raydrift's decoder cannot do what is asked."""
        if self.decode != KERAS_PIXELS and (self.target_size is None or self.keep_aspect_ratio):
            raise SettingsError(
                'decode="raydrift" resizes images to a target_size and does not keep the aspect '
                'ratio: give one, or decode="keras"'
            )

    def __len__(self) -> int:
        """How many there are."""
        return len(self.paths)

    def load(self, sample: int) -> Any:
        """An image, read and decoded: uint8 of most files; of several files, a list of them."""
        path = self.paths[sample]
        if isinstance(path, tuple):
            return [self._loaded(self.contents.read(str(one))) for one in path]
        return self._loaded(self.contents.read(str(path)))

    def each(self, samples: Iterable[int]) -> Iterator[Any]:
        """An image for each, or why it cannot be used; files of buckets are read ahead."""
        samples = list(samples)
        paths = [self.paths[sample] for sample in samples]
        if all(isinstance(path, str) and "://" in path for path in paths):
            for content in self.contents.ahead(paths):
                yield content if isinstance(content, ImageError) else _tried(self._loaded, content)
        else:
            for sample in samples:
                yield _tried(self.load, sample)

    def path(self, sample: int) -> str:
        """Its file, without a login; of several, the first."""
        return shown_path(self.paths[sample])

    def in_worker(self, restarted: bool) -> "FileImages":
        """The same for a process of its own.

        Args:
            restarted: Whether an image may have killed the one before it: each is decoded in a
                child process from then on.
        """
        if not restarted:
            return replace(self, in_time=True)
        from raydrift.images.isolated_decoder import IsolatedDecoder
        from raydrift.images.isolated_pillow import IsolatedPillow, PillowRules

        if self.decode != KERAS_PIXELS:
            return replace(self, decoder=IsolatedDecoder())
        rules = PillowRules(
            self.color_mode, self.target_size, self.interpolation, self.keep_aspect_ratio
        )
        return replace(self, decoder=IsolatedPillow(rules).pixels)

    def _loaded(self, data: bytes) -> Image:
        if self.in_time:
            from raydrift.images.isolated_decoder import in_time

            x = in_time(lambda: self._decoded(data))
        else:
            x = self._decoded(data)
        return x.transpose(2, 0, 1) if self.data_format == "channels_first" else x

    def _decoded(self, data: bytes) -> Image:
        if self.decode != KERAS_PIXELS:
            return self._by_raydrift(data)
        if self.decoder is not None:
            pixels: Image = self.decoder(data)
            return pixels
        from raydrift.images.as_pillow import decode

        return decode(
            data,
            color_mode=self.color_mode,
            target_size=self.target_size,
            interpolation=self.interpolation,
            keep_aspect_ratio=self.keep_aspect_ratio,
        )

    def _by_raydrift(self, data: bytes) -> Image:
        from raydrift.images.codec import decode_image
        from raydrift.images.pixels import rgb_of

        decoded = (self.decoder or decode_image)(data, _settings(self.target_size))
        pixels = rgb_of(decoded, "a flow")
        if self.color_mode == "grayscale":
            import cv2

            grey: Image = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
            return grey[..., np.newaxis]
        if self.color_mode == "rgba":
            return np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], axis=2)
        return pixels


def image_shape(
    target_size: tuple[int, int] | None, color_mode: str, data_format: str
) -> tuple[int | None, ...]:
    """The shape of an image: target size and channels, which are first where the format says so.

    >>> image_shape((24, 32), "rgba", "channels_first")
    (4, 24, 32)
    """
    size = target_size or (None, None)
    channels = _CHANNELS[color_mode]
    return (channels, *size) if data_format == "channels_first" else (*size, channels)


def shown_path(path: Any) -> str:
    """The file of a sample as it is told, without a login; of several, the first."""
    return redacted(str(path[0] if isinstance(path, tuple) else path))


def _tried(load: Callable[[Any], Any], what: Any) -> Any:
    try:
        return load(what)
    except ImageError as error:
        return error


@cache
def _settings(size: tuple[int, int] | None) -> Any:
    from raydrift.settings.image import ImageSettings

    return ImageSettings() if size is None else ImageSettings(height=size[0], width=size[1])
