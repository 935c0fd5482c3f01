"""The paper that contact sheets are drawn on: title, cards, pictures, texts that fit."""

from bisect import bisect_right
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from raydrift.images.pixels import RGB, check_rgb
from raydrift.report.fonts import one_font
from raydrift.text import printable

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Corner = tuple[int, int]
"""The left and the top of a box, pixels."""

PAPER: Final = "#f6f7f9"
INK: Final = "#1c2430"
SOFT: Final = "#6b7480"
ACCENT: Final = "#c2570c"
MARGIN: Final = 36
GUTTER: Final = 20
PADDING: Final = 14
GAP: Final = 8
HEADING: Final = 20

_CARD, _EDGE = "#ffffff", "#e2e5ea"
_SMALLEST, _LARGEST = 144, 320
_WIDEST_TITLE = 640
_UNKNOWN_TO_THE_FONT = str.maketrans("×−", "x-")
_NOWHERE = "\U0010fffe"  # which is no sign


def font(size: int) -> Font:
    """The usual font, at a size in pixels."""
    return ImageFont.load_default(size=size)


def lettered(text: str, size: int, width: float) -> tuple[str, Font]:
    """A text in a single line, in a font that has its signs, at most so many pixels wide."""
    line = " ".join(text.splitlines()).translate(_UNKNOWN_TO_THE_FONT)
    chosen = font(size)
    if not all(_has(chosen, sign) for sign in set(line)):
        file, line = one_font(line)
        chosen = ImageFont.truetype(file, size)
    return shorten(line, chosen, width), chosen


def wrapped(text: str, size: int, width: float, most: int) -> list[tuple[str, Font]]:
    """A text in so many lines at most, each as ``lettered`` has it; the last one may be cut."""
    lines: list[str] = []
    usual = font(size)
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and (len(lines) == most or usual.getlength(longer) <= width):
            lines[-1] = longer
        else:
            lines.append(word)
    return [lettered(line, size, width) for line in lines[:most]]


def _has(font: Font, sign: str) -> bool:
    """Whether it is not drawn as a font draws what it does not have."""
    return sign.isspace() or bytes(font.getmask(sign)) != bytes(font.getmask(_NOWHERE))


def blank_sheet(
    title: str, subtitle: str, width: int, height: int
) -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    """Paper with a headline, for a grid of cards.

    Args:
        title: The headline.
        subtitle: A smaller line below it; empty for none.
        width: The width of the grid, pixels; a long title makes the paper wider.
        height: The height of the grid.

    Returns:
        The sheet in mode RGB, what draws on it, and where the grid's top is; it starts at `MARGIN`
        from the left.
    """
    headline, large = lettered(title, 28, max(width, _WIDEST_TITLE))
    text_width = max(width, min(_WIDEST_TITLE, round(large.getlength(headline)) + 1))
    line, small = lettered(subtitle, 16, text_width)
    top = MARGIN + 48 + (30 if subtitle else 0)
    sheet = Image.new("RGB", (text_width + 2 * MARGIN, top + height + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), headline, INK, large, "lt")
    draw.text((MARGIN, MARGIN + 42), line, SOFT, small, "lt")
    return sheet, draw, top


def draw_card(draw: ImageDraw.ImageDraw, corner: Corner, width: int, height: int) -> None:
    """A white card with round corners."""
    x, y = corner
    box = (x, y, x + width - 1, y + height - 1)
    draw.rounded_rectangle(box, radius=8, fill=_CARD, outline=_EDGE)


def shown_size(height: int, width: int) -> tuple[int, int]:
    """The (width, height) that an image is shown with: 144 to 320 pixels on its longer side.

    Smaller ones are enlarged by a whole number, so that every pixel stays visible.
    """
    longer = max(height, width)
    scale = -(-_SMALLEST // longer) if longer < _SMALLEST else min(1, _LARGEST / longer)
    return max(1, round(width * scale)), max(1, round(height * scale))


def paste(sheet: Image.Image, corner: Corner, image: RGB) -> None:
    """Puts an image, uint8 RGB, on the sheet in the size that it is shown with.

    Raises:
        PipelineError: It is of another kind.
    """
    check_rgb(image, "a sheet")
    size = shown_size(*image.shape[:2])
    enlarged = size[0] > image.shape[1]
    method = Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS
    picture = Image.fromarray(np.ascontiguousarray(image))
    sheet.paste(picture if picture.size == size else picture.resize(size, method), corner)


def shorten(text: str, font: Font, width: float) -> str:
    """The text in a single line, cut with an ellipsis if it is wider than `width` pixels."""
    line = printable(" ".join(text.splitlines())).translate(_UNKNOWN_TO_THE_FONT)
    if font.getlength(line) <= width:
        return line

    def cut(length: int) -> str:
        return line[:length].rstrip(" .,") + "…"

    fitting = bisect_right(range(len(line)), width, key=lambda length: font.getlength(cut(length)))
    return cut(max(fitting - 1, 0))
