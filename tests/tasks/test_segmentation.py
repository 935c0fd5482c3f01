"""Scores of segmentations against torchmetrics."""

from functools import reduce
from operator import add

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_jaccard_index, multiclass_jaccard_index

from raydrift.tasks.segmentation import PixelAnswers, SegmentationCounts, resampled_iou


def some(count: int, channels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(count, channels, 6, 9)).astype(np.float32)
    return logits, rng.integers(0, max(2, channels), (count, 6, 9))


@pytest.mark.parametrize("channels", [2, 3, 7])
def test_classes_are_those_of_torchmetrics(channels: int) -> None:
    logits, masks = some(5, channels)
    counts = SegmentationCounts.of(logits, masks)
    wanted = multiclass_jaccard_index(
        torch.from_numpy(logits), torch.from_numpy(masks), channels, average="none"
    )
    np.testing.assert_allclose(counts.iou, wanted, rtol=1e-6)
    assert counts.mean_iou == pytest.approx(float(wanted.mean()), rel=1e-6)


def test_one_channel_is_the_foreground() -> None:
    logits, masks = some(5, 1)
    counts = SegmentationCounts.of(logits, masks)
    wanted = binary_jaccard_index(torch.from_numpy(logits[:, 0]).sigmoid(), torch.from_numpy(masks))
    assert counts.iou.tolist() == [counts.mean_iou] == [pytest.approx(float(wanted), rel=1e-6)]
    bright = SegmentationCounts.of(logits, (masks * 255).astype(np.uint8))
    assert (bright.both, bright.either) == (counts.both, counts.either)


@given(st.integers(1, 8), st.integers(1, 4), st.integers(0, 2**32))
def test_any_split_into_batches_gives_the_same(count: int, channels: int, seed: int) -> None:
    logits, masks = some(count, channels, seed)
    whole = SegmentationCounts.of(logits, masks)
    added = reduce(
        add,
        [SegmentationCounts.of(logits[i : i + 1], masks[i : i + 1]) for i in range(count)],
    )
    np.testing.assert_array_equal(added.iou, whole.iou)
    assert str(added.mean_iou) == str(whole.mean_iou)


def test_a_class_that_is_nowhere_is_not_in_the_mean() -> None:
    logits = np.zeros((1, 3, 2, 2), np.float32)
    logits[:, 0] = 1
    counts = SegmentationCounts.of(logits, np.array([[[0, 0], [0, 2]]]))
    np.testing.assert_array_equal(counts.iou, [0.75, np.nan, 0.0])
    assert counts.mean_iou == 0.375


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        (
            np.zeros((1, 4, 4), int),
            "masks have the shape (1, 4, 4), and the answers (1, 3, 2, 2): "
            "give masks of the images' size",
        ),
        (
            np.full((1, 2, 2), 255),
            "masks have classes from 255 to 255, and the model has 3: give masks of 0 to 2, or set "
            "task.ignore to the label of pixels that do not count",
        ),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=r"^masks have") as caught:
        SegmentationCounts.of(np.zeros((1, 3, 2, 2), np.float32), masks)
    assert str(caught.value) == said


def test_pixels_of_the_ignored_label_do_not_count() -> None:
    logits = np.zeros((1, 2, 1, 4), np.float32)
    logits[:, 1, :, 1:] = 1
    masks = np.array([[[0, 1, 0, 255]]])
    counts = SegmentationCounts.of(logits, masks, ignore=255)
    assert counts.both.tolist() == [1, 1]
    assert counts.either.tolist() == [2, 2]
    one = SegmentationCounts.of(logits[:, 1:] - 0.5, masks, ignore=255)
    assert (one.both.tolist(), one.either.tolist()) == ([1], [2])


class TestPixelAnswers:
    def test_a_set_has_the_scores_of_all_its_pixels(self) -> None:
        rng = np.random.default_rng(1)
        logits = rng.normal(size=(6, 3, 5, 7)).astype(np.float32)
        masks = rng.integers(0, 3, (6, 5, 7))
        each = [SegmentationCounts.of(logits[n : n + 1], masks[n : n + 1]) for n in range(6)]
        found = PixelAnswers.joined([PixelAnswers.of(each[:2], 3), PixelAnswers.of(each[2:], 3)])
        whole = SegmentationCounts.of(logits, masks)
        assert found.total.samples == 6
        assert found.total.iou == whole.mean_iou
        assert [one.iou for one in found.by_class] == whole.iou.tolist()

    def test_no_images_have_no_counts(self) -> None:
        assert PixelAnswers.of([], 3).both.shape == (0, 3)


class TestResampledIou:
    def test_its_spread_is_that_of_the_sums(self) -> None:
        """Each image has 10 pixels; of half of them 9 are right, of the others 1."""
        both = np.tile([[9], [1]], (50, 1))
        answers = PixelAnswers(both, np.full((100, 1), 10))
        drawn = resampled_iou([answers, answers], seed=1)
        assert drawn.shape == (999, 2)
        np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])  # the same images at all levels
        assert drawn.mean() == pytest.approx(0.5, abs=0.01)
        assert drawn[:, 0].std() == pytest.approx(0.4 / np.sqrt(100), rel=0.1)

    def test_the_seed_and_the_number_choose_the_images(self) -> None:
        answers = [PixelAnswers(np.array([[1], [5]]), np.array([[10], [10]]))]
        first = resampled_iou(answers, seed=1)
        np.testing.assert_array_equal(first, resampled_iou(answers, seed=1))
        assert (first != resampled_iou(answers, seed=2)).any()
        assert (first != resampled_iou(answers, seed=1, number=1)).any()
