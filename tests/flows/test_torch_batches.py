"""Batches as tensors: channels first, from 0 to 1 or normalised, in step with the state."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from raydrift.flows import Augment, Flow


@pytest.fixture
def flow(scenes: Path) -> Flow:
    return Flow(scenes, augment=Augment(flip=True), size=(24, 32), batch_size=16, seed=3)


def test_pixels_become_numbers_from_0_to_1(flow: Flow) -> None:
    for tensors, arrays in zip(flow.train.torch(1), flow.train.numpy(1), strict=True):
        expected = arrays.images.astype(np.float32).transpose(0, 3, 1, 2) / 255
        torch.testing.assert_close(tensors.images, torch.from_numpy(expected))
        assert tensors.labels.tolist() == arrays.labels.tolist()
        assert tensors.told.paths == arrays.paths
        assert tensors.masks is None


def test_they_are_normalised_by_the_statistics_of_the_flow(flow: Flow) -> None:
    found = flow.fit_statistics()
    batches = list(flow.train.torch(0, mean=found.mean.tolist(), std=found.std.tolist()))
    pixels = torch.cat([batch.images for batch in batches])
    assert pixels.mean(dim=(0, 2, 3)).abs().max() < 1e-4
    assert (pixels.std(dim=(0, 2, 3)) - 1).abs().max() < 1e-4


def test_the_state_is_that_of_the_batch_given_not_of_the_one_on_its_way(flow: Flow) -> None:
    list(islice(flow.train.torch(0), 2))
    assert (flow.train.state()["epoch"], flow.train.state()["place"]) == (0, 2)
    list(flow.train.torch(0))
    assert (flow.train.state()["epoch"], flow.train.state()["place"]) == (1, 0)


@pytest.mark.gpu
def test_batches_go_to_the_gpu_and_become_numbers_there(flow: Flow) -> None:
    for there, here in zip(flow.train.torch(0, "cuda"), flow.train.torch(0), strict=True):
        assert there.images.is_cuda
        torch.testing.assert_close(there.images.cpu(), here.images)
