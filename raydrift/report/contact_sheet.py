"""A contact sheet of images before and after a drift."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from raydrift.codec import RGB

Pair = tuple[RGB, RGB, str]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_PAPER, _CARD, _EDGE = "#f6f7f9", "#ffffff", "#e2e5ea"
_INK, _SOFT, _ACCENT = "#1c2430", "#6b7480", "#c2570c"
_MARGIN, _GUTTER, _PADDING, _GAP = 36, 20, 14, 8
_HEADING, _CAPTION = 20, 30
_SMALLEST, _LARGEST = 144, 320
_WIDEST_TITLE = 640
_UNKNOWN_TO_THE_FONT = str.maketrans("×−", "x-")


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
    width, height = _shown_size(pairs[0][0])
    card_width = 2 * width + _GAP + 2 * _PADDING
    card_height = _PADDING + _HEADING + height + _CAPTION + _PADDING // 2
    columns = min(columns, len(pairs))
    rows = -(-len(pairs) // columns)

    large, small = ImageFont.load_default(size=28), ImageFont.load_default(size=16)
    grid_width = columns * (card_width + _GUTTER) - _GUTTER
    text_width = max(grid_width, min(_WIDEST_TITLE, round(large.getlength(title)) + 1))
    top = _MARGIN + 48 + (30 if subtitle else 0)
    bottom = top + rows * (card_height + _GUTTER) - _GUTTER + _MARGIN
    sheet = Image.new("RGB", (text_width + 2 * _MARGIN, bottom), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _MARGIN), _shorten(title, large, text_width), _INK, large, "lt")
    draw.text((_MARGIN, _MARGIN + 42), _shorten(subtitle, small, text_width), _SOFT, small, "lt")

    for number, (before, after, caption) in enumerate(pairs):
        row, column = divmod(number, columns)
        x, y = _MARGIN + column * (card_width + _GUTTER), top + row * (card_height + _GUTTER)
        card = (x, y, x + card_width - 1, y + card_height - 1)
        draw.rounded_rectangle(card, radius=8, fill=_CARD, outline=_EDGE)
        _draw_pair(sheet, (x + _PADDING, y + _PADDING), (width, height), before, after, caption)
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


def _shown_size(image: RGB) -> tuple[int, int]:
    """The (width, height) to show an image with."""
    height, width = image.shape[:2]
    longer = max(height, width)
    scale = -(-_SMALLEST // longer) if longer < _SMALLEST else min(1, _LARGEST / longer)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _draw_pair(
    sheet: Image.Image,
    corner: tuple[int, int],
    size: tuple[int, int],
    before: RGB,
    after: RGB,
    caption: str,
) -> None:
    draw, (left, top) = ImageDraw.Draw(sheet), corner
    small, medium = ImageFont.load_default(size=13), ImageFont.load_default(size=15)
    for image, heading, colour in ((before, "before", _SOFT), (after, "after", _ACCENT)):
        draw.text((left, top), _shorten(heading, small, size[0]), colour, small, "lt")
        enlarged = size[0] > image.shape[1]
        method = Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS
        sheet.paste(Image.fromarray(image).resize(size, method), (left, top + _HEADING))
        left += size[0] + _GAP
    middle = top + _HEADING + size[1] + _CAPTION // 2 + 2
    text = _shorten(caption, medium, 2 * size[0] + _GAP)
    draw.text((corner[0], middle), text, _INK, medium, "lm")


def _shorten(text: str, font: Font, width: float) -> str:
    """The text in a single line, cut with an ellipsis if it is wider than `width` pixels."""
    line = " ".join(text.splitlines()).translate(_UNKNOWN_TO_THE_FONT)
    if font.getlength(line) <= width:
        return line

    def cut(length: int) -> str:
        return line[:length].rstrip(" .,") + "…"

    fitting = bisect_right(range(len(line)), width, key=lambda length: font.getlength(cut(length)))
    return cut(max(fitting - 1, 0))
