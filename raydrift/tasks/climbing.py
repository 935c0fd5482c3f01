"""Projected gradient ascent in a box of cameras: one camera for all images."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from torch import Tensor

from raydrift.drift.camera.box import Box
from raydrift.drift.camera.twin import Twin

Camera = Mapping[str, Any]
"""The parameters of a drifted camera, by their names in ``provenance.parquet``."""

Glance = tuple[Twin, Callable[[Tensor], Tensor]]
"""Some images as a function of the camera, and what is to be large of the pictures."""

Slopes = dict[str, npt.NDArray[np.float64]]

_MOMENTUM: Final = 0.75
_NUDGE: Final = 0.25  # of the span
_PROBE: Final = 1e-3  # of the span
_TINY: Final = 1e-12


def climb(
    box: Box,
    start: Camera,
    glance: Callable[[], Glance | None],
    *,
    steps: int,
    step: float,
) -> dict[str, Any]:
    """Moves a camera uphill, and stays in the box.

    Each step goes along the slope of some of the images, added to those before with momentum (Dong
    et al., "Boosting adversarial attacks with momentum", CVPR 2018). It is as long for each
    parameter, measured in what its level spans, and shorter the later it is. Gains and matrices
    depend on each other, so the slope is taken along what the box lets through.

    Args:
        box: The cameras.
        start: Where it begins, in the box.
        glance: Gives the images of the next step; None: none of them can be used.
        steps: How often it moves.
        step: The length of the first step, of what a level spans.

    Returns:
        The camera at the end.
    """
    camera, momentum = dict(start), Slopes()
    units = _units(box)
    for number in range(steps):
        seen = glance()
        if seen is None:
            continue
        slope = _in_units(box, slope_of(box, camera, *seen), units)
        momentum = {name: _MOMENTUM * momentum.get(name, 0.0) + one for name, one in slope.items()}
        uphill = _let_through(box, camera, momentum, units)
        camera = _moved(box, camera, uphill, step * (1 - number / steps), units)
    return camera


def slope_of(box: Box, camera: Camera, twin: Twin, objective: Callable[[Tensor], Tensor]) -> Slopes:
    """The slope of some images' objective with each parameter; 0 where it is not finite.

    Args:
        box: The cameras.
        camera: The one camera of all images.
        twin: The images.
        objective: From their pictures to a number.
    """
    theta = twin.parameters([camera] * len(twin))
    objective(twin(theta)).backward()
    found = {}
    for name in box.spans:
        slope = theta[name].grad
        shape = theta[name].shape[1:]
        total = np.zeros(shape) if slope is None else slope.double().sum(0).cpu().numpy()
        found[name] = np.nan_to_num(total, nan=0.0, posinf=0.0, neginf=0.0)
    return found


def nudged(box: Box, rng: np.random.Generator) -> dict[str, Any]:
    """The camera without drift, but for a nudge: some parameters have no slope just there."""
    units = _units(box)
    away = {name: rng.uniform(-1, 1, np.shape(unit)) for name, unit in units.items()}
    return _moved(box, box.neutral(), away, _NUDGE, units)


def _units(box: Box) -> Slopes:
    """How wide the box is, by parameter."""
    return {
        name: np.maximum(np.array(span.most, float) - np.array(span.least, float), _TINY)
        for name, span in box.spans.items()
    }


def _in_units(box: Box, slope: Slopes, units: Slopes) -> Slopes:
    """Slopes by what a level spans; those of a transform together have the length 1."""
    found = {name: one * units[name] for name, one in slope.items()}
    for transform, level in box.parts:
        names = list(transform.spans(level))
        length = np.sqrt(sum(float((found[name] ** 2).sum()) for name in names))
        if length > 0:
            found |= {name: found[name] / length for name in names}
    return found


def _let_through(box: Box, camera: Camera, slope: Slopes, units: Slopes) -> Slopes:
    """The directions that the box lets a camera go, each parameter's of length 1, or 0."""
    ahead = _moved(box, camera, slope, _PROBE, units)
    found = {}
    for name, unit in units.items():
        way = (np.array(ahead[name], float) - np.array(camera[name], float)) / (_PROBE * unit)
        length = np.sqrt((way**2).mean())
        found[name] = way / length if length > _PROBE else np.zeros_like(way)
    return found


def _moved(box: Box, camera: Camera, way: Slopes, length: float, units: Slopes) -> dict[str, Any]:
    """The camera further along, in the box; choices stay."""
    further = {
        name: (np.array(camera[name], float) + length * way[name] * unit).tolist()
        for name, unit in units.items()
    }
    return {**camera, **box.nearest(further)}
