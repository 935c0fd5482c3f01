"""From a transform and a level to the parameters of one image."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from raydrift.settings import DriftProfile, ImageTransform, TransformInfo, check_level


@dataclass(frozen=True)
class Drawn:
    """One transform of one image, with the parameters that were drawn for it.

    Attributes:
        info: What was asked for.
        kernel: What is done: ``info.transf_type``, or what ``default`` chose.
        parameters: The kernel's arguments; empty where the level is 0 and nothing is done.
    """

    info: TransformInfo
    kernel: ImageTransform
    parameters: Mapping[str, float] = field(default_factory=dict)


def resolve(info: TransformInfo, profile: DriftProfile) -> TransformInfo:
    """The kernel and its level: ``default`` is blur up to ``default_switch``, noise above."""
    if info.transf_type is not ImageTransform.DEFAULT:
        return info
    level = info.drift_level
    if level <= profile.default_switch:
        return TransformInfo(ImageTransform.GAUSSIAN_BLUR, level)
    # 0.9 - 0.4 is 0.5 for everyone, not 0.49999999999999994.
    level = round(level - profile.default_noise_offset, 12)
    return TransformInfo(ImageTransform.GAUSSIAN_NOISE, level)


def draw(info: TransformInfo, rng: np.random.Generator, profile: DriftProfile) -> Drawn:
    """Draws the parameters of one transform for one image.

    Args:
        info: The transform and its level.
        rng: The generator of (seed, position, sample id); advanced only by what is drawn.
        profile: The ranges that a level spans.

    Returns:
        The kernel with its parameters:

        ============== ====================================================
        rotate         ``degrees``, counter-clockwise
        brightness     ``factor``
        contrast       ``factor``
        saturation     ``factor``
        hue            ``turns`` of the colour circle
        gaussian_blur  ``sigma`` and ``size``, pixels
        gaussian_noise ``mean`` and ``sigma``, of pixels in [0, 1]
        ============== ====================================================
    """
    chosen = resolve(info, profile)
    kernel, level = chosen.transf_type, check_level(chosen.drift_level, str(info))
    if level == 0:
        return Drawn(info, kernel)
    match kernel:
        case ImageTransform.ROTATE:
            parameters = {"degrees": _around_zero(rng, profile.rotate_degrees * level)}
        case ImageTransform.BRIGHTNESS:
            parameters = {"factor": _around_one(rng, profile.brightness_span * level)}
        case ImageTransform.CONTRAST:
            parameters = {"factor": _around_one(rng, profile.contrast_span * level)}
        case ImageTransform.SATURATION:
            parameters = {"factor": _around_one(rng, profile.saturation_span * level)}
        case ImageTransform.HUE:
            parameters = {"turns": _around_zero(rng, profile.hue_turns * level)}
        case ImageTransform.GAUSSIAN_BLUR:
            parameters = {"sigma": profile.blur_sigma * level, "size": profile.blur_kernel}
        case _:
            parameters = {"mean": profile.noise_mean, "sigma": profile.noise_sigma * level}
    return Drawn(info, kernel, parameters)


def _around_zero(rng: np.random.Generator, most: float) -> float:
    return float(rng.uniform(-most, most))


def _around_one(rng: np.random.Generator, span: float) -> float:
    return float(rng.uniform(max(0.0, 1.0 - span), 1.0 + span))
