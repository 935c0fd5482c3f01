"""The power and the clip, where their gradients are not plain."""

import pytest
import torch

from raydrift.camera.differentiable.tone import DARKEST, clipped, encoded

GAMMA = torch.tensor([1.2, 2.2, 4.0], dtype=torch.float64)


def linear(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).expand(3, 3, 1, -1).clone().requires_grad_()


def test_gradients_are_the_powers_own_between_darkest_and_white() -> None:
    x = linear(2 * DARKEST, 0.1, 0.9)
    assert torch.autograd.gradcheck(encoded, (x, GAMMA.clone().requires_grad_()), eps=1e-8)


def test_below_the_darkest_value_it_is_as_steep_as_there() -> None:
    x = linear(0, 1e-300, 0.5 * DARKEST, DARKEST)
    encoded(x, GAMMA).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, x.grad[..., -1:].expand_as(x))
    assert x.grad[1, 0, 0, 0].item() == pytest.approx(DARKEST ** (1 / 2.2 - 1) / 2.2)


def test_a_bound_keeps_its_gradient_and_what_lies_outside_has_none() -> None:
    x = linear(-0.1, 0, 1, 1.1)
    encoded(x, GAMMA).sum().backward()
    assert x.grad is not None
    assert (x.grad[0, 0, 0] != 0).tolist() == [False, True, True, False]
    y = torch.tensor([-0.1, 0, 1, 1.1], requires_grad=True)
    clipped(y, 0, 1).sum().backward()
    assert y.grad is not None
    assert y.grad.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_black_is_black_and_moves_with_no_gamma(dtype: torch.dtype) -> None:
    gamma = GAMMA.to(dtype).requires_grad_()
    found = encoded(torch.zeros(3, 3, 2, 2, dtype=dtype), gamma)
    assert (found == 0).all()
    found.sum().backward()
    assert gamma.grad is not None
    assert gamma.grad.tolist() == [0, 0, 0]
