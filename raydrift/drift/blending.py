"""Transforms that blend an image with its twin, and the way of a twin through a list of them."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from raydrift.drift.joint import Step
from raydrift.drift.sampled import SampledTransform
from raydrift.errors import PipelineError
from raydrift.images.pixels import Array, Twin
from raydrift.transforms import Parameters, Transform

_NAME: Final = "twin"
_CRC: Final = "twin_crc"
"""Parameters that say which twin it was, beside what was drawn: its name, its CRC-32 in hex."""


@dataclass(frozen=True)
class TwinTransform(Transform):
    """A transform that takes the image's twin beside the image.

    The twin has gone through the transforms before this one that move pixels, and through no other.
    """

    blends = True

    def apply_with_twin(self, image: Array, twin: Array, *_: Any, **parameters: Any) -> Array:
        """Applies what was drawn.

        Args:
            image: uint8 RGB of shape (height, width, 3); it is left alone.
            twin: The same of its twin; it is left alone.
            **parameters: What ``draw`` returned.

        Returns:
            Pixels of the same shape and type.
        """
        raise NotImplementedError(f"{self.name} does nothing: define apply_with_twin()")


def with_twin(
    drawn: Sequence[SampledTransform], steps: Sequence[Step], twin: Twin | None
) -> list[SampledTransform]:
    """What was drawn, and with which twin, as the provenance has it."""
    if twin is None:
        return list(drawn)
    told = {_NAME: twin.name, _CRC: f"{twin.crc:08x}"}
    blending = {id(step.drawn) for step in steps if step.transform.blends}
    return [
        replace(one, parameters={**one.parameters, **told}) if id(one) in blending else one
        for one in drawn
    ]


def drawn_alone(parameters: Parameters) -> Mapping[str, Any]:
    """Parameters without those that say which twin it was."""
    return {name: value for name, value in parameters.items() if name not in (_NAME, _CRC)}


class TwinOnItsWay:
    """The twin of a sample, moved as the sample is.

    Args:
        twin: The sample's; None: it has none.
        steps: What is to be applied.
    """

    def __init__(self, twin: Twin | None, steps: Sequence[Step]) -> None:
        self._pixels = None if twin is None else twin.pixels
        self._blending = sum(step.transform.blends for step in steps)

    @property
    def pixels(self) -> Array:
        """As a transform takes them that blends.

        Raises:
            PipelineError: There is none.
        """
        if self._pixels is None:
            raise PipelineError("the image has no twin to be blended with: give twins")
        return self._pixels

    def follow(self, step: Step) -> None:
        """Goes through a transform, before the image does."""
        self._blending -= step.transform.blends
        if self._pixels is None or not self._blending or not step.transform.moves:
            return
        rng = deepcopy(step.rng)  # the image has the same numbers
        self._pixels = step.transform.apply_with(rng, self._pixels.copy(), **step.parameters)
