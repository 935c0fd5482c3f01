"""A contact sheet of images at several levels of several drifts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    Font,
    blank_sheet,
    draw_card,
    font,
    lettered,
    paste,
    shorten,
    shown_size,
    wrapped,
)

_CAPTION = 32
_WIDEST_NAME = 160
_LINE = 15  # of a note


@dataclass(frozen=True)
class LevelCard:
    """One image and what becomes of it.

    Attributes:
        caption: Which image it is.
        clean: As it was, uint8 RGB.
        rows: By a drift's name the drifted images, one for each level of the sheet.
    """

    caption: str
    clean: RGB
    rows: Mapping[str, Sequence[RGB]]


def level_sheet(
    cards: Sequence[LevelCard],
    levels: Sequence[float],
    title: str,
    subtitle: str = "",
    notes: Mapping[str, Sequence[str]] | None = None,
) -> Image.Image:
    """Lays out a card for each image: a row for each drift, from clean to the last level.

    Pictures and texts are fitted as on ``before_after_sheet``.

    Args:
        cards: One or more, with the same rows; all images of one shape (height, width, 3).
        levels: What stands above the columns.
        title: The headline.
        subtitle: A smaller line below the title; empty for none.
        notes: By a drift's name what stands below it, as far as there is room: some sentences.

    Returns:
        The sheet, in mode RGB.

    Raises:
        ValueError: There are no cards, or a row has not one image a level.
    """
    if not cards:
        raise ValueError("a contact sheet needs at least one image")
    for card in cards:
        for name, images in card.rows.items():
            if len(images) != len(levels):
                raise ValueError(f"row {name!r} has {len(images)} images for {len(levels)} levels")
    width, height = shown_size(*cards[0].clean.shape[:2])
    names = {name for card in cards for name in card.rows}
    name_width = min(_WIDEST_NAME, round(max(map(font(15).getlength, names), default=0.0))) + GAP
    if notes:
        name_width = _WIDEST_NAME + GAP
    card_width = 2 * PADDING + name_width + (len(levels) + 1) * (width + GAP) - GAP
    rows = max(len(card.rows) for card in cards)
    card_height = 2 * PADDING + _CAPTION + HEADING + rows * (height + GAP) - GAP
    grid_height = len(cards) * (card_height + GUTTER) - GUTTER
    sheet, draw, top = blank_sheet(title, subtitle, card_width, grid_height)
    for number, card in enumerate(cards):
        y = top + number * (card_height + GUTTER)
        draw_card(draw, (MARGIN, y), card_width, card_height)
        inner = card_width - 2 * PADDING
        text, medium = lettered(card.caption, 15, inner)
        draw.text((MARGIN + PADDING, y + PADDING), text, INK, medium, "lt")
        corner = MARGIN + PADDING + name_width, y + PADDING + _CAPTION
        _draw_headings(draw, corner, width, levels)
        _draw_rows(sheet, corner, (width, height), name_width, card, notes or {})
    return sheet


def _draw_headings(
    draw: ImageDraw.ImageDraw, corner: Corner, width: int, levels: Sequence[float]
) -> None:
    left, top = corner
    for heading in ("clean", *(f"{level:g}" for level in levels)):
        colour = SOFT if heading == "clean" else ACCENT
        draw.text((left, top), shorten(heading, font(13), width), colour, font(13), "lt")
        left += width + GAP


def _draw_rows(
    sheet: Image.Image,
    corner: Corner,
    size: tuple[int, int],
    name_width: int,
    card: LevelCard,
    notes: Mapping[str, Sequence[str]],
) -> None:
    draw, (left, top) = ImageDraw.Draw(sheet), corner
    top += HEADING
    for name, images in card.rows.items():
        _draw_name(
            draw, (left - name_width, top), (name_width - GAP, size[1]), name, notes.get(name, ())
        )
        for column, image in enumerate((card.clean, *images)):
            paste(sheet, (left + column * (size[0] + GAP), top), image)
        top += size[1] + GAP


def _draw_name(
    draw: ImageDraw.ImageDraw,
    corner: Corner,
    size: tuple[int, int],
    name: str,
    notes: Sequence[str],
) -> None:
    """A drift's name and its notes, in the middle of their (width, height)."""
    (left, top), (width, height) = corner, size
    room = (height - 3 * _LINE) // _LINE
    lines: list[tuple[str, Font]] = []
    for note in notes:
        lines += wrapped(note, 12, width, max(0, room - len(lines)))
    y = top + (height - _LINE * len(lines)) // 2
    draw.text((left, y), shorten(name, font(15), width), INK, font(15), "lm")
    for number, (line, small) in enumerate(lines):
        draw.text((left, y + round(_LINE * (1.3 + number))), line, SOFT, small, "lm")
