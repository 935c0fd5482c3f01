"""What each stage of a camera makes of pictures, and how the loss changes with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from raydrift.camera.differentiable import Parametrised
from raydrift.tasks.training.adjusted import Adjusted

SHOWN: Final = "shown"
"""The last stage of every camera: what the model is shown, before its normalisation."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage of a camera.

    Attributes:
        name: As of ``Parametrised.stages``, or ``SHOWN``.
        values: What it made, float32 of shape (n, 3, height, width).
        gradient: How the loss changes with each value, of the same shape.
    """

    name: str
    values: npt.NDArray[np.float32]
    gradient: npt.NDArray[np.float32]


def stages_of(model: Adjusted, seen: Tensor, loss: Callable[[Any], Tensor]) -> list[Stage]:
    """What each stage of a camera makes of some pictures, in order; the model stays as it is.

    Args:
        model: In the mode in which it is asked.
        seen: Photographs or mosaics, as of ``Given``.
        loss: Of the model's answers.
    """
    camera = model.camera
    found: dict[str, Tensor] = {}
    shown = None
    if isinstance(camera, Parametrised):
        camera.track_stages = True
    try:
        shown = model.pictures(seen.clone().requires_grad_())  # whether or not its numbers learn
        if isinstance(camera, Parametrised):
            found = dict(camera.stages)
    finally:
        if isinstance(camera, Parametrised):
            camera.track_stages, camera.stages = False, {}
    found[SHOWN] = shown
    gradients = torch.autograd.grad(loss(model.answers(shown)), list(found.values()))
    return [
        Stage(name, *(one.detach().cpu().numpy() for one in (values, gradient)))
        for (name, values), gradient in zip(found.items(), gradients, strict=True)
    ]
