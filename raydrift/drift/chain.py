"""A list of transforms on one image, drawn and applied."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np

from raydrift import seeds
from raydrift.drift.sampled import SampledTransform, sample, unchanged
from raydrift.drift.written import check_parameters
from raydrift.errors import PipelineError, reason
from raydrift.images.decoded import RGB
from raydrift.transforms import DriftProfile, ImageTransform, Parameters, Transform, TransformInfo

_PUBLISHED: Final = DriftProfile()


def drift_image(
    image: RGB,
    transforms: Sequence[TransformInfo],
    *,
    seed: int,
    sample_id: int,
    profile: DriftProfile | None = None,
) -> tuple[RGB, list[SampledTransform]]:
    """Draws and applies a list of transforms, in order.

    Args:
        image: uint8 RGB of shape (height, width, 3); it is left alone.
        transforms: What to do. Two of the same kind are drawn apart: position counts.
        seed: The run's seed.
        sample_id: The image's place in the run.
        profile: The ranges that a level spans; None: the published ones.

    Returns:
        The drifted image and what was drawn for each transform. The same arguments give the same
        bytes, whatever was drawn before, anywhere.

    Raises:
        PipelineError: A transform that does not come with raydrift failed.

    >>> grey = np.full((8, 8, 3), 100, np.uint8)
    >>> drifted, drawn = drift_image(
    ...     grey, [TransformInfo(ImageTransform.BRIGHTNESS, 0.5)], seed=1, sample_id=0)
    >>> bool(drifted[0, 0, 0] == round(min(255, 100 * drawn[0].parameters["factor"])))
    True
    """
    profile = _PUBLISHED if profile is None else profile
    drawn = []
    for position, info in enumerate(transforms):
        if info.drift_level == 0:
            drawn.append(unchanged(info, profile))
            continue
        rng = seeds.generator(seed, position, sample_id)
        with failing_as_transform(info, sample_id):
            drawn.append(sample(info, rng, profile))
            if not isinstance(drawn[-1].kernel, ImageTransform):
                check_parameters(drawn[-1].parameters)
            image = apply(image, drawn[-1], rng, profile)
    return image, drawn


def apply(
    image: RGB,
    drawn: SampledTransform,
    rng: np.random.Generator,
    profile: DriftProfile | None = None,
) -> RGB:
    """Applies one transform with the parameters that were drawn for it.

    Args:
        image: uint8 RGB of shape (height, width, 3); it is left alone.
        drawn: The transform and its parameters; with none, the image itself is returned.
        rng: The generator that the parameters were drawn from, as it was left; noise goes on in it.
        profile: Where transforms have ranges that are not their own.
    """
    if not drawn.parameters:
        return image
    transform = _kernel(drawn, _PUBLISHED if profile is None else profile)
    if isinstance(drawn.kernel, ImageTransform):
        return transform.apply_with(rng, image, **drawn.parameters)
    return _of_others(transform, image, rng, drawn.parameters)


def apply_chain(
    image: RGB,
    drawn: Sequence[SampledTransform],
    *,
    seed: int,
    sample_id: int,
    profile: DriftProfile | None = None,
) -> RGB:
    """Applies transforms that were drawn before, as a row of ``provenance.parquet`` has them.

    What is drawn for every pixel, as noise, is in no row: it is drawn again from (seed, position,
    sample id).
    """
    profile = _PUBLISHED if profile is None else profile
    for position, one in enumerate(drawn):
        if not one.parameters:
            continue
        rng = seeds.generator(seed, position, sample_id)
        sample(one.info, rng, profile)  # which leaves the generator where the pixels' numbers begin
        image = apply(image, one, rng, profile)
    return image


def _kernel(drawn: SampledTransform, profile: DriftProfile) -> Transform:
    asked = drawn.kernel == drawn.info.name
    return profile.of(drawn.info) if asked else profile[drawn.kernel]


def _of_others(
    transform: Transform, image: RGB, rng: np.random.Generator, parameters: Parameters
) -> RGB:
    """Applies a transform that does not come with raydrift, whose word is not taken for it."""
    drifted = transform.apply_with(rng, image.copy(), **parameters)
    is_like_it = isinstance(drifted, np.ndarray) and drifted.shape == image.shape
    if not is_like_it or drifted.dtype != np.uint8:
        there = type(drifted).__name__
        if isinstance(drifted, np.ndarray):
            there = f"{drifted.dtype} {drifted.shape}"
        raise TypeError(f"apply() returned {there}, not uint8 {image.shape}")
    return drifted


@contextmanager
def failing_as_transform(info: TransformInfo, sample_id: int) -> Iterator[None]:
    """Says of an error in a transform which one it was, and of which sample.

    Raises:
        PipelineError: In its place.
    """
    try:
        yield
    except Exception as error:
        problem = f"failed on sample {sample_id}: {reason(error)}"
        raise PipelineError(f"transform {info} {problem}") from error
