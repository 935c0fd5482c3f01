"""Which ranges of a profile the pixels of a run depend on."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Final

from raydrift.drift.draw import resolve
from raydrift.settings import DriftProfile, ImageTransform, TransformInfo

_RANGES: Final[Mapping[ImageTransform, tuple[str, ...]]] = {
    ImageTransform.ROTATE: ("rotate_degrees",),
    ImageTransform.BRIGHTNESS: ("brightness_span",),
    ImageTransform.CONTRAST: ("contrast_span",),
    ImageTransform.SATURATION: ("saturation_span",),
    ImageTransform.HUE: ("hue_turns",),
    ImageTransform.GAUSSIAN_BLUR: ("blur_sigma", "blur_kernel"),
    ImageTransform.GAUSSIAN_NOISE: ("noise_mean", "noise_sigma"),
}
_LEAST: Final = 1e-12


def ranges_in_use(
    profile: DriftProfile,
    transforms: Iterable[TransformInfo],
    varying: Iterable[TransformInfo] = (),
) -> dict[str, float]:
    """The fields of a profile that some transforms depend on, with their values.

    Args:
        profile: The ranges that a level spans.
        transforms: Applied at their levels, or not at all.
        varying: Applied at any level up to theirs.

    >>> ranges_in_use(DriftProfile(), [TransformInfo.parse("default:0.3")])
    {'blur_sigma': 3.0, 'blur_kernel': 5}
    """
    kernels: set[ImageTransform] = set()
    of_default: set[ImageTransform] = set()
    varying = tuple(varying)
    lowest = (TransformInfo(one.transf_type, min(_LEAST, one.drift_level)) for one in varying)
    for info in (*transforms, *varying, *lowest):
        if info.drift_level == 0:
            continue
        kernel = resolve(info, profile).transf_type
        kernels.add(kernel)
        if info.transf_type is ImageTransform.DEFAULT:
            of_default.add(kernel)
    names = {name for kernel in kernels for name in _RANGES[kernel]}
    if ImageTransform.GAUSSIAN_NOISE in of_default:
        names.add("default_noise_offset")
    if len(of_default) == 2:
        names.add("default_switch")
    return {
        item.name: getattr(profile, item.name) for item in fields(profile) if item.name in names
    }
