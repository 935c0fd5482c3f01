"""Parameters that an optimiser moved are put back into their bounds."""

import pytest
import torch

from raydrift.camera import DRONE, MICROSCOPY, Camera
from raydrift.camera.differentiable import Parametrised, forensic_bounds, project
from raydrift.errors import SettingsError


@pytest.mark.parametrize(("gamma", "expected"), [(-3.0, 1.2), (2.5, 2.5), (9.0, 4.0)])
def test_gamma_stays_between_its_bounds(gamma: float, expected: float) -> None:
    pipeline = Parametrised.by(DRONE)
    bounds = forensic_bounds(pipeline)
    with torch.no_grad():
        pipeline.gamma_correct.fill_(gamma)
    project(pipeline, bounds)
    assert pipeline.gamma_correct.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("camera", "signs"), [(DRONE, [1, 1, 1]), (MICROSCOPY, [-1, 1, 1])], ids=["drone", "micro"]
)
def test_gains_keep_their_signs(camera: Camera, signs: list[int]) -> None:
    pipeline = Parametrised.by(camera)
    bounds = forensic_bounds(pipeline)
    before = pipeline.white_balance.clone()
    project(pipeline, bounds)
    assert torch.equal(pipeline.white_balance, before)
    with torch.no_grad():
        pipeline.white_balance *= -1
    project(pipeline, bounds)
    assert pipeline.white_balance.tolist() == [[pytest.approx(sign * 1e-3) for sign in signs]]


def test_an_optimiser_goes_on_from_there() -> None:
    pipeline = Parametrised.by(DRONE, batch_norm=False)
    bounds = forensic_bounds(pipeline) | {"black_level": (0.05, torch.full((4,), 0.07))}
    optimiser = torch.optim.Adam(pipeline.parameters(), lr=0.5)
    for _ in range(5):
        optimiser.zero_grad()
        pipeline(torch.full((1, 6, 6), 0.4)).mean().backward()
        optimiser.step()
        project(pipeline, bounds)
    found = pipeline.black_level.detach()
    assert ((found >= 0.05) & (found <= 0.0700001)).all()
    assert pipeline(torch.rand(1, 6, 6)).isfinite().all()


def test_a_name_that_there_is_not_is_told() -> None:
    with pytest.raises(SettingsError, match=r"^bounds: there is no gama: choose from: black_level"):
        project(Parametrised.by(DRONE), {"gama": (1, 2)})
