"""Raw files: developed as their own cameras do it, with the drift in between.

A photograph has to be undone to a mosaic, by the reference camera of ``CameraSetup``; a raw file is
one. So drift is never a residual here: the image is what the drifted camera makes of the mosaic,
and without drift what the file's camera makes of it, the reference development.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from raydrift.camera import DRONE, MICROSCOPY, REFERENCE, Camera, Rendering, View
from raydrift.camera.black_level import without_black
from raydrift.camera.camera import colour_matrix_from
from raydrift.camera.cfa import at
from raydrift.camera.matrices import matrix_of, with_rows_of_sum_one
from raydrift.camera.planes import mixed
from raydrift.camera.rendering import linear_rgb, picture_of
from raydrift.drift.camera.transform import (
    CameraTransform,
    Raw,
    as_light_goes,
    drifted_rendering,
)
from raydrift.drift.chain import apply_steps, draw_chain, failing_as_transform, redraw_chain
from raydrift.drift.inputs import AnySample
from raydrift.drift.joint import Step
from raydrift.drift.sampled import SampledTransform
from raydrift.images.finish import finished
from raydrift.images.masks import resized_mask
from raydrift.images.metadata import Metadata
from raydrift.images.orientation import upright
from raydrift.images.pixels import RGB, Array, ColourSpace, Sample
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.raw import DAYLIGHT, FILE, HALF, PUBLISHED, RawSettings
from raydrift.transforms import DriftProfile, ImageTransform, TransformInfo

_Facts = Mapping[str, Any]

_CAMERAS: Final = dict(zip(PUBLISHED, (MICROSCOPY, DRONE), strict=True))
_BAND: Final = 2**18  # pixels that are developed at once: a core keeps them in its own cache
_REACH: Final = 32  # rows that a pixel depends on, but for a Gaussian of any sigma


def camera_facts(facts: _Facts, raw: RawSettings) -> dict[str, Any]:
    """What a raw file is developed with, as its row of ``provenance.parquet`` keeps it.

    Args:
        facts: Of the mosaic, as its reader tells them (``images.raw``).
        raw: What goes before them.

    Returns:
        ``cfa``, ``orientation`` (as EXIF), ``black`` by place, ``white``, and ``unit``, the
        numbers of the file that are 1; ``gains`` and ``matrix``, and ``gains_from`` and
        ``matrix_from``: ``file``, ``daylight``, ``settings``, ``microscopy``, ``drone``, or
        ``reference``, an everyday camera's where the file has none; and make and model, where they
        are known.
    """
    black = list(facts["black_by_colour" if raw.compat else "black"])
    gains, gains_from = _gains(facts, raw)
    matrix, matrix_from = _matrix(facts, raw)
    return {
        "cfa": facts["cfa"],
        "orientation": facts["orientation"],
        "black": black,
        "white": facts["white"],
        "unit": facts["full"] if raw.compat else facts["white"] - max(black),
        "gains": list(gains),
        "gains_from": gains_from,
        "matrix": [list(row) for row in matrix],
        "matrix_from": matrix_from,
    } | {name: facts[name] for name in ("make", "model") if name in facts}


def _gains(facts: _Facts, raw: RawSettings) -> tuple[Sequence[float], str]:
    if raw.gains in _CAMERAS:
        return _CAMERAS[raw.gains].white_balance, raw.gains
    if not isinstance(raw.gains, str):
        return raw.gains, "settings"
    found = facts.get("white_balance") if raw.gains == FILE else None
    if found is not None:
        return found, FILE
    found = facts.get("daylight")
    return (REFERENCE.white_balance, "reference") if found is None else (found, DAYLIGHT)


def _matrix(facts: _Facts, raw: RawSettings) -> tuple[Sequence[Sequence[float]], str]:
    if raw.matrix in _CAMERAS:
        return _CAMERAS[raw.matrix].colour_matrix, raw.matrix
    if raw.matrix != FILE:
        return raw.matrix, "settings"
    try:
        if facts.get("xyz_to_camera") is not None:
            return colour_matrix_from(matrix_of(facts["xyz_to_camera"])), FILE
        if facts.get("camera_to_srgb") is not None:
            return with_rows_of_sum_one(matrix_of(facts["camera_to_srgb"])), FILE
    except ZeroDivisionError:  # it cannot be a camera's
        pass
    return REFERENCE.colour_matrix, "reference"


def develop_raw(
    mosaic: AnySample,
    raw: RawSettings,
    image: ImageSettings,
    camera: _Facts | None = None,
    steps: Sequence[Step] = (),
) -> AnySample:
    """Develops a raw file, turns it upright and resizes it.

    Args:
        mosaic: uint16, (height, width), with its reader's facts; it is left alone.
        raw: How the reference camera develops.
        image: The wanted size.
        camera: What it is developed with, as ``camera_facts`` tells it; None: that.
        steps: What drifts of the camera; none: the reference development.

    Returns:
        uint8 sRGB of shape (image.height, image.width, 3), whose facts are the camera's.
    """
    used = camera_facts(mosaic.facts, raw) if camera is None else camera
    values, reference = scaled_raw(mosaic, raw, used)
    drifted = drifted_rendering(reference, steps)
    for step, transform in as_light_goes(steps):
        values = seen_by_sensor(step, transform, values, reference)
    levels = _picture(values, drifted, raw)
    del values  # the picture needs its room
    picture = Image.fromarray(levels)
    pixels = finished(picture, Metadata(used["orientation"], None), image).pixels
    mask = None if mosaic.mask is None else upright_mask(mosaic.mask, used, image)
    return replace(mosaic, pixels=pixels, mask=mask, space=ColourSpace.SRGB, facts=dict(used))


def upright_mask(mask: Array, facts: _Facts, image: ImageSettings) -> Array:
    """The mask of a mosaic, turned and resized as its picture is."""
    return resized_mask(upright(mask, facts["orientation"]), image)


def scaled_raw(
    mosaic: Sample, raw: RawSettings, camera: _Facts | None = None
) -> tuple[Raw, Rendering]:
    """A raw file before its development.

    Args:
        mosaic: As for ``develop_raw``.
        raw: As there.
        camera: As there.

    Returns:
        The mosaic as floats, (height, width), in which white less black is 1; and how the reference
        camera develops it.
    """
    used = camera_facts(mosaic.facts, raw) if camera is None else camera
    reference = _reference(used, raw)
    return _scaled(mosaic.pixels, used, reference, raw), reference


def raw_pictures(
    mosaic: Sample, views: Iterable[View], raw: RawSettings, image: ImageSettings
) -> Iterator[tuple[View, RGB]]:
    """What each view makes of a raw file, at the wanted size.

    Args:
        mosaic: As for ``develop_raw``.
        views: Without ``fft``.
        raw: As for ``develop_raw``; its own view is not used.
        image: The wanted size.

    Yields:
        Each view and its picture, uint8 RGB.
    """
    for view in views:
        yield view, develop_raw(mosaic, replace(raw, view=str(view)), image).pixels


def drift_raw(
    mosaic: AnySample,
    transforms: Sequence[TransformInfo],
    raw: RawSettings,
    image: ImageSettings,
    *,
    seed: int,
    sample_id: int,
    epoch: int = 0,
    profile: DriftProfile,
) -> tuple[AnySample, list[SampledTransform]]:
    """Draws a list of transforms and applies them to a raw file.

    Those of cameras (``isp``) change its development, wherever they stand; the others follow on the
    picture, in order. What is drawn depends on the seed, the position in the list, the sample id
    and the epoch, as in ``drift_sample``.

    Args:
        mosaic: As for ``develop_raw``.
        transforms: What to do.
        raw: How the reference camera develops.
        image: The wanted size.
        seed: The run's seed.
        sample_id: The sample's place in the run.
        epoch: Which pass over the samples it is.
        profile: The ranges that a level spans.

    Returns:
        The drifted sample, whose facts are the camera's, and what was drawn for each transform.

    Raises:
        PipelineError: A transform failed.
    """
    drawn, steps = draw_chain(
        transforms, seed=seed, sample_id=sample_id, epoch=epoch, profile=profile
    )
    return _developed(mosaic, steps, raw, image, None, sample_id, profile), drawn


def replay_raw(
    mosaic: AnySample,
    drawn: Sequence[SampledTransform],
    raw: RawSettings,
    image: ImageSettings,
    *,
    seed: int,
    sample_id: int,
    epoch: int = 0,
    profile: DriftProfile,
    camera: _Facts | None = None,
) -> AnySample:
    """Applies what was drawn before to a raw file, as a row of ``provenance.parquet`` has it.

    Args:
        mosaic: As for ``develop_raw``.
        drawn: The row's transforms.
        raw: As for ``drift_raw``.
        image: As there.
        seed: As there.
        sample_id: As there.
        epoch: As there.
        profile: As there.
        camera: The row's camera; None: as the file has it.
    """
    steps = redraw_chain(drawn, seed=seed, sample_id=sample_id, epoch=epoch, profile=profile)
    return _developed(mosaic, steps, raw, image, camera, sample_id, profile)


class RawFiles:
    """Raw files, of which samples are developed (``drift.inputs``).

    Args:
        settings: The run's settings.
        raw: How the reference camera develops.
    """

    def __init__(self, settings: GenerateSettings, raw: RawSettings) -> None:
        self._settings, self._raw = settings, raw

    def sample(self, decoded: AnySample) -> AnySample:
        """The reference development of a mosaic, see ``develop_raw``."""
        return develop_raw(decoded, self._raw, self._settings.image)

    def drifted(
        self,
        decoded: AnySample,
        transforms: Sequence[TransformInfo],
        sample_id: int,
        epoch: int = 0,
    ) -> tuple[AnySample, list[SampledTransform]]:
        """The drifted development of a mosaic, and what was drawn, see ``drift_raw``."""
        settings = self._settings
        return drift_raw(
            decoded,
            transforms,
            self._raw,
            settings.image,
            seed=settings.seed,
            sample_id=sample_id,
            epoch=epoch,
            profile=settings.profile,
        )


def _developed(
    mosaic: AnySample,
    steps: Sequence[Step],
    raw: RawSettings,
    image: ImageSettings,
    camera: _Facts | None,
    sample_id: int,
    profile: DriftProfile,
) -> AnySample:
    of_camera = [step for step in steps if isinstance(step.transform, CameraTransform)]
    others = [step for step in steps if not isinstance(step.transform, CameraTransform)]
    with failing_as_transform([step.drawn.info for step in of_camera], sample_id):
        developed = develop_raw(mosaic, raw, image, camera, of_camera)
    return apply_steps(developed, others, profile, sample_id)


def _reference(used: _Facts, raw: RawSettings) -> Rendering:
    camera = Camera(
        white_balance=tuple(used["gains"]),
        colour_matrix=matrix_of(used["matrix"]),
        view=raw.view,  # type: ignore[arg-type]  # the camera reads codes
        cfa=used["cfa"],
    )
    # Where black is more than half of white it is more than 1 here, which no camera has.
    first, second, third, fourth = (level / used["unit"] for level in used["black"])
    return replace(Rendering.by(camera), black_level=(first, second, third, fourth))


def _scaled(
    mosaic: npt.NDArray[np.uint16], used: _Facts, reference: Rendering, raw: RawSettings
) -> Raw:
    """The mosaic as floats, in which white less black is 1.

    What is saturated in one colour is cut off in all three where they would be as bright, or
    highlights would turn pink; the published pipeline leaves them.
    """
    values: Raw = np.divide(mosaic, np.float32(used["unit"]), dtype=np.float32)
    if raw.compat:
        return values
    gains = reference.white_balance
    white = min(1.0, *(gain for gain in gains if gain > 0)) if max(gains) > 0 else 1.0
    for place, colour in enumerate(reference.cfa.colours):
        if gains[colour] > 0:
            index = at(divmod(place, 2))
            most = np.float32(reference.black_level[place] + white / gains[colour])
            np.minimum(values[index], most, out=values[index])
    return values


def seen_by_sensor(
    step: Step, transform: CameraTransform, values: Raw, reference: Rendering
) -> Raw:
    """What the sensor sees now; in bands, in place, where the transform looks at single pixels.

    Those of the catalogue do; what another one looks at is not known.

    Args:
        step: What was drawn.
        transform: Its transform.
        values: The mosaic as the transforms before have left it; it may change.
        reference: How the reference camera develops.
    """
    if not isinstance(step.drawn.kernel, ImageTransform):
        return transform.seen(values, step.rng, reference, **step.parameters)
    rows = _band_rows(values.shape[1])
    for top in range(0, len(values), rows):
        band = values[top : top + rows]
        band[:] = transform.seen(band, step.rng, reference, **step.parameters)
    return values


def _band_rows(width: int) -> int:
    """Rows that are worked on at once, a multiple of the pattern's two."""
    return max(2 * _REACH, _BAND // width // 2 * 2)


def _picture(values: Raw, rendering: Rendering, raw: RawSettings) -> RGB:
    """The picture of a mosaic in 8 bits, made in bands of rows, which changes no bit of it."""
    half = raw.read == HALF
    if half:
        values = values[: values.shape[0] // 2 * 2, : values.shape[1] // 2 * 2]
    height, width = values.shape
    rows = _band_rows(width)
    reach = _REACH + 2 * (int(4 * rendering.denoise_sigma + 0.5) // 2)
    reach *= 2 if half else 1
    step = 2 if half else 1
    picture = np.empty((height // step, width // step, 3), np.uint8)
    for top in range(0, height, rows):
        first, last = max(0, top - reach), min(height, top + rows + reach)
        band = _superpixels if half else linear_rgb
        linear = band(values[first:last], rendering, raw.compat)
        shown = picture_of(linear, rendering, raw.compat)
        shown *= np.float32(255)
        np.rint(shown, out=shown)
        own = shown[(top - first) // step :][: rows // step]
        picture[top // step :][: len(own)] = own
    return picture


def _superpixels(values: Raw, rendering: Rendering, _: bool) -> npt.NDArray[np.floating[Any]]:
    """Linear sRGB of squares of 2 × 2: red, the mean of both greens, blue."""
    mosaic = without_black(values, rendering.black_level)
    planes = np.zeros((3, mosaic.shape[0] // 2, mosaic.shape[1] // 2), np.float32)
    for place, colour in enumerate(rendering.cfa.colours):
        planes[colour] += mosaic[at(divmod(place, 2))]
    planes[1] *= np.float32(0.5)
    return mixed(planes, rendering.matrix)
