"""A network from its first step to what it gets right."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from raydrift.images.scenes import SCENES, draw_scene
from raydrift.settings import TaskSettings, TrainSettings
from raydrift.tasks.classification import ClassificationCounts
from raydrift.tasks.files import find_task
from raydrift.tasks.model import TaskModel
from raydrift.tasks.segmentation import SegmentationCounts
from raydrift.tasks.training.learner import Learner, training_seed

SETTINGS = TrainSettings("resnet18", 6, batch_size=8)
LEARNED = 54  # of the 72 scenes


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Twelve scenes of each of six classes, 32 x 32, and their classes."""
    pixels = [
        cv2.resize(draw_scene(name, 0, index, 96, 96), (32, 32), interpolation=cv2.INTER_AREA)
        for index in range(12)
        for name in SCENES
    ]
    return np.stack(pixels), np.arange(72) % 6


@pytest.fixture(scope="module")
def trained(drawn: tuple[np.ndarray, np.ndarray]) -> tuple[Learner, list[bytes]]:
    """One that learned of the first 54 scenes, and its states, of every fifth step."""
    pixels, labels = drawn
    learner, kept, steps = Learner(SETTINGS, 6, None, training_seed(42, 0)), [], 0

    def keep(state: object) -> None:
        nonlocal steps
        steps += 1
        if steps % 5 == 0:
            kept.append(state())  # type: ignore[operator]

    learner.learn(pixels[:LEARNED], labels[:LEARNED], keep=keep)
    assert steps == 6 * 7
    return learner, kept


def test_it_beats_chance_on_scenes_that_it_has_not_seen(
    trained: tuple[Learner, list[bytes]], drawn: tuple[np.ndarray, np.ndarray]
) -> None:
    pixels, labels = drawn
    counts = trained[0].counts(pixels[LEARNED:], labels[LEARNED:])
    assert isinstance(counts, ClassificationCounts)
    assert counts.total.samples == 18
    assert counts.total.accuracy > 0.5, "a sixth is chance"


def test_some_epochs_and_the_others_are_all_to_the_last_bit(
    trained: tuple[Learner, list[bytes]], drawn: tuple[np.ndarray, np.ndarray]
) -> None:
    pixels, labels = drawn
    again = Learner(SETTINGS, 6, None, training_seed(42, 0))
    again.learn(pixels[:LEARNED], labels[:LEARNED], begun=trained[1][-1])
    np.testing.assert_array_equal(again.logits(pixels), trained[0].logits(pixels))


def test_what_is_no_state_is_passed_over(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, labels = drawn
    found = []
    for begun in (None, b"damaged"):
        short = TrainSettings("resnet18", 1, batch_size=18)
        learner = Learner(short, 6, None, 7)
        learner.learn(pixels[:LEARNED], labels[:LEARNED], begun=begun)
        found.append(learner.logits(pixels))
    np.testing.assert_array_equal(*found)


def test_a_kept_network_is_one_that_evaluate_takes(
    trained: tuple[Learner, list[bytes]],
    drawn: tuple[np.ndarray, np.ndarray],
    tmp_path: Path,
) -> None:
    path = tmp_path / "kept.pt"
    path.write_bytes(trained[0].file(32, 32))
    settings = TaskSettings(f"resnet18:{path}")
    answers = TaskModel(find_task(settings), settings, "cpu")(drawn[0])
    np.testing.assert_allclose(answers, trained[0].logits(drawn[0]), rtol=1e-4, atol=1e-4)


def test_splits_draw_otherwise_views_do_not() -> None:
    """The seed knows no view: two views of a split begin alike."""
    assert training_seed(42, 0) != training_seed(42, 1)
    assert training_seed(42, 0) != training_seed(43, 0)


@pytest.mark.slow
def test_a_unet_learns_a_mask_and_is_kept_as_a_program(
    drawn: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    pixels, _ = drawn
    masks = (pixels[..., 2].astype(int) > pixels[..., 0]).astype(np.uint8)  # what is blue
    settings = TrainSettings("unet", 4, batch_size=6, augmentation="weak", normalize="imagenet")
    learner = Learner(settings, 1, None, training_seed(42, 0))
    before = torch.get_rng_state()
    learner.learn(pixels[:LEARNED], masks[:LEARNED])
    assert torch.equal(before, torch.get_rng_state())
    counts = learner.counts(pixels[LEARNED:], masks[LEARNED:])
    assert isinstance(counts, SegmentationCounts)
    everything = masks[LEARNED:].mean()
    assert counts.mean_iou > everything + 0.15, "what is right where all is called blue"
    path = tmp_path / "kept.pt2"
    path.write_bytes(learner.file(32, 32))
    asked = TaskSettings(str(path), normalize="imagenet")
    answers = TaskModel(find_task(asked), asked, "cpu")(pixels)
    np.testing.assert_allclose(answers, learner.logits(pixels), rtol=1e-3, atol=1e-3)
