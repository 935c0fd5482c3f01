"""Processes that train together."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from raydrift.errors import SettingsError
from raydrift.gan.replicas import Replicas
from tests.gan.processes import on_workers


def test_one_process_has_the_whole_batch_and_changes_nothing() -> None:
    alone = Replicas()
    assert alone.share(5) == slice(0, 5)
    value = nn.Parameter(torch.tensor([1.0, 2.0]))
    assert torch.equal(alone.mean(value), value)
    assert torch.equal(alone.gather(value), value)
    assert not alone.mean(value).requires_grad
    assert not alone.gather(value).requires_grad
    (value * 3).sum().backward()
    alone.average_gradients([value])
    assert value.grad is not None
    assert value.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("world", [1, 2, 3, 4])
def test_shares_are_equal_and_make_up_the_batch(world: int) -> None:
    batch = list(range(12))
    shares = [batch[Replicas(rank, world).share(12)] for rank in range(world)]
    assert [place for share in shares for place in share] == batch
    assert {len(share) for share in shares} == {12 // world}


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"train\.batch_size is 5.*give a multiple of 2"):
        Replicas(0, 2).share(5)


def with_own_numbers(replicas: Replicas) -> dict[str, Any]:
    """Means and all parts of numbers that differ between processes: rank 0 has 1, rank 1 has 2."""
    own = float(replicas.rank + 1)
    first, second = nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(4))
    unused = nn.Parameter(torch.zeros(1))
    (own * first.sum() + 10 * own * second[1]).backward()
    replicas.average_gradients([first, unused, second])
    turned = torch.arange(6.0).reshape(2, 3).mul(own).t()  # which is not contiguous
    kept = torch.tensor([own])
    mean = replicas.mean(kept)
    return {
        "mean": mean,
        "kept": kept,
        "gathered": replicas.gather(turned),
        "first": first.grad,
        "second": second.grad,
        "unused": unused.grad,
    }


def test_two_processes_share_means_parts_and_gradients(tmp_path: Path) -> None:
    part = torch.arange(6.0).reshape(2, 3).t()
    for rank, found in enumerate(on_workers(with_own_numbers, tmp_path)):
        assert found["mean"].tolist() == [1.5]
        assert found["kept"].tolist() == [rank + 1]
        assert torch.equal(found["gathered"], torch.cat([part, 2 * part]))
        assert torch.equal(found["first"], torch.full((2, 3), 1.5))
        assert found["second"].tolist() == [0, 15, 0, 0]
        assert found["unused"] is None
