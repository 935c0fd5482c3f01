"""One photograph in all views, as thumbnails for a page."""

from dataclasses import dataclass

from raydrift.camera import View
from raydrift.catalog import Catalog
from raydrift.drift.camera.developed import developed
from raydrift.drift.corruptions import corrupt, draws_of
from raydrift.errors import ImageError
from raydrift.report.matrix import Matrix
from raydrift.report.sample_reader import SampleReader
from raydrift.report.strips import small_picture
from raydrift.settings.matrix import MatrixSettings


@dataclass(frozen=True)
class ViewThumbnail:
    """What a view makes of an image.

    Attributes:
        code: The code of the view.
        uri: The JPEG as a ``data:`` URI.
        width: Pixels.
        height: Pixels.
    """

    code: str
    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class ViewStrip:
    """One sample in all views, and the first of them under each corruption, by its name."""

    sample_id: int
    class_name: str
    thumbnails: tuple[ViewThumbnail, ...]
    corrupted: tuple[ViewThumbnail, ...] = ()


def view_strip(settings: MatrixSettings, catalog: Catalog, found: Matrix) -> ViewStrip | None:
    """The first sample that was measured, in all views; None: it cannot be read any more.

    Args:
        settings: The settings of the matrix.
        catalog: The input.
        found: Says which samples could be used.
    """
    first = found.batches[0]
    with SampleReader(settings.run, catalog, isolated=False) as reader:
        try:
            decoded = reader.read(first.sample_ids[0])
        except ImageError:
            return None
    views = tuple(map(View.parse, settings.views))
    _, pictures = developed(decoded, views, settings.run, settings.compat)
    by_view = dict(pictures)
    thumbnails = tuple(ViewThumbnail(str(view), *small_picture(by_view[view])) for view in views)
    corrupted: list[ViewThumbnail] = []
    if (scores := found.corruptions) is not None:
        severity = scores.severities[scores.middle]
        for name in scores.names:
            rng = draws_of(settings.run.seed, name, severity, first.sample_ids[0])
            picture = corrupt(by_view[views[0]], name, severity, rng)
            corrupted.append(ViewThumbnail(name, *small_picture(picture)))
    return ViewStrip(first.sample_ids[0], first.class_names[0], thumbnails, tuple(corrupted))
