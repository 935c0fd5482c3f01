"""The other published modes: half-size pictures, as they are or through a network."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import nn

from raydrift.camera import CFA
from raydrift.camera.differentiable import (
    MICROSCOPY_DEVIATION,
    MICROSCOPY_MEAN,
    Learned,
    Superpixels,
)
from raydrift.errors import ImageError, SettingsError
from tests.camera.differentiable.batches import batch
from tests.camera.mosaics import flat


@pytest.mark.parametrize("mosaic", ["drone", "rose", "finch"])
def test_none_is_the_published_one(mosaic: str, oracle: Mapping[str, np.ndarray]) -> None:
    raw = torch.tensor(oracle[f"mosaic/{mosaic}"])[None]
    expected = oracle[f"torch/none/{mosaic}"]
    assert np.abs(Superpixels()(raw)[0].numpy() - expected).max() < 1e-15
    normalised = Superpixels(mean=MICROSCOPY_MEAN, deviation=MICROSCOPY_DEVIATION)(raw)[0].numpy()
    mean, deviation = (
        np.reshape(one, (3, 1, 1)) for one in (MICROSCOPY_MEAN, MICROSCOPY_DEVIATION)
    )
    assert np.abs(normalised - (expected - mean) / deviation).max() < 1e-12


@pytest.mark.parametrize("cfa", CFA)
def test_each_pattern_gives_its_colour_and_odd_ends_are_left_out(cfa: CFA) -> None:
    raw = torch.tensor(flat((0.4, 0.2, 0.1), 7, 9, cfa))[None]
    found = Superpixels(cfa)(raw)
    assert tuple(found.shape) == (1, 3, 3, 4)
    assert found[0, :, 1, 2].tolist() == [0.4, 0.2, 0.1]


def test_a_network_of_ones_own_takes_the_half_size_picture() -> None:
    network = nn.Conv2d(3, 3, 1)
    learned = Learned(network)
    raw = batch(2, 8, 10, torch.float32)
    assert tuple(learned(raw).shape) == (2, 3, 4, 5)
    assert {"model.weight", "model.bias", "batch_norm.running_mean"} <= set(learned.state_dict())
    plain = Learned(network, Superpixels(mean=(0.1, 0.1, 0.1)), batch_norm=False)
    assert torch.equal(plain(raw), network(Superpixels(mean=(0.1, 0.1, 0.1))(raw)))


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(SettingsError, match=r"^cfa is 'XTRANS': choose from: RGGB, BGGR"):
        Superpixels("XTRANS")
    with pytest.raises(SettingsError, match=r"^deviation is \(0, 1, 1\): give three numbers above"):
        Superpixels(deviation=(0, 1, 1))
    with pytest.raises(ImageError, match=r"^develop: the mosaics are float32 \(1, 1, 4\): give at"):
        Superpixels()(torch.ones(1, 1, 4))
