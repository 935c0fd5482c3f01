"""What decoding an image file gives: a sample, and what whoever uses it should know."""

from dataclasses import dataclass

from raydrift.images.pixels import RGB as RGB
from raydrift.images.pixels import Sample
from raydrift.images.value_range import Values


@dataclass(frozen=True, eq=False)
class Decoded(Sample):
    """A decoded image: a sample, uint8 RGB where its reader does not say otherwise.

    Attributes:
        remarks: Plain phrases without the file's name, as ``came out black: set
            image.value_range``. A run counts the images of each phrase and tells it at its end,
            so a phrase is the same for every image that it is true of.
        values: What its samples span, where those have more than 8 bits, a sign or a point.
        profile: The name of the colour profile that was applied; None: none was.
        size: Rows and columns of the image in its file, upright; None: not known.
    """

    remarks: tuple[str, ...] = ()
    values: Values | None = None
    profile: str | None = None
    size: tuple[int, int] | None = None
