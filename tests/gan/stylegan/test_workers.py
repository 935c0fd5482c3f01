"""A training on several processes is the one of a single process."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from raydrift.gan.replicas import Replicas
from raydrift.gan.stylegan.training import StyleGanTrainer
from tests.gan.held import Held
from tests.gan.processes import on_workers
from tests.gan.stylegan.drawn import discs, settings

SETTINGS = settings(
    8,
    stylegan={
        **{"width": 64, "max_channels": 16, "latent": 16},
        **{"ada_target": 0.0, "ada_kimg": 1, "mirror": True},  # augments soon
    },
    batch_size=8,
)


def trainer(replicas: Replicas) -> StyleGanTrainer:
    labels = np.arange(20) % 2
    return StyleGanTrainer(SETTINGS, Held(discs(20, 8)), labels, ("a", "b"), replicas=replicas)


def trained(replicas: Replicas) -> dict[str, Any]:
    """The gradients of all four losses, and how far ten steps come.

    Adam's first beta is 0, so what it keeps is the last gradient: the penalties' after the first
    step, the plain losses' after the second. At a rate of 0 both are of the same weights.
    """
    torch.set_default_dtype(torch.float64)
    still = trainer(replicas)
    still.scale_rates(0.0)
    gradients = {}
    for losses in ("penalties", "plain losses"):
        still.step()
        for network in ("generator_adam", "discriminator_adam"):
            for place, one in still.state()[network]["state"].items():
                gradients[f"{losses} {network} {place}"] = one["exp_avg"]
    moved = trainer(replicas)
    for _ in range(10):
        moved.step()
    state = moved.state()
    names = ("generator", "discriminator", "average")
    weights = {f"{name} {key}": one for name in names for key, one in state[name].items()}
    weights["path mean"] = state["path_mean"]
    return {"gradients": gradients, "weights": weights, "augmentation": state["augmentation"]}


@pytest.mark.usefixtures("one_thread", "double_precision")
def test_two_processes_train_as_one_on_the_joined_batch(tmp_path: Path) -> None:
    """Also where images are compared: neighbours are, 4 of the 4 that each process has."""
    alone = trained(Replicas())
    first, second = on_workers(trained, tmp_path)
    assert len(alone["gradients"]) > 90
    for found in (first, second):
        for name, gradient in alone["gradients"].items():
            torch.testing.assert_close(found["gradients"][name], gradient, rtol=0, atol=1e-12)
        for name, value in alone["weights"].items():
            torch.testing.assert_close(found["weights"][name], value, rtol=0, atol=1e-6)
        assert found["augmentation"]["chance"] == alone["augmentation"]["chance"] > 0
        assert found["augmentation"]["sign"] == pytest.approx(alone["augmentation"]["sign"])
    for name, weight in first["weights"].items():
        assert torch.equal(weight, second["weights"][name])
