"""Losses that say how far pictures are from others."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from raydrift.camera.differentiable import l2_loss, ssim, ssim_loss
from raydrift.errors import SettingsError

SHARE = {torch.float64: 1e-12, torch.float32: 2e-6}


@pytest.mark.parametrize("dtype", SHARE, ids=str)
@pytest.mark.parametrize("mosaic", ["drone", "rose", "finch"])
def test_both_are_the_published_ones(
    mosaic: str, dtype: torch.dtype, oracle: Mapping[str, np.ndarray]
) -> None:
    micro, drone = (
        torch.tensor(oracle[f"torch/out/{mosaic}/{name}"], dtype=dtype)[None]
        for name in ("micro", "drone")
    )
    rel = SHARE[dtype]
    similarity, squares = (float(oracle[f"loss/{name}/{mosaic}"]) for name in ("ssim11", "l2sum"))
    assert ssim(micro, drone).item() == pytest.approx(similarity, rel=rel)
    assert ssim_loss(micro, drone).item() == pytest.approx(1 - similarity, rel=rel)
    assert ssim_loss(micro, drone, compat=True).item() == pytest.approx(similarity, rel=rel)
    assert l2_loss(micro, drone, compat=True).item() == pytest.approx(squares, rel=rel)
    assert l2_loss(micro, drone).item() == pytest.approx(squares / micro.numel(), rel=rel)


def test_equal_pictures_are_at_no_distance() -> None:
    pictures = torch.rand(2, 3, 20, 16, dtype=torch.float64)
    assert l2_loss(pictures, pictures).item() == 0
    assert ssim_loss(pictures, pictures.clone()).item() == pytest.approx(0, abs=1e-13)


def test_the_mean_does_not_depend_on_how_many_there_are_but_the_published_sum_does() -> None:
    reference, drifted = torch.rand(2, 2, 3, 16, 16, dtype=torch.float64)
    twice = [torch.cat([one, one]) for one in (reference, drifted)]
    for loss in (l2_loss, ssim_loss):
        assert loss(*twice).item() == pytest.approx(loss(reference, drifted).item())
    once = l2_loss(reference, drifted, compat=True).item()
    assert l2_loss(*twice, compat=True).item() == pytest.approx(2 * once)


@pytest.mark.parametrize("loss", [l2_loss, ssim_loss])
def test_gradients_are_right(loss) -> None:
    reference, drifted = torch.rand(2, 1, 2, 5, 6, dtype=torch.float64)
    assert torch.autograd.gradcheck(loss, (reference, drifted.requires_grad_()))


def test_pictures_of_two_shapes_are_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        ssim(torch.ones(1, 3, 4, 4), torch.ones(1, 3, 4, 5))
    assert str(caught.value) == (
        "pictures are (1, 3, 4, 4) and (1, 3, 4, 5): give two of one shape, "
        "(n, channels, height, width)"
    )
