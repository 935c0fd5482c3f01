"""Transforms that are applied in one pass where they follow each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from raydrift.drift.sampled import SampledTransform
from raydrift.images.pixels import Array
from raydrift.transforms import Parameters, Transform


@dataclass(frozen=True)
class Step:
    """One transform of one image, ready to be applied.

    Attributes:
        drawn: What was asked for, and what was drawn.
        transform: The transform that does it, with its ranges.
        parameters: What was drawn.
        rng: The generator of its place in the list, as ``draw`` left it.
    """

    drawn: SampledTransform
    transform: Transform
    parameters: Parameters
    rng: np.random.Generator


@dataclass(frozen=True)
class JointTransform(Transform):
    """A transform of a family: those that follow each other in a list are applied in one pass.

    A subclass of a family has its ``family``, and ``apply_together`` in their common base.
    """

    def settled(self, parameters: Parameters, setup: Any) -> Parameters:  # noqa: ARG002
        """What holds of what was drawn; a family's setup may fix some of it.

        Args:
            parameters: What ``draw`` returned.
            setup: What the family shares, see ``DriftProfile.setup``.
        """
        return parameters

    @classmethod
    def apply_together(cls, image: Array, steps: Sequence[Step], setup: Any) -> Array:
        """Applies what was drawn for several transforms.

        Args:
            image: As for ``apply``; it is left alone.
            steps: The transforms, in the order of the list.
            setup: What the family shares, see ``DriftProfile.setup``.

        Returns:
            Pixels of the same shape and type.
        """
        raise NotImplementedError(f"{cls.name} does nothing: define apply_together()")
