"""Numbers with the words that they count."""

import pytest

from raydrift.plural import plural


@pytest.mark.parametrize(
    ("count", "word", "told"),
    [
        (0, "image", "0 images"),
        (1, "image", "1 image"),
        (1200, "image", "1,200 images"),
        (1, "batch", "1 batch"),
        (3, "batch", "3 batches"),
        (1, "other class", "1 other class"),
        (4, "other class", "4 other classes"),
    ],
)
def test_the_word_agrees_with_the_number(count: int, word: str, told: str) -> None:
    assert plural(count, word) == told
