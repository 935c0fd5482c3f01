"""The contact sheet of levels: a card an image, a row a drift, a column a level."""

import numpy as np
import pytest
from PIL import Image

from raydrift.errors import PipelineError
from raydrift.images.codec import RGB
from raydrift.report.level_sheet import LevelCard, level_sheet

CLEAN, WEAK, STRONG = (255, 0, 0), (0, 0, 255), (0, 255, 0)


def plain(colour: tuple[int, int, int], height: int = 150, width: int = 180) -> RGB:
    return np.full((height, width, 3), colour, np.uint8)


def card(caption: str = "sample 0", names: tuple[str, ...] = ("hue",)) -> LevelCard:
    return LevelCard(caption, plain(CLEAN), {name: [plain(WEAK), plain(STRONG)] for name in names})


def boxes(sheet: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) around all pixels of a colour."""
    rows, columns = np.nonzero((np.asarray(sheet) == colour).all(-1))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_a_row_goes_from_clean_to_the_last_level_at_full_size() -> None:
    sheet = level_sheet([card()], [0.2, 1.0], "Levels")
    clean, weak, strong = (boxes(sheet, colour) for colour in (CLEAN, WEAK, STRONG))
    for left, top, right, bottom in (clean, weak, strong):
        assert (right - left, bottom - top) == (180, 150)
        assert top == clean[1]
    assert clean[2] < weak[0] < weak[2] < strong[0]


def test_each_drift_is_a_row_and_each_image_a_card() -> None:
    one = level_sheet([card()], [0.2, 1.0], "Levels")
    two_rows = level_sheet([card(names=("hue", "rotate"))], [0.2, 1.0], "Levels")
    two_cards = level_sheet([card(), card()], [0.2, 1.0], "Levels")
    assert two_rows.height == one.height + 150 + 8
    assert two_cards.height > two_rows.height
    assert two_cards.width == one.width
    for sheet in (two_rows, two_cards):
        pixels = np.asarray(sheet)
        assert (pixels == CLEAN).all(-1).sum() == 2 * 150 * 180


def test_long_texts_stay_in_their_place() -> None:
    short = level_sheet([card()], [0.2, 1.0], "Levels")
    long = level_sheet([card("a/" * 500, ("hue",))], [0.2, 1.0], "Levels", "x" * 999)
    assert long.width == short.width
    paper = np.asarray(short)[0, 0]
    assert np.all(np.asarray(long)[:, -36:] == paper), "the right margin"


def test_pixels_of_another_kind_are_an_error() -> None:
    mosaic = LevelCard("sample 0", np.zeros((150, 180), np.uint16), {"hue": [plain(WEAK)]})
    with pytest.raises(PipelineError, match=r"a sheet takes uint8 RGB .*, not uint16 \(150, 180\)"):
        level_sheet([mosaic], [0.5], "Levels")


def test_notes_stand_below_a_name_as_far_as_there_is_room() -> None:
    def written(height: int, note: str) -> RGB:
        """What stands to the left of the pictures, whose heading is in line with them."""
        pictures = [plain(CLEAN, height), plain(WEAK, height), plain(STRONG, height)]
        row = LevelCard("sample 0", pictures[0], {"hue": pictures[1:]})
        sheet = level_sheet([row], [0.2, 1.0], "Levels", notes={"hue": [note, note]})
        left, top, _, bottom = boxes(sheet, CLEAN)
        return np.asarray(sheet)[top:bottom, left - 168 : left]

    def ink(pixels: RGB) -> int:
        return int((pixels.min(-1) < 200).sum())

    nothing, short, long = (written(150, note) for note in ("", "Turns colours.", "colours " * 99))
    assert 0 < ink(nothing) < ink(short) < ink(long)
    assert ink(long[:8]) == ink(long[-8:]) == ink(long[:, -8:]) == 0, "within its place"
    assert (written(144, "") == written(144, " ")).all()
    assert ink(written(40, "colours")) == ink(written(40, "")), "too low for any"


@pytest.mark.parametrize(
    ("cards", "said"),
    [([], "at least one image"), ([card()], "row 'hue' has 2 images for 1 levels")],
)
def test_what_does_not_fit_together_is_an_error(cards: list[LevelCard], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        level_sheet(cards, [0.5], "Levels")
