"""The views of an image, whatever its file holds: a photograph, or a mosaic."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from raydrift.camera import View
from raydrift.drift.camera.sensed import Picture, pictures, sensed
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import Array
from raydrift.settings.generate import GenerateSettings


def developed(
    decoded: Decoded, views: Collection[View], settings: GenerateSettings, compat: bool
) -> tuple[dict[str, Any], Iterator[Picture]]:
    """What an image is developed with, and its pictures.

    Args:
        decoded: A photograph, which goes through the profile's camera backwards, or a mosaic.
        views: Without ``fft``.
        settings: The run's settings, which say what of both it is.
        compat: Whether the views are as published.

    Returns:
        The camera's constants, as JSON has them; and of each view the picture, uint8 RGB at the
        run's size, in any order.

    Raises:
        PipelineError: It is neither.
    """
    if settings.raw is not None:
        from raydrift.drift.camera.raw import camera_facts, raw_pictures  # photographs do without

        of_file = replace(settings.raw, compat=settings.raw.compat or compat)
        facts = camera_facts(decoded.facts, of_file)
        return facts, raw_pictures(decoded, views, of_file, settings.image)
    seen = sensed(decoded, settings.profile.setup("camera"))
    return seen.facts, pictures(seen, views, compat)


def developed_mask(decoded: Decoded, settings: GenerateSettings) -> Array | None:
    """The mask of an image, as its pictures lie; no view changes it. None: it has none."""
    if settings.raw is None or decoded.mask is None:
        return decoded.mask
    from raydrift.drift.camera.raw import upright_mask  # photographs do without

    return upright_mask(decoded.mask, decoded.facts, settings.image)
