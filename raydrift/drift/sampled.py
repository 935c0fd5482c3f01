"""From a transform and a level to the parameters of one image."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from raydrift.transforms import DriftProfile, Name, TransformInfo


@dataclass(frozen=True)
class SampledTransform:
    """One transform of one image, with the parameters that were drawn for it.

    Attributes:
        info: What was asked for.
        kernel: The transform that does it: ``info.name``, or what ``default`` chose.
        parameters: What it is applied with; empty where nothing is done, as at level 0.
    """

    info: TransformInfo
    kernel: Name
    parameters: Mapping[str, Any] = field(default_factory=dict)


def sample(
    info: TransformInfo, rng: np.random.Generator, profile: DriftProfile
) -> SampledTransform:
    """Draws the parameters of one transform for one image.

    Args:
        info: The transform and its level.
        rng: The generator of (seed, position, sample id); advanced only by what is drawn.
        profile: The ranges that a level spans.
    """
    asked = profile.of(info)
    name, level = asked.resolve(info.drift_level)
    itself = name == asked.name
    transform = asked if itself else profile[name]
    parameters = transform.draw(level, rng) if level else {}
    return SampledTransform(info, info.name if itself else name, parameters)


def unchanged(info: TransformInfo, profile: DriftProfile) -> SampledTransform:
    """What is done at level 0: nothing."""
    asked = profile.of(info)
    name, _ = asked.resolve(0.0)
    return SampledTransform(info, info.name if name == asked.name else name)
