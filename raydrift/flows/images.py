"""Where the images of a flow come from: files, or an array."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from raydrift.errors import ImageError, SettingsError, reason
from raydrift.flows.options import KERAS_PIXELS

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

    def path(self, sample: int, /) -> str:
        """Its file; of an array, nothing."""


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
    """

    paths: Any
    target_size: tuple[int, int] | None
    color_mode: str = "rgb"
    interpolation: str = "nearest"
    keep_aspect_ratio: bool = False
    data_format: str = "channels_last"
    decode: str = KERAS_PIXELS

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
            return [self._loaded(str(one)) for one in path]
        return self._loaded(str(path))

    def path(self, sample: int) -> str:
        """Its file; of several, the first."""
        path = self.paths[sample]
        return str(path[0] if isinstance(path, tuple) else path)

    def _loaded(self, path: str) -> Image:
        x = self._decoded(_content(path))
        return x.transpose(2, 0, 1) if self.data_format == "channels_first" else x

    def _decoded(self, data: bytes) -> Image:
        if self.decode != KERAS_PIXELS:
            return self._by_raydrift(data)
        from raydrift.images.as_pillow import decode

        return decode(
            data,
            color_mode=self.color_mode,
            target_size=self.target_size,
            interpolation=self.interpolation,
            keep_aspect_ratio=self.keep_aspect_ratio,
        )

    def _by_raydrift(self, data: bytes) -> Image:
        from raydrift.images.codec import decode

        pixels = decode(data, _settings(self.target_size or (0, 0)))
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


@cache
def _settings(size: tuple[int, int]) -> Any:
    from raydrift.settings.image import ImageSettings

    return ImageSettings(height=size[0], width=size[1])


def _content(path: str) -> bytes:
    try:
        if "://" not in path:
            return Path(path).read_bytes()
        from raydrift.paths import StoragePath

        return StoragePath.of(path).read_bytes()
    except (OSError, ValueError) as error:  # a NUL byte in a path is the latter
        raise ImageError("read", reason(error)) from error
