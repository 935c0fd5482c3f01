"""Strips of one image at one level after the other, as thumbnails for a page."""

from dataclasses import dataclass
from itertools import islice
from typing import Final

from PIL import Image

from raydrift.catalog import Catalog
from raydrift.errors import ImageError
from raydrift.images.pixels import RGB
from raydrift.report.evaluation import Evaluation
from raydrift.report.palette import spaced
from raydrift.report.sample_reader import SampleReader
from raydrift.report.uris import jpeg_uri
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.sweep import Sweep

_IMAGES: Final = 6
_MOST_LEVELS: Final = 11
_SIDE: Final = 176  # pixels of the longer one
_QUALITY: Final = 82


@dataclass(frozen=True)
class Thumbnail:
    """An image at a level.

    Attributes:
        level: None: the original.
        uri: The JPEG as a ``data:`` URI.
        width: Pixels.
        height: Pixels.
    """

    level: float | None
    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Strip:
    """One sample, as it is and at each level."""

    sample_id: int
    class_name: str
    thumbnails: tuple[Thumbnail, ...]


def make_strips(
    settings: GenerateSettings, sweep: Sweep, catalog: Catalog, evaluation: Evaluation
) -> list[Strip]:
    """Draws some samples at the sweep's levels, of as many classes as there is room for.

    Only images that a worker could use are opened. What cannot be read any more is left out.

    Args:
        settings: The run's settings.
        sweep: Its levels are drawn, of many some that are evenly spaced.
        catalog: The input.
        evaluation: Says which samples could be used.
    """
    chains = spaced(list(zip(sweep.levels, sweep.chains, strict=True)), _MOST_LEVELS)
    strips = []
    with SampleReader(settings, catalog, isolated=False) as reader:
        for sample_id, class_name in _chosen(evaluation):
            try:
                decoded = reader.read(sample_id)
            except ImageError:
                continue
            drifted: list[tuple[float | None, RGB]] = [(None, reader.picture(decoded, "a strip"))]
            for level, chain in chains:
                drifted.append((level, reader.drifted(decoded, chain, sample_id)))
            thumbnails = tuple(_thumbnail(level, twin) for level, twin in drifted)
            strips.append(Strip(sample_id, class_name, thumbnails))
    return strips


def _chosen(evaluation: Evaluation) -> list[tuple[int, str]]:
    """Samples and their classes: the first of each class, then further ones."""
    samples = [
        pair
        for batch in evaluation.batches
        for pair in zip(batch.sample_ids, batch.class_names, strict=True)
    ]
    firsts: dict[str, tuple[int, str]] = {}
    for pair in samples:
        firsts.setdefault(pair[1], pair)
    chosen = list(firsts.values())[:_IMAGES]
    others = (pair for pair in samples if pair not in chosen)
    return sorted(chosen + list(islice(others, _IMAGES - len(chosen))))


def _thumbnail(level: float | None, image: RGB) -> Thumbnail:
    return Thumbnail(level, *small_picture(image))


def small_picture(image: RGB) -> tuple[str, int, int]:
    """A picture as small as pages show it: the JPEG as a ``data:`` URI, its width, its height."""
    small = Image.fromarray(image)
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return jpeg_uri(small, _QUALITY), small.width, small.height
