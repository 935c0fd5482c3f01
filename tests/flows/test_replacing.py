"""What takes the place of an image that cannot be used, and what is said of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift.augment.batches import Rejected
from raydrift.flows import ImageDataGenerator
from raydrift.flows.replacing import nothing_found, others, told_of
from raydrift.flows.saving import save_img


def test_others_are_drawn_by_row_and_epoch_each_once() -> None:
    drawn = list(others(seed=3, row=5, sample=2, epoch=1, count=10))
    assert sorted(drawn) == [0, 1, 3, 4, 5, 6, 7, 8, 9]
    assert drawn == list(others(seed=3, row=5, sample=2, epoch=1, count=10))
    assert drawn != list(others(seed=3, row=5, sample=2, epoch=2, count=10))
    assert drawn != list(others(seed=3, row=6, sample=2, epoch=1, count=10))


def test_so_many_are_tried_however_many_there_are() -> None:
    assert len(list(others(seed=3, row=5, sample=2, epoch=1, count=10**12))) == 1000
    assert list(others(seed=3, row=0, sample=0, epoch=0, count=1)) == []


def test_what_is_said() -> None:
    rejected = Rejected(3, "a/1.png", "decode: not an image")
    assert told_of(rejected) == (
        "a/1.png cannot be used (decode: not an image): another image takes its place; all such "
        "images are in .rejected"
    )
    assert "image 3 cannot" in told_of(Rejected(3, "", "read: no"))
    assert "nor can 7 others" in nothing_found(rejected, 7)


@pytest.mark.parametrize(("class_mode", "warned"), [(None, True), ("sparse", False)])
def test_where_no_labels_are_given_it_is_said_that_others_no_longer_match(
    tmp_path: Path, class_mode: Any, warned: bool
) -> None:
    for place in range(3):
        (tmp_path / "a").mkdir(exist_ok=True)
        save_img(tmp_path / "a" / f"{place}.png", np.zeros((4, 4, 3)))
    (tmp_path / "a" / "1.png").write_bytes(b"no image")
    generator = ImageDataGenerator()
    flow = generator.flow_from_directory(
        tmp_path, (4, 4), class_mode=class_mode, shuffle=False, seed=1
    )
    with pytest.warns(UserWarning, match="another image takes its place") as told:
        next(flow)
    words = "masks of another flow and predictions by filenames no longer match: give on_error"
    assert (words in str(told[0].message)) == warned
    assert flow.info is not None
    assert flow.info.samples[1] != 1
