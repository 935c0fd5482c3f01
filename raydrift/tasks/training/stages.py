"""What each stage of a camera makes of pictures, and how the loss changes with it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

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
        gradient: How the loss of each picture by itself changes with its values, of the same shape.
    """

    name: str
    values: npt.NDArray[np.float32]
    gradient: npt.NDArray[np.float32]


def stages_of(model: Adjusted, seen: Tensor, loss: Callable[[Any, int], Tensor]) -> list[Stage]:
    """What each stage of a camera makes of some pictures, in order; the model stays as it is.

    Args:
        model: In the mode in which it is asked.
        seen: Photographs or mosaics, as of ``Given``, at least one.
        loss: Of the model's answer about the picture of a number, by itself.
    """
    each = [
        _stages_of_one(model, seen[place : place + 1], partial(_at, loss, place))
        for place in range(len(seen))
    ]
    return [
        Stage(
            of_stage[0].name,
            np.concatenate([one.values for one in of_stage]),
            np.concatenate([one.gradient for one in of_stage]),
        )
        for of_stage in zip(*each, strict=True)
    ]


def _at(loss: Callable[[Any, int], Tensor], place: int, said: Any) -> Tensor:
    return loss(said, place)


def _stages_of_one(model: Adjusted, seen: Tensor, loss: Callable[[Any], Tensor]) -> list[Stage]:
    given = seen.clone().requires_grad_()  # so that there are gradients, whatever learns
    with _tracking(model.camera) as stages:
        shown = model.pictures(given)
        found = {**stages(), SHOWN: shown}
    gradients = torch.autograd.grad(loss(model.answers(shown)), list(found.values()))
    return [
        Stage(name, *(one.detach().cpu().numpy() for one in (values, gradient)))
        for (name, values), gradient in zip(found.items(), gradients, strict=True)
    ]


@contextmanager
def _tracking(camera: nn.Module) -> Iterator[Callable[[], dict[str, Tensor]]]:
    """Lets a camera keep its stages; one that has none keeps nothing."""
    if not isinstance(camera, Parametrised):
        yield dict
        return
    camera.track_stages = True
    try:
        yield lambda: camera.stages
    finally:
        camera.track_stages, camera.stages = False, {}
