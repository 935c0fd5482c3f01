"""What the sensor of a raw file has seen, for a camera that is still to learn how to develop it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from raydrift.camera import Camera, View
from raydrift.camera.black_level import without_black
from raydrift.camera.cfa import at
from raydrift.drift.camera.raw import camera_facts, scaled_raw, seen_by_sensor
from raydrift.drift.camera.sensed import Sensed
from raydrift.drift.camera.transform import CameraTransform, as_light_goes
from raydrift.drift.chain import draw_chain, failing_as_transform
from raydrift.errors import ImageError, SettingsError
from raydrift.images.pixels import Sample
from raydrift.settings.raw import RawSettings
from raydrift.transforms import DriftProfile, TransformInfo

_STAGE: Final = "develop"
_UPRIGHT: Final = 1  # as EXIF numbers it


def sensed_raw(
    mosaic: Sample,
    raw: RawSettings,
    transforms: Sequence[TransformInfo] = (),
    *,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    sample_id: int = 0,
    epoch: int = 0,
    profile: DriftProfile | None = None,
) -> tuple[Sensed, Sensed]:
    """A raw file as it is and as a drifted sensor has seen it, and the camera that develops both.

    The black level is taken off, and white is 1. Highlights are cut off as in a development. With
    ``raw.compat``, 1 is the published full scale and highlights stay. Each file of a camera has
    gains of its own: they are multiplied in, so that one camera with gains of 1 develops all files.
    Declared mosaics have the gains of the settings: these stay with the camera.

    With bilinear demosaicing the camera makes of the mosaic what ``develop_raw`` makes of the file.

    Args:
        mosaic: uint16, (height, width), with its reader's facts; it is left alone.
        raw: How the reference camera develops.
        transforms: What drifts, see ``check_of_sensor``; as in ``drift_sample``, what is drawn
            depends on the seed, the position in the list and the sample id.
        size: The rows and columns that it has to have; None: any.
        seed: The run's seed.
        sample_id: The sample's place in the run.
        epoch: Which pass over the samples it is.
        profile: The ranges that a level spans; None: the published ones.

    Raises:
        ImageError: It has another size, or is not upright.
        PipelineError: A transform failed.
    """
    if size is not None and mosaic.pixels.shape != size:
        has, wanted = ("{} x {}".format(*one) for one in (mosaic.pixels.shape, size))
        raise ImageError(
            _STAGE,
            f"its mosaic has {has} pixels, image.height x image.width is {wanted}: set them to it, "
            'or cut files with raw.read = "tile"',
        )
    facts = camera_facts(mosaic.facts, raw)
    if facts["orientation"] != _UPRIGHT:
        raise ImageError(
            _STAGE,
            "it is turned, and a camera learns from upright files: leave turned ones out with "
            "catalog.exclude",
        )
    values, reference = scaled_raw(mosaic, raw, facts)
    drifted = values.copy()
    profile = DriftProfile() if profile is None else profile
    _, steps = draw_chain(transforms, seed=seed, sample_id=sample_id, epoch=epoch, profile=profile)
    with failing_as_transform([step.drawn.info for step in steps], sample_id):
        for step, transform in as_light_goes(steps):
            drifted = seen_by_sensor(step, transform, drifted, reference)
    gains = reference.white_balance
    for one in (values, drifted):
        one[:] = without_black(one, reference.black_level)
        if not raw.is_declared:
            for place, colour in enumerate(reference.cfa.colours):
                one[at(divmod(place, 2))] *= np.float32(gains[colour])
    camera = Camera(
        white_balance=gains if raw.is_declared else (1.0, 1.0, 1.0),
        colour_matrix=reference.colour_matrix,
        gamma=reference.gamma,
        cfa=reference.cfa,
    )
    return Sensed(values, camera), Sensed(drifted, camera)


def check_of_sensor(infos: Iterable[TransformInfo], profile: DriftProfile) -> None:
    """Makes sure that transforms change what a sensor sees, and nothing of its development.

    Raises:
        SettingsError: One of them changes the development, or is not of a camera.
    """
    for info in infos:
        kernel = profile.of(info)
        develops = type(kernel).developed if isinstance(kernel, CameraTransform) else None
        if develops is not CameraTransform.developed:
            raise SettingsError(
                f"{info.name}: only the sensor may drift on raw files here, since a camera learns "
                "to develop them: give isp_exposure, isp_noise or isp_bits, or photographs"
            )


def common_camera(cameras: Iterable[Mapping[str, Any]], raw: RawSettings) -> Camera:
    """The one camera of some files.

    Args:
        cameras: ``Sensed.facts`` of each, at least one.
        raw: How it develops.

    Raises:
        SettingsError: They have several.
    """
    first, *others = cameras
    other = next((one for one in others if one != first), first)
    if other["cfa"] != first["cfa"]:
        both = f"{first['cfa']} and {other['cfa']}"
        raise SettingsError(
            f"the files have the patterns {both}, and one camera learns: set raw.cfa, or give the "
            "files of one camera"
        )
    if other != first:
        raise SettingsError(
            "the files have several colour matrices, and one camera learns: set raw.matrix, or "
            "give the files of one camera"
        )
    names = ("black_level", "white_balance", "colour_matrix", "gamma", "cfa")
    return Camera(**{name: first[name] for name in names}, view=View.parse(raw.view))
