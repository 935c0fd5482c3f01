"""What the transforms of a camera have in common: a photograph goes through one drifted camera."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from raydrift.camera import Rendering, downsampled, unprocess
from raydrift.camera.planes import mixed
from raydrift.camera.rendering import demosaiced, linear_rgb, picture_of
from raydrift.drift.camera.setup import CameraSetup
from raydrift.drift.camera.span import Spans
from raydrift.drift.joint import JointTransform, Step
from raydrift.images.pixels import RGB
from raydrift.transforms import Parameters

Raw = npt.NDArray[np.float32]
"""A mosaic, (height, width); 1 is the full scale."""


@dataclass(frozen=True)
class CameraTransform(JointTransform):
    """One thing about a camera that is not as it was.

    A subclass changes how a mosaic is developed (``developed``), or what the sensor sees
    (``seen``). Those that follow each other in a list are one camera: one mosaic, one forward pass.

    ``spans``, ``choices`` and ``nearest`` tell what ``draw`` can return. They are for those who
    search the drawn parameters for a camera (``drift.camera.box``); noise and rounding have none.

    Attributes:
        place: Among those that change the mosaic: light comes before noise, and noise before bits.
    """

    family = "camera"
    place: ClassVar[int] = 0

    def developed(
        self, rendering: Rendering, reference: Rendering, *_: Any, **parameters: Any
    ) -> Rendering:
        """How the mosaic is developed now.

        Args:
            rendering: As the transforms before have left it.
            reference: Of the reference camera.
            **parameters: What ``draw`` returned.
        """
        return rendering

    def seen(
        self, raw: Raw, rng: np.random.Generator, reference: Rendering, *_: Any, **parameters: Any
    ) -> Raw:
        """What the sensor sees now.

        Args:
            raw: As the transforms before have left it; it is left alone.
            rng: The generator as ``draw`` left it.
            reference: Of the reference camera.
            **parameters: What ``draw`` returned.
        """
        return raw

    def spans(self, level: float) -> Spans:
        """Between what each parameter lies that pictures change smoothly with.

        Args:
            level: From 0 to 1: what is drawn at any level up to it is within the spans.
        """
        return {}

    def choices(self, level: float) -> Mapping[str, tuple[float, ...]]:
        """The values of each parameter that is one of a few, at any level up to this one."""
        return {}

    def nearest(self, level: float, *_: Any, **parameters: Any) -> Parameters:
        """What can be drawn at a level up to this one, as near as can be to other parameters.

        Args:
            level: From 0 to 1.
            **parameters: One for each of ``spans``; those of ``choices`` are left out.
        """
        spans = self.spans(level)
        return {name: span.nearest(parameters[name]) for name, span in spans.items()}

    def settled(self, parameters: Parameters, setup: CameraSetup) -> Parameters:
        """What was drawn, but for what ``CameraSetup.fixed`` has of it."""
        fixed = setup.fixed
        return {name: fixed.get(name, value) for name, value in parameters.items()}

    @classmethod
    def apply_together(cls, image: RGB, steps: Sequence[Step], setup: CameraSetup) -> RGB:
        """One camera with all that was drawn."""
        reference = Rendering.by(setup.camera)
        raw = unprocess(image, setup.camera, setup.oversample)
        drifted, mosaic = drifted_rendering(reference, steps), raw
        for step, transform in as_light_goes(steps):
            mosaic = transform.seen(mosaic, step.rng, reference, **step.parameters)
        if setup.mode == "full":
            levels = _picture(linear_rgb(mosaic, drifted), drifted, setup.oversample)
            levels *= np.float32(255)
        else:
            levels = _difference(raw, mosaic, reference, drifted, setup.oversample)
            levels *= np.float32(255)
            levels += image
        np.rint(levels, out=levels)
        np.clip(levels, 0, 255, out=levels)
        return levels.astype(np.uint8)


def drifted_rendering(reference: Rendering, steps: Iterable[Step]) -> Rendering:
    """How the drifted camera develops: the reference, and what each transform changes of it.

    Args:
        reference: Of the reference camera.
        steps: Transforms of cameras, in the order of the list.
    """
    drifted = reference
    for step in steps:
        if isinstance(step.transform, CameraTransform):
            drifted = step.transform.developed(drifted, reference, **step.parameters)
    return drifted


def as_light_goes(steps: Iterable[Step]) -> list[tuple[Step, CameraTransform]]:
    """The steps of cameras in the order in which their sensor meets them, with the transforms."""
    pairs = [
        (step, step.transform) for step in steps if isinstance(step.transform, CameraTransform)
    ]
    return sorted(pairs, key=lambda pair: pair[1].place)


def _difference(
    raw: Raw, mosaic: Raw, reference: Rendering, drifted: Rendering, oversample: int
) -> npt.NDArray[np.float32]:
    """What the drifted camera makes of what it sees, less what the reference makes of the raw."""
    colours = demosaiced(raw, reference)
    before = mixed(colours, reference.matrix)
    if mosaic is not raw or _finds_colours(drifted) != _finds_colours(reference):
        after = linear_rgb(mosaic, drifted)
    elif (drifted.matrix, drifted.black_level) == (reference.matrix, reference.black_level):
        after = before.copy()
    else:
        after = mixed(colours, drifted.matrix)
        after -= _darker(reference, drifted)
    levels = _picture(after, drifted, oversample)
    levels -= _picture(before, reference, oversample)
    return levels


def _finds_colours(rendering: Rendering) -> tuple[object, ...]:
    """What the colours of a mosaic depend on; a black level that is off in all places adds to them.

    Every demosaicer leaves a flat mosaic flat.
    """
    level = rendering.black_level
    of_places = tuple(one - level[0] for one in level)
    share = rendering.demosaic_share
    return of_places, share, rendering.other_demosaicer, share and rendering.demosaicer


def _darker(reference: Rendering, drifted: Rendering) -> npt.NDArray[np.float32]:
    """What each colour loses to a higher black level, (3, 1, 1)."""
    black = drifted.black_level[0] - reference.black_level[0]
    lost = [black * sum(row) for row in drifted.matrix]
    return np.array(lost, np.float32).reshape(3, 1, 1)


def _picture(
    planes: npt.NDArray[Any], rendering: Rendering, oversample: int
) -> npt.NDArray[np.float32]:
    return downsampled(picture_of(planes, rendering), oversample)
