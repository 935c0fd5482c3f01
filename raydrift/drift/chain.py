"""A list of transforms on one image, drawn and applied."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from raydrift import seeds
from raydrift.drift import kernels
from raydrift.drift.draw import Drawn, draw, resolve
from raydrift.images.codec import RGB
from raydrift.settings import DriftProfile, ImageTransform, TransformInfo

_KERNELS: Mapping[ImageTransform, Callable[..., RGB]] = {
    ImageTransform.ROTATE: kernels.rotate,
    ImageTransform.BRIGHTNESS: kernels.brightness,
    ImageTransform.CONTRAST: kernels.contrast,
    ImageTransform.SATURATION: kernels.saturation,
    ImageTransform.HUE: kernels.hue,
    ImageTransform.GAUSSIAN_BLUR: kernels.gaussian_blur,
}


def apply(image: RGB, drawn: Drawn, rng: np.random.Generator) -> RGB:
    """Applies one drawn transform.

    Args:
        image: uint8 RGB of shape (height, width, 3); it is left alone.
        drawn: The kernel and its parameters; with none, the image itself is returned.
        rng: The generator that the parameters were drawn from, as it was left; noise goes on in it.
    """
    if not drawn.parameters:
        return image
    if drawn.kernel is ImageTransform.GAUSSIAN_NOISE:
        return kernels.gaussian_noise(image, rng=rng, **drawn.parameters)
    return _KERNELS[drawn.kernel](image, **drawn.parameters)


def drift_image(
    image: RGB,
    transforms: Sequence[TransformInfo],
    *,
    seed: int,
    sample_id: int,
    profile: DriftProfile | None = None,
) -> tuple[RGB, list[Drawn]]:
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

    >>> grey = np.full((8, 8, 3), 100, np.uint8)
    >>> drifted, drawn = drift_image(
    ...     grey, [TransformInfo(ImageTransform.BRIGHTNESS, 0.5)], seed=1, sample_id=0)
    >>> bool(drifted[0, 0, 0] == round(min(255, 100 * drawn[0].parameters["factor"])))
    True
    """
    profile = profile or DriftProfile()
    drawn = []
    for position, info in enumerate(transforms):
        if info.drift_level == 0:
            drawn.append(Drawn(info, resolve(info, profile).transf_type))
            continue
        rng = seeds.generator(seed, position, sample_id)
        drawn.append(draw(info, rng, profile))
        image = apply(image, drawn[-1], rng)
    return image, drawn


def apply_chain(image: RGB, drawn: Sequence[Drawn], *, seed: int, sample_id: int) -> RGB:
    """Applies transforms that were drawn before, as a row of ``provenance.parquet`` has them.

    Noise is the one kernel that needs more than its parameters: it draws its normals again from
    (seed, position, sample id).
    """
    for position, one in enumerate(drawn):
        if not one.parameters:
            continue
        image = apply(image, one, seeds.generator(seed, position, sample_id))
    return image
