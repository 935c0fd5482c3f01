"""How much is augmented: as much as keeps the discriminator from knowing the images by heart."""

from collections.abc import Mapping
from math import nan
from typing import Any, Final

import torch
from torch import Tensor

from raydrift.gan.replicas import Replicas

_STEPS: Final = 4


class AugmentationControl:
    """Moves the chance of augmentation by the sign of r - target.

    r is the mean sign of the scores of real images over 4 steps: near 0 the discriminator does not
    know them, at 1 it knows them all. The chance stays in [0, 1].

    Args:
        target: The r that is aimed at.
        kimg: Thousands of images in which the chance can rise from 0 to 1.
        batch: Images of a step, over all processes.
        replicas: The processes that train together.

    Attributes:
        chance: Of every augmentation.
        sign: r of the last 4 steps; nan before the first 4.
        kimg: As given.
    """

    def __init__(self, target: float, kimg: float, batch: int, replicas: Replicas) -> None:
        self.chance = 0.0
        self.sign = nan
        self.kimg = float(kimg)
        self._target = target
        self._batch = batch
        self._replicas = replicas
        self._signs: Tensor | None = None
        self._steps = 0

    def see(self, scores: Tensor) -> None:
        """Takes the scores of a step's real images; moves the chance after every fourth step.

        Args:
            scores: Of this process' share, of shape (n,).
        """
        mean = self._replicas.mean(scores.sign().mean())
        self._signs = mean if self._signs is None else self._signs + mean
        self._steps += 1
        if self._steps < _STEPS:
            return
        self.sign = float(self._signs / self._steps)
        stride = self._steps * self._batch / (self.kimg * 1000)
        if self.sign != self._target:
            stride = stride if self.sign > self._target else -stride
            self.chance = min(1.0, max(0.0, self.chance + stride))
        self._signs, self._steps = None, 0

    def state(self) -> dict[str, Any]:
        """Its state, with the signs collected since the last move."""
        return {
            "chance": self.chance,
            "sign": self.sign,
            "kimg": self.kimg,
            "signs": None if self._signs is None else self._signs.cpu().clone(),
            "steps": self._steps,
        }

    def load_state(self, state: Mapping[str, Any], device: torch.device | str = "cpu") -> None:
        """Continues from a state."""
        self.chance, self.sign = float(state["chance"]), float(state["sign"])
        self.kimg = float(state["kimg"])
        signs = state["signs"]
        self._signs = None if signs is None else signs.to(device, copy=True)
        self._steps = int(state["steps"])
