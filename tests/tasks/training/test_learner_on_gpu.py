"""Trainings on a GPU: the same bits twice, stopped or not."""

from collections.abc import Callable

import numpy as np
import pytest

from raydrift.settings import TrainSettings
from raydrift.tasks.training.learner import Learner

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("network", ["resnet18", "unet"])
def test_the_same_bits_twice_and_from_the_middle_on(network: str) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (24, 64, 64, 3), np.uint8)
    settings = TrainSettings(network, 3, batch_size=8, augmentation="strong")
    targets = (pixels[..., 0] > 127).astype(np.uint8) if settings.has_masks else np.arange(24) % 4
    kept: list[bytes] = []

    def keep(state: Callable[[], bytes]) -> None:
        kept.append(state())

    answers = []
    for begun in (None, None, "middle"):
        learner = Learner(settings, 1 if settings.has_masks else 4, None, 7, "cuda")
        learner.learn(pixels, targets, kept[4] if begun else None, keep)
        answers.append(learner.logits(pixels))
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])
    assert learner.platform(64, 64).startswith("cuda ")
    learner.file(64, 64)
