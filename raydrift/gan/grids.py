"""Pictures of many small images, to look at a training save by save."""

from typing import Final

import numpy as np

from raydrift.gan.measures import Pixels

MOST: Final = 16
"""Images, or images with their translations."""

_COLUMNS: Final = 4
_SHOWN: Final = 96  # pixels, that the shorter side of an image has at least
_GAP: Final = 2  # pixels, white
_WIDE_GAP: Final = 12
_ONE_COLUMN: Final = 4  # rows of an image and its translations, up to which there is one column


def image_grid(pixels: Pixels) -> Pixels:
    """Up to 16 images in rows of four, with thin white gaps.

    Images of less than 96 pixels are enlarged by a whole number, pixel by pixel.

    Args:
        pixels: One or more images, uint8 of shape (n, h, w, c); of more than 16 the first ones are
            taken.

    Returns:
        uint8 of shape (height, width, c).

    Raises:
        ValueError: There is no image.
    """
    _check(pixels)
    shown = _enlarged(pixels[:MOST])
    rows = [list(shown[i : i + _COLUMNS]) for i in range(0, len(shown), _COLUMNS)]
    return _laid_out(rows, _GAP)


def translation_grid(sources: Pixels, translated: Pixels, cycled: Pixels | None) -> Pixels:
    """Up to 16 images, each beside its translation and what comes back of that.

    Up to 4 are below each other, more are in two columns with a wider gap between. Images of less
    than 96 pixels are enlarged by a whole number, pixel by pixel.

    Args:
        sources: One or more images as they are, uint8 of shape (n, h, w, c); of more than 16 the
            first ones are taken.
        translated: Their translations, of the same shape.
        cycled: What the other generator makes of these, of the same shape; None: not shown.

    Returns:
        uint8 of shape (height, width, c).

    Raises:
        ValueError: There is no image.
    """
    _check(sources)
    sets = [_enlarged(one[:MOST]) for one in (sources, translated, cycled) if one is not None]
    together = [_laid_out([list(row)], _GAP) for row in zip(*sets, strict=True)]
    columns = 1 if len(together) <= _ONE_COLUMN else 2
    rows = [together[i : i + columns] for i in range(0, len(together), columns)]
    return _laid_out(rows, _GAP, _WIDE_GAP)


def generated_in(sheet: Pixels, height: int, width: int, translations: bool) -> Pixels:
    """The generated images of a grid, as they were before it was laid out.

    Args:
        sheet: Of ``image_grid``, or of ``translation_grid`` with what comes back.
        height: Of one image, pixels.
        width: Likewise.
        translations: Whether it is of ``translation_grid``: then the translations are taken.

    Returns:
        uint8 of shape (n, height, width, c), in order. An empty place at the end is no image; it is
        white, and so a last image that is all white is taken for one.
    """
    factor = _factor(height, width)
    tall, wide = factor * height + _GAP, factor * width + _GAP
    across = 3 * wide - _GAP + _WIDE_GAP if translations else wide
    first = wide if translations else 0
    found = [
        sheet[top : top + factor * height : factor, left : left + factor * width : factor]
        for top in range(0, sheet.shape[0], tall)
        for left in range(first, sheet.shape[1], across)
    ]
    while len(found) > 1 and (found[-1] == 255).all():
        found.pop()
    return np.stack(found)


def _check(pixels: Pixels) -> None:
    if not len(pixels):
        raise ValueError("a grid needs at least one image")


def _enlarged(pixels: Pixels) -> Pixels:
    factor = _factor(*pixels.shape[1:3])
    return pixels.repeat(factor, axis=1).repeat(factor, axis=2)


def _factor(height: int, width: int) -> int:
    """How often the pixels of an image are repeated on both axes."""
    return max(1, -(-_SHOWN // min(height, width)))


def _laid_out(rows: list[list[Pixels]], gap: int, across: int | None = None) -> Pixels:
    """Images of one size in rows on white; ``across``: the gap between those of a row."""
    height, width, channels = rows[0][0].shape
    across = gap if across is None else across
    columns = max(map(len, rows))
    shape = (len(rows) * (height + gap) - gap, columns * (width + across) - across, channels)
    sheet = np.full(shape, 255, np.uint8)
    for number, row in enumerate(rows):
        top = number * (height + gap)
        for place, image in enumerate(row):
            left = place * (width + across)
            sheet[top : top + height, left : left + width] = image
    return sheet
