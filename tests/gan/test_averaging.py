"""The running mean of a network."""

import pytest
import torch
from torch import nn

from raydrift.gan.averaging import Averaged


def network_of(weight: float) -> nn.Linear:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, weight)
    return network


def test_after_its_half_life_a_weight_counts_half() -> None:
    average = Averaged(network_of(0))
    average.update(network_of(8), images=1000, half_life=1000)
    assert average.network.weight.item() == 4
    average.update(network_of(8), images=2000, half_life=1000)
    assert average.network.weight.item() == 7


def test_many_small_updates_are_as_a_large_one() -> None:
    small, large = Averaged(network_of(0)), Averaged(network_of(0))
    for _ in range(50):
        small.update(network_of(1), images=4, half_life=100)
    large.update(network_of(1), images=200, half_life=100)
    assert small.network.weight.item() == pytest.approx(large.network.weight.item(), rel=1e-5)


def test_without_a_half_life_it_is_a_copy() -> None:
    average = Averaged(network_of(0))
    average.update(network_of(8), images=1, half_life=0)
    assert average.network.weight.item() == 8


def test_it_begins_as_the_network_and_is_apart_from_it() -> None:
    network = network_of(3).train()
    average = Averaged(network)
    assert average.network.weight.item() == 3
    nn.init.zeros_(network.weight)
    assert average.network.weight.item() == 3
    assert not average.network.training
    assert not average.network.weight.requires_grad
    assert network.training
    assert network.weight.requires_grad


def test_buffers_are_copied() -> None:
    network = nn.BatchNorm1d(1)
    average = Averaged(network)
    network.running_mean = torch.tensor([5.0])
    average.update(network, images=1, half_life=1000)
    assert average.network.running_mean is not None
    assert average.network.running_mean.item() == 5


def test_it_continues_from_its_state() -> None:
    average, other = Averaged(network_of(0)), Averaged(network_of(1))
    average.update(network_of(8), images=1000, half_life=1000)
    other.load_state_dict(average.state_dict())
    assert other.network.weight.item() == 4
