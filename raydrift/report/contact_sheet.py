"""A contact sheet of images before and after a drift."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from raydrift.images.codec import RGB
from raydrift.report.sheet import (
    ACCENT,
    GAP,
    GUTTER,
    HEADING,
    INK,
    MARGIN,
    PADDING,
    SOFT,
    Corner,
    blank_sheet,
    draw_card,
    font,
    lettered,
    paste,
    shorten,
    shown_size,
)

Pair = tuple[RGB, RGB, str]

_CAPTION = 30


def before_after_sheet(
    pairs: Sequence[Pair],
    title: str,
    columns: int = 4,
    subtitle: str = "",
) -> Image.Image:
    """Lay out pairs of images side by side, in rows, each with a caption below it.

    Pictures are shown with 144 to 320 pixels on their longer side: smaller ones are enlarged by a
    whole number, so that every pixel stays visible, and larger ones are reduced. Text that is too
    long for its place ends in an ellipsis.

    Args:
        pairs: One or more of (before, after, caption); the images are RGB, uint8, all of one shape
            (height, width, 3). A caption is a single line: line breaks become spaces.
        title: The headline.
        columns: Pairs in a row, 1 or more.
        subtitle: A smaller line below the title; empty for none.

    Returns:
        The sheet, in mode RGB.

    Raises:
        ValueError: There are no pairs or no columns, or an image is of another shape or type.
    """
    _check(pairs, columns)
    width, height = shown_size(*pairs[0][0].shape[:2])
    card_width = 2 * width + GAP + 2 * PADDING
    card_height = PADDING + HEADING + height + _CAPTION + PADDING // 2
    columns = min(columns, len(pairs))
    rows = -(-len(pairs) // columns)
    grid_width = columns * (card_width + GUTTER) - GUTTER
    grid_height = rows * (card_height + GUTTER) - GUTTER
    sheet, draw, top = blank_sheet(title, subtitle, grid_width, grid_height)
    for number, (before, after, caption) in enumerate(pairs):
        row, column = divmod(number, columns)
        x, y = MARGIN + column * (card_width + GUTTER), top + row * (card_height + GUTTER)
        draw_card(draw, (x, y), card_width, card_height)
        _draw_pair(sheet, (x + PADDING, y + PADDING), (width, height), before, after, caption)
    return sheet


def _check(pairs: Sequence[Pair], columns: int) -> None:
    if not pairs:
        raise ValueError("a contact sheet needs at least one pair of images")
    if columns < 1:
        raise ValueError(f"a contact sheet needs at least one column, not {columns}")
    shape = pairs[0][0].shape
    if len(shape) != 3 or shape[2] != 3:
        raise ValueError(f"images must be RGB of shape (height, width, 3), not {shape}")
    for number, (before, after, _) in enumerate(pairs):
        for name, image in (("before", before), ("after", after)):
            if image.shape != shape:
                raise ValueError(
                    f"images must have one shape: the first is {shape}, "
                    f"but '{name}' of pair {number} is {image.shape}"
                )
            if image.dtype != np.uint8:
                raise ValueError(
                    f"images must be uint8: '{name}' of pair {number} is {image.dtype}"
                )


def _draw_pair(
    sheet: Image.Image,
    corner: Corner,
    size: tuple[int, int],
    before: RGB,
    after: RGB,
    caption: str,
) -> None:
    draw, (left, top) = ImageDraw.Draw(sheet), corner
    small = font(13)
    for image, heading, colour in ((before, "before", SOFT), (after, "after", ACCENT)):
        draw.text((left, top), shorten(heading, small, size[0]), colour, small, "lt")
        paste(sheet, (left, top + HEADING), image)
        left += size[0] + GAP
    middle = top + HEADING + size[1] + _CAPTION // 2 + 2
    text, medium = lettered(caption, 15, 2 * size[0] + GAP)
    draw.text((corner[0], middle), text, INK, medium, "lm")
