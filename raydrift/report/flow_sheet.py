"""A sheet of augmented images: each as it is, and as it is in some epochs."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

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
    blank_sheet,
    draw_card,
    font,
    lettered,
    paste,
    shorten,
    shown_size,
)

_CAPTION = 28


@dataclass(frozen=True)
class FlowCard:
    """One image and what an augmentation makes of it.

    Attributes:
        caption: Which image it is.
        plain: As it is, uint8 RGB.
        epochs: As it is in epoch 0, 1, …
    """

    caption: str
    plain: RGB
    epochs: Sequence[RGB]


def augmented_sheet(cards: Sequence[FlowCard], title: str, subtitle: str) -> Image.Image:
    """Lays out a card for each image, in a row: as it is, then an epoch each.

    Args:
        cards: One or more, of as many epochs; all images of one shape (height, width, 3).
        title: The headline.
        subtitle: A smaller line below the title; empty for none.

    Returns:
        The sheet, in mode RGB.

    Raises:
        ValueError: There are no cards, or not all have as many epochs.
    """
    if not cards:
        raise ValueError("a sheet needs at least one image")
    epochs = len(cards[0].epochs)
    if any(len(card.epochs) != epochs for card in cards):
        raise ValueError("all cards need the same number of epochs")
    width, height = shown_size(*cards[0].plain.shape[:2])
    card_width = 2 * PADDING + (epochs + 1) * (width + GAP) - GAP
    card_height = 2 * PADDING + _CAPTION + HEADING + height
    grid_height = len(cards) * (card_height + GUTTER) - GUTTER
    sheet, draw, top = blank_sheet(title, subtitle, card_width, grid_height)
    for number, card in enumerate(cards):
        y = top + number * (card_height + GUTTER)
        draw_card(draw, (MARGIN, y), card_width, card_height)
        left = MARGIN + PADDING
        text, medium = lettered(card.caption, 15, card_width - 2 * PADDING)
        draw.text((left, y + PADDING), text, INK, medium, "lt")
        headings = ["as it is", *(f"epoch {epoch}" for epoch in range(epochs))]
        for heading, image in zip(headings, (card.plain, *card.epochs), strict=True):
            colour = SOFT if image is card.plain else ACCENT
            label = shorten(heading, font(13), width)
            draw.text((left, y + PADDING + _CAPTION), label, colour, font(13), "lt")
            paste(sheet, (left, y + PADDING + _CAPTION + HEADING), image)
            left += width + GAP
    return sheet
