"""Each class is split in its share, by a seed; groups stay whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.errors import SettingsError
from raydrift.flows.splitting import grouped, missing_classes, stratified

CLASSES = st.lists(st.integers(0, 4), min_size=1, max_size=80).map(np.array)
SHARES = st.floats(0.05, 0.95)


@given(CLASSES, SHARES, st.integers(0, 2**64 - 1))
def test_every_class_is_in_both_parts_in_its_share(
    classes: np.ndarray, share: float, seed: int
) -> None:
    split = stratified(classes, share, seed)
    assert sorted([*split.train, *split.validation]) == list(range(len(classes)))
    for one in np.unique(classes):
        count = int(np.sum(classes == one))
        held = int(np.sum(classes[split.validation] == one))
        if count > 1:
            assert 1 <= held < count
            assert abs(held - share * count) <= 1
        else:
            assert held == 0


def test_it_goes_by_the_seed() -> None:
    classes = np.repeat([0, 1], 50)
    splits = [stratified(classes, 0.2, seed).validation.tolist() for seed in (1, 1, 2)]
    assert splits[0] == splits[1] != splits[2]


def test_no_share_is_no_validation() -> None:
    split = stratified(np.zeros(5, np.int32), 0.0, 1)
    assert len(split.train) == 5
    assert len(split.validation) == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), min_size=2, max_size=80), SHARES)
def test_groups_stay_whole(rows: list[tuple[int, int]], share: float) -> None:
    classes, groups = (np.array(column) for column in zip(*rows, strict=True))
    if len(set(groups.tolist())) < 2:
        with pytest.raises(SettingsError, match="all images are of one group"):
            grouped(classes, groups.tolist(), share, 1)
        return
    split = grouped(classes, groups.tolist(), share, 1)
    assert sorted([*split.train, *split.validation]) == list(range(len(rows)))
    assert not set(groups[split.train]) & set(groups[split.validation])
    assert len(split.validation)


def test_groups_come_near_the_share_of_each_class() -> None:
    """Of 300 patients with 1 to 9 pictures each a fifth of both classes is for validation."""
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(300), rng.integers(1, 10, 300))
    classes = (groups % 3 == 0).astype(np.int32)
    split = grouped(classes, groups.tolist(), 0.2, 5)
    for one in (0, 1):
        share = np.sum(classes[split.validation] == one) / np.sum(classes == one)
        assert share == pytest.approx(0.2, abs=0.01)


def test_a_class_that_a_part_lacks_is_named() -> None:
    classes = np.array([0, 0, 0, 1])
    split = stratified(classes, 0.3, 1)
    assert missing_classes(split, classes, ["cat", "dog"]) == (
        "the validation part has no image of the class 'dog': add images, or give another share "
        "or other groups"
    )
    assert missing_classes(stratified(classes, 0.0, 1), classes, ["cat", "dog"]) == ""
