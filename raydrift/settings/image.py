"""How input bytes become pixels."""

from collections.abc import Mapping
from dataclasses import dataclass

from raydrift.checked import check_types, choose, require
from raydrift.errors import SettingsError
from raydrift.settings.ranges import Range, checked_range


@dataclass(frozen=True)
class ImageSettings:
    """How input bytes become pixels.

    Attributes:
        height: The output image's height, pixels; the input is resized to exactly that.
        width: The width, pixels.
        max_pixels: An input image of more pixels is rejected before it is decoded.
        max_bytes: An input file of more bytes is rejected before it is read.
        max_memory: An input image that takes more bytes of memory to decode is rejected, before it
            is decoded; those of its file are among them.
        profile: What is done with colour profiles: ``ignore`` leaves the pixels as they are,
            ``convert`` brings them to sRGB.
        value_range: Which sample values become black and white, where samples have more than 8
            bits, a sign or a point: one pair, or one for each kind (``ranges``). A run looks at
            some of its images for the kinds that are not given.
    """

    height: int = 224
    width: int = 224
    max_pixels: int = 200_000_000
    max_bytes: int = 2**30
    max_memory: int = 2**29
    profile: str = "ignore"
    value_range: Range | Mapping[str, Range] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "value_range", checked_range(self.value_range))
        check_types(self, "image.")
        for name in ("height", "width"):
            value = getattr(self, name)
            require(8 <= value <= 8192, f"image.{name}", value, "give 8 to 8192 pixels")
        for name in ("max_pixels", "max_bytes", "max_memory"):
            value = getattr(self, name)
            require(value > 0, f"image.{name}", value, "give at least 1")
        choose("image.profile", self.profile, ("ignore", "convert"))

    @property
    def bytes(self) -> int:
        """The bytes of the pixels of one output image."""
        return self.height * self.width * 3

    @property
    def most_read(self) -> int:
        """Bytes of the largest input file that is read: a larger one is too much to decode."""
        return min(self.max_bytes, self.max_memory)

    @classmethod
    def parse_size(cls, text: str) -> tuple[int, int]:
        """Reads ``224`` or ``HEIGHTxWIDTH`` as (height, width).

        >>> ImageSettings.parse_size("192x256")
        (192, 256)
        """
        parts = text.lower().split("x")
        if len(parts) > 2 or not all(part.isdecimal() for part in parts):
            raise SettingsError(f"image size {text!r}: write 224 or HEIGHTxWIDTH, e.g. 192x256")
        return int(parts[0]), int(parts[-1])
