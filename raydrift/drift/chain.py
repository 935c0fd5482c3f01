"""A list of transforms on one sample, drawn and applied."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any, Final, TypeVar

import numpy as np

from raydrift import seeds
from raydrift.drift.blending import TwinOnItsWay, TwinTransform, drawn_alone, with_twin
from raydrift.drift.joint import JointTransform, Step
from raydrift.drift.moving import MovingTransform
from raydrift.drift.sampled import SampledTransform, sample, unchanged
from raydrift.drift.written import check_parameters
from raydrift.errors import PipelineError, reason
from raydrift.images.pixels import RGB, Array, Sample, told
from raydrift.transforms import DriftProfile, ImageTransform, Parameters, Transform, TransformInfo

_PUBLISHED: Final = DriftProfile()

_AnySample = TypeVar("_AnySample", bound=Sample)

_Drawn = tuple[SampledTransform, np.random.Generator]
"""What was drawn, and the generator as it was left."""


def drift_sample(
    original: _AnySample,
    transforms: Sequence[TransformInfo],
    *,
    seed: int,
    sample_id: int,
    epoch: int = 0,
    profile: DriftProfile | None = None,
) -> tuple[_AnySample, list[SampledTransform]]:
    """Draws and applies a list of transforms, in order; mask and points move with the pixels.

    Args:
        original: Pixels, and what belongs to them; they are left alone.
        transforms: What to do. Two of the same kind are drawn apart: position counts.
        seed: The run's seed.
        sample_id: The sample's place in the run; of a flow, its row in the sorted input.
        epoch: Which pass over the samples it is.
        profile: The ranges that a level spans; None: the published ones.

    Returns:
        The drifted sample and what was drawn for each transform. The same arguments give the same
        bytes, whatever was drawn before, anywhere.

    Raises:
        PipelineError: A transform does not take such pixels, or moves them and not the mask; or one
            that does not come with raydrift failed.

    >>> grey = np.full((8, 8, 3), 100, np.uint8)
    >>> dot = np.array([[2.0, 3.0]])
    >>> turned, (drawn,) = drift_sample(
    ...     Sample(grey, points=dot), [TransformInfo("rotate", 1.0)], seed=1, sample_id=0)
    >>> float(np.linalg.norm(turned.points - 3.5).round(3))  # as far from the centre as before
    1.581
    """
    profile = _PUBLISHED if profile is None else profile
    drawn, steps = draw_chain(
        transforms, seed=seed, sample_id=sample_id, epoch=epoch, profile=profile
    )
    drifted = apply_steps(original, steps, profile, sample_id)
    return drifted, with_twin(drawn, steps, original.twin)


def draw_chain(
    transforms: Sequence[TransformInfo],
    *,
    seed: int,
    sample_id: int,
    epoch: int = 0,
    profile: DriftProfile,
) -> tuple[list[SampledTransform], list[Step]]:
    """Draws a list of transforms for one sample, as ``drift_sample``.

    Returns:
        What was drawn for each transform, and of those that do something what is to be applied.

    Raises:
        PipelineError: A transform that does not come with raydrift failed.
    """
    drawn, steps = [], []
    for position, info in enumerate(transforms):
        if info.drift_level == 0:
            drawn.append(unchanged(info, profile))
            continue
        rng = seeds.generator(seed, position, sample_id, epoch)
        with failing_as_transform(info, sample_id):
            one = _settled(sample(info, rng, profile), profile)
            if not isinstance(one.kernel, ImageTransform):
                check_parameters(one.parameters)
        drawn.append(one)
        steps.append((one, rng))
    return drawn, _steps(steps, profile)


def drift_image(
    image: RGB,
    transforms: Sequence[TransformInfo],
    *,
    seed: int,
    sample_id: int,
    epoch: int = 0,
    profile: DriftProfile | None = None,
) -> tuple[RGB, list[SampledTransform]]:
    """Draws and applies a list of transforms to pixels alone, as ``drift_sample``.

    Args:
        image: uint8 RGB of shape (height, width, 3); it is left alone.
        transforms: What to do. Two of the same kind are drawn apart: position counts.
        seed: The run's seed.
        sample_id: The image's place in the run.
        epoch: Which pass over the images it is.
        profile: The ranges that a level spans; None: the published ones.

    Returns:
        The drifted image and what was drawn for each transform.

    Raises:
        PipelineError: A transform that does not come with raydrift failed.

    >>> grey = np.full((8, 8, 3), 100, np.uint8)
    >>> drifted, drawn = drift_image(
    ...     grey, [TransformInfo(ImageTransform.BRIGHTNESS, 0.5)], seed=1, sample_id=0)
    >>> bool(drifted[0, 0, 0] == round(min(255, 100 * drawn[0].parameters["factor"])))
    True
    """
    drifted, drawn = drift_sample(
        Sample(image), transforms, seed=seed, sample_id=sample_id, epoch=epoch, profile=profile
    )
    return drifted.pixels, drawn


def replay_sample(
    original: _AnySample,
    drawn: Sequence[SampledTransform],
    *,
    seed: int,
    sample_id: int,
    epoch: int = 0,
    profile: DriftProfile | None = None,
) -> _AnySample:
    """Applies transforms that were drawn before, as a row of ``provenance.parquet`` has them.

    What is drawn for every pixel, as noise, is in no row: it is drawn again from (seed, position,
    sample id, epoch).
    """
    profile = _PUBLISHED if profile is None else profile
    steps = redraw_chain(drawn, seed=seed, sample_id=sample_id, epoch=epoch, profile=profile)
    return apply_steps(original, steps, profile, sample_id)


def move_mask(
    mask: Array, drawn: Sequence[SampledTransform], profile: DriftProfile | None = None
) -> Array:
    """A further mask of a sample, moved as what was drawn for the sample moved its pixels.

    Args:
        mask: As that of a ``Sample``.
        drawn: What was drawn for the sample.
        profile: The ranges that a level spans; None: the published ones.

    Raises:
        PipelineError: A transform moves pixels, and not masks.
    """
    profile = _PUBLISHED if profile is None else profile
    for one in drawn:
        transform = _kernel(one, profile) if one.parameters else None
        if transform is not None and transform.moves:
            moved, _ = _moved_along(transform, mask, mask, None, one.parameters)
            mask = mask if moved is None else moved
    return mask


def redraw_chain(
    drawn: Sequence[SampledTransform],
    *,
    seed: int,
    sample_id: int,
    epoch: int = 0,
    profile: DriftProfile,
) -> list[Step]:
    """What is to be applied of transforms that were drawn before, as ``replay_sample``."""
    steps = []
    for position, one in enumerate(drawn):
        if not one.parameters:
            continue
        rng = seeds.generator(seed, position, sample_id, epoch)
        sample(one.info, rng, profile)  # which leaves the generator where the pixels' numbers begin
        steps.append((one, rng))
    return _steps(steps, profile)


def apply_chain(
    image: RGB,
    drawn: Sequence[SampledTransform],
    *,
    seed: int,
    sample_id: int,
    epoch: int = 0,
    profile: DriftProfile | None = None,
) -> RGB:
    """Applies what was drawn before to pixels alone, uint8 RGB, see ``replay_sample``."""
    whole = replay_sample(
        Sample(image), drawn, seed=seed, sample_id=sample_id, epoch=epoch, profile=profile
    )
    return whole.pixels


def _settled(drawn: SampledTransform, profile: DriftProfile) -> SampledTransform:
    """What was drawn, but for what the setup of a family fixes."""
    kernel = _kernel(drawn, profile)
    if not isinstance(kernel, JointTransform):
        return drawn
    return replace(drawn, parameters=kernel.settled(drawn.parameters, profile.setup(kernel.family)))


def _steps(drawn: Sequence[_Drawn], profile: DriftProfile) -> list[Step]:
    return [
        Step(one, _kernel(one, profile), one.parameters, rng)
        for one, rng in drawn
        if one.parameters
    ]


def apply_steps(
    original: _AnySample,
    steps: Sequence[Step],
    profile: DriftProfile,
    sample_id: int,
) -> _AnySample:
    """Applies what was drawn, each with its generator; noise goes on in it.

    Raises:
        PipelineError: A transform does not take such pixels, or moves them and not the mask; or one
            that does not come with raydrift failed.
    """
    pixels, mask, points = original.pixels, original.mask, original.points
    twin = TwinOnItsWay(original.twin, steps)
    for _, together in groupby(steps, key=_family_or_itself):
        group = tuple(together)
        with failing_as_transform([step.drawn.info for step in group], sample_id):
            for step in group:
                _check_kind(step.transform, original)
            if isinstance(group[0].transform, JointTransform):
                pixels = _applied_together(group, pixels, profile)
            elif isinstance(group[0].transform, TwinTransform):
                pixels = _blended(group[0], group[0].transform, pixels, twin)
            else:
                twin.follow(group[0])
                pixels, mask, points = _applied(group[0], pixels, mask, points)
    if pixels is original.pixels:
        return original
    return replace(original, pixels=pixels, mask=mask, points=points, twin=None)


def _family_or_itself(step: Step) -> object:
    """Steps of one family that follow each other are one; others are alone."""
    return step.transform.family or id(step)


def _kernel(drawn: SampledTransform, profile: DriftProfile) -> Transform:
    asked = drawn.kernel == drawn.info.name
    return profile.of(drawn.info) if asked else profile[drawn.kernel]


def _check_kind(transform: Transform, original: Sample) -> None:
    if original.kind not in transform.takes:
        raise PipelineError(
            f"{transform} takes {' or '.join(transform.takes)} pixels, not {original.kind}: leave "
            "it out, or give it others"
        )


def _applied_together(steps: Sequence[Step], pixels: Array, profile: DriftProfile) -> Array:
    """Applies the transforms of a family in one pass."""
    transform: Any = steps[0].transform
    setup = profile.setup(transform.family)
    ours = isinstance(steps[0].drawn.kernel, ImageTransform)
    found: Array = transform.apply_together(pixels if ours else pixels.copy(), steps, setup)
    if not ours:
        _check_result(found, pixels, "apply_together")
    return found


def _applied(
    step: Step, pixels: Array, mask: Array | None, points: Array | None
) -> tuple[Array, Array | None, Array | None]:
    """Applies one transform to pixels, and to what moves along with them."""
    transform, parameters = step.transform, step.parameters
    if transform.moves and (mask is not None or points is not None):
        mask, points = _moved_along(transform, pixels, mask, points, parameters)
    if isinstance(step.drawn.kernel, ImageTransform):
        return transform.apply_with(step.rng, pixels, **parameters), mask, points
    found = transform.apply_with(step.rng, pixels.copy(), **parameters)
    _check_result(found, pixels, "apply")
    return found, mask, points


def _blended(step: Step, transform: TwinTransform, pixels: Array, twin: TwinOnItsWay) -> Array:
    """Applies a transform that blends an image with its twin."""
    ours, other = isinstance(step.drawn.kernel, ImageTransform), twin.pixels
    twin.follow(step)
    given = (pixels, other) if ours else (pixels.copy(), other.copy())
    found = transform.apply_with_twin(*given, **drawn_alone(step.parameters))
    if not ours:
        _check_result(found, pixels, "apply_with_twin")
    return found


def _moved_along(
    transform: Transform,
    pixels: Array,
    mask: Array | None,
    points: Array | None,
    parameters: Parameters,
) -> tuple[Array | None, Array | None]:
    """The mask and the points of a sample whose pixels move."""
    if not isinstance(transform, MovingTransform):
        there = "mask" if mask is not None else "points"
        raise PipelineError(
            f"it moves pixels, but not the {there} that came with them: derive it from "
            "raydrift.MovingTransform"
        )
    if mask is not None:
        moved = transform.apply_to_mask(mask, **parameters)
        _check_result(moved, mask, "apply_to_mask")
        mask = moved
    if points is not None:
        moved = transform.apply_to_points(points, *pixels.shape[:2], **parameters)
        _check_result(moved, points, "apply_to_points")
        points = moved
    return mask, points


def _check_result(result: Any, given: Array, method: str) -> None:
    """Makes sure of what a transform returned: one that does not come with raydrift may not know.

    Raises:
        TypeError: It is of another dtype or shape than what was given.
    """
    is_array = isinstance(result, np.ndarray)
    if not is_array or result.shape != given.shape or result.dtype != given.dtype:
        there = told(result) if is_array else type(result).__name__
        raise TypeError(f"{method}() returned {there}, not {told(given)}")


@contextmanager
def failing_as_transform(
    info: TransformInfo | Sequence[TransformInfo], sample_id: int
) -> Iterator[None]:
    """Says of an error in a transform which one it was, and of which sample.

    Args:
        info: The transform, or those that are applied together.
        sample_id: The sample's place in the run.

    Raises:
        PipelineError: In its place.
    """
    try:
        yield
    except Exception as error:
        infos = [info] if isinstance(info, TransformInfo) else info
        what = "transform" if len(infos) == 1 else "transforms"
        names = ", ".join(map(str, infos))
        raise PipelineError(
            f"{what} {names} failed on sample {sample_id}: {reason(error)}"
        ) from error
