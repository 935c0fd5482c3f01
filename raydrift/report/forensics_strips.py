"""What the worst cameras make of a few images, as thumbnails for a page."""

from dataclasses import dataclass, replace
from typing import Final

from raydrift.catalog import Catalog
from raydrift.drift.camera.fixed import with_fixed
from raydrift.drift.inputs import inputs_of
from raydrift.errors import ImageError
from raydrift.images.pixels import RGB
from raydrift.report.forensics import Forensics, WorstCamera
from raydrift.report.palette import spaced
from raydrift.report.sample_reader import SampleReader
from raydrift.report.strips import small_picture
from raydrift.settings.forensics import ForensicsSettings

_IMAGES: Final = 6


@dataclass(frozen=True)
class CameraThumbnail:
    """An image behind a camera.

    Attributes:
        title: Its class and sample id.
        uri: The JPEG as a ``data:`` URI.
        width: Pixels.
        height: Pixels.
    """

    title: str
    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class CameraStrip:
    """Some images behind one camera; None: as they are."""

    camera: WorstCamera | None
    thumbnails: tuple[CameraThumbnail, ...]


def camera_strips(
    settings: ForensicsSettings, catalog: Catalog, found: Forensics
) -> list[CameraStrip]:
    """A few images as they are, and behind a camera of each part, the most harmful parts first.

    The camera is that of the first level at which more than the drop is lost, or of the last level.
    What cannot be read any more is left out.

    Args:
        settings: Of the search.
        catalog: The input.
        found: The cameras.
    """
    cameras = [found.breaks(part) or found.worst_of[part][-1] for part in found.ranking]
    rows: list[list[CameraThumbnail]] = [[] for _ in (None, *cameras)]
    run = settings.run
    drifting = [
        inputs_of(replace(run, profile=with_fixed(run.profile, one.camera))) for one in cameras
    ]
    with SampleReader(run, catalog, isolated=False) as reader:
        for sample_id in spaced(found.sample_ids, _IMAGES):
            try:
                decoded = reader.read(sample_id)
            except ImageError:
                continue
            pictures: list[RGB] = [reader.picture(decoded, "a strip")]
            for one, inputs in zip(cameras, drifting, strict=True):
                infos = settings.infos(one.found_part, one.found_level)
                pictures.append(inputs.drifted(decoded, infos, sample_id)[0].pixels)
            title = f"{reader.class_name(sample_id)}, sample {sample_id}"
            for row, picture in zip(rows, pictures, strict=True):
                row.append(CameraThumbnail(title, *small_picture(picture)))
    pairs = zip((None, *cameras), rows, strict=True)
    return [CameraStrip(camera, tuple(row)) for camera, row in pairs if row]
