"""The contact sheet: pairs of images before and after a drift, with captions."""

import numpy as np
import pytest
from PIL import Image

from raydrift.report.contact_sheet import Pair, before_after_sheet

RED, BLUE = (255, 0, 0), (0, 0, 255)


def pair(caption: str = "boat", height: int = 160, width: int = 200) -> Pair:
    before = np.full((height, width, 3), RED, np.uint8)
    after = np.full((height, width, 3), BLUE, np.uint8)
    return before, after, caption


def area(sheet: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) around all pixels of a colour."""
    rows, columns = np.nonzero((np.asarray(sheet) == colour).all(-1))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_before_and_after_stand_side_by_side_at_full_size() -> None:
    sheet = before_after_sheet([pair()], "Drift")
    left, right = area(sheet, RED), area(sheet, BLUE)
    assert sheet.mode == "RGB"
    assert (left[2] - left[0], left[3] - left[1]) == (200, 160)
    assert (right[2] - right[0], right[3] - right[1]) == (200, 160)
    assert (left[1], left[3]) == (right[1], right[3])
    assert 0 < right[0] - left[2] < 20


def test_pairs_fill_rows_of_the_given_number_of_columns() -> None:
    one, two, five = (before_after_sheet([pair()] * n, "Drift", columns=2) for n in (1, 2, 5))
    row = area(five, RED)[3] - area(one, RED)[3]
    assert one.width < two.width == five.width
    assert two.height == one.height
    assert five.height == one.height + row
    assert np.all(np.asarray(five)[-100:, -40:] == np.asarray(five)[0, 0]), (
        "the last place is empty"
    )


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((32, 32), (160, 160)),
        ((28, 56), (84, 168)),
        ((300, 100), (300, 100)),
        ((80, 640), (40, 320)),
    ],
)
def test_small_images_are_enlarged_and_large_ones_reduced(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    left, top, right, bottom = area(before_after_sheet([pair("", *size)], "Drift"), RED)
    assert (bottom - top, right - left) == shown


def test_long_texts_are_cut_inside_their_place() -> None:
    long = "brightness 1.20, " * 100
    short = before_after_sheet([pair("boat")] * 2, "Drift")
    captions = before_after_sheet([pair(long)] * 2, "Drift")
    title = before_after_sheet([pair("boat")] * 2, long, subtitle=long)
    assert captions.size == short.size
    assert title.width == short.width
    paper = np.asarray(short)[0, 0]
    assert np.all(np.asarray(captions)[:, short.width // 2] == paper), "between the two cards"
    assert np.all(np.asarray(title)[:, -36:] == paper), "the right margin"


def test_line_breaks_become_spaces() -> None:
    one_line = before_after_sheet([pair("boat blur 2")], "Drift")
    assert one_line.tobytes() == before_after_sheet([pair("boat\nblur 2")], "Drift").tobytes()


def test_a_subtitle_takes_a_line_of_its_own() -> None:
    with_it = before_after_sheet([pair()], "Drift", subtitle="level 0 to 1")
    assert with_it.height > before_after_sheet([pair()], "Drift").height


@pytest.mark.parametrize(
    ("pairs", "columns", "message"),
    [
        ([], 4, "a contact sheet needs at least one pair of images"),
        ([pair()], 0, "a contact sheet needs at least one column, not 0"),
        (
            [pair(), (pair()[0], pair(height=9)[1], "boat")],
            4,
            "images must have one shape: the first is (160, 200, 3), "
            "but 'after' of pair 1 is (9, 200, 3)",
        ),
        (
            [(np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8), "grey")],
            4,
            "images must be RGB of shape (height, width, 3), not (8, 8)",
        ),
        (
            [(np.zeros((8, 8, 3)), np.zeros((8, 8, 3)), "float")],
            4,
            "images must be uint8: 'before' of pair 0 is float64",
        ),
    ],
)
def test_mistakes_are_told_in_one_line(pairs: list[Pair], columns: int, message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the whole message is compared)
        before_after_sheet(pairs, "Drift", columns)
    assert str(error.value) == message
