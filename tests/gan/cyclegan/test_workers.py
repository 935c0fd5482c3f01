"""A training on several processes is the one of a single process."""

from pathlib import Path
from typing import Any

import pytest
import torch

from raydrift.gan.replicas import Replicas
from tests.gan.cyclegan.domains import small_settings, small_trainer
from tests.gan.processes import on_workers

# A pool that is full after the first step, so that images come back.
SETTINGS = small_settings(size=(16, 16), width=4, discriminator_width=4, pool=3)


def trained(replicas: Replicas) -> dict[str, Any]:
    """The gradients of the first step, and how far four steps come."""
    torch.set_default_dtype(torch.float64)
    trainer = small_trainer(SETTINGS, replicas)
    trainer.step()
    first = {
        f"{name} {place}": one["exp_avg"].clone()
        for name in ("generator_adam", "discriminator_adam")
        for place, one in trainer.state()[name]["state"].items()
    }
    for _ in range(3):
        trainer.step()
    state = trainer.state()
    return {
        "gradients": first,
        "networks": state["networks"],
        "pools": {str(place): pool["images"] for place, pool in enumerate(state["pools"])},
        "losses": trainer.losses(),
    }


@pytest.mark.usefixtures("one_thread", "double_precision")
def test_two_processes_train_as_one_on_the_joined_batch(tmp_path: Path) -> None:
    alone = trained(Replicas())
    first, second = on_workers(trained, tmp_path)
    for found in (first, second):
        for name, gradient in alone["gradients"].items():
            torch.testing.assert_close(found["gradients"][name], gradient, rtol=0, atol=1e-12)
        for part in ("networks", "pools"):
            for name, value in alone[part].items():
                torch.testing.assert_close(found[part][name], value, rtol=0, atol=1e-7)
        assert found["losses"] == pytest.approx(alone["losses"], rel=1e-7)
    for name, weight in first["networks"].items():
        assert torch.equal(weight, second["networks"][name])
    assert first["losses"] == second["losses"]
