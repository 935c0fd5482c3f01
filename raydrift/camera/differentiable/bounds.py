"""Bounds: where the parameters of a pipeline may go."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from raydrift.camera.differentiable.parametrised import Parametrised
from raydrift.errors import SettingsError

Bounds = Mapping[str, tuple[Any, Any]]
"""By the name of a parameter the least and the most: numbers, or tensors of its shape."""


def forensic_bounds(
    pipeline: Parametrised, gamma: tuple[float, float] = (1.2, 4.0), least_gain: float = 1e-3
) -> dict[str, tuple[Any, Any]]:
    """Bounds within which a pipeline stays one; nothing else holds it, and gamma may come to 0.

    Args:
        pipeline: As it is before it is changed. A gain that is negative, as the microscope's of
            red, stays negative.
        gamma: The least and the most.
        least_gain: How near to 0 a gain may come.
    """
    gains = pipeline.white_balance.detach()
    unbounded = torch.full_like(gains, torch.inf)
    positive, least = gains > 0, torch.full_like(gains, least_gain)
    lower = torch.where(positive, least, -unbounded)
    upper = torch.where(positive, unbounded, -least)
    return {"gamma_correct": gamma, "white_balance": (lower, upper)}


def project(pipeline: nn.Module, bounds: Bounds) -> None:
    """Puts parameters back into their bounds, in place: to be called after an optimiser's step.

    Args:
        pipeline: Any module.
        bounds: Of some of its parameters.

    Raises:
        SettingsError: It has no parameter of a name.

    >>> from raydrift.camera import MICROSCOPY
    >>> camera = Parametrised(MICROSCOPY)
    >>> bounds = forensic_bounds(camera)
    >>> with torch.no_grad():
    ...     _ = camera.gamma_correct.fill_(-0.5), camera.white_balance.fill_(0.5)
    >>> project(camera, bounds)
    >>> camera.gamma_correct.tolist() == [torch.tensor(1.2).item()], camera.white_balance.tolist()
    (True, [[-0.0010000000474974513, 0.5, 0.5]])
    """
    parameters = dict(pipeline.named_parameters())
    with torch.no_grad():
        for name, (least, most) in bounds.items():
            if name not in parameters:
                raise SettingsError(
                    f"bounds: there is no {name}: choose from: {', '.join(parameters)}"
                )
            own = parameters[name]
            low, high = (
                torch.as_tensor(one, dtype=own.dtype, device=own.device) for one in (least, most)
            )
            own.copy_(torch.minimum(torch.maximum(own, low), high))
