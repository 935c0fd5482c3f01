"""What a drift does to the first few images of an input, without writing a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from PIL import Image

from raydrift.catalog import catalog_of
from raydrift.catalog.value_range import with_value_range
from raydrift.errors import CatalogError, ImageError, SettingsError
from raydrift.paths import redacted
from raydrift.report.input_summary import InputSummary
from raydrift.report.level_sheet import LevelCard, level_sheet
from raydrift.report.sample_reader import SampleReader
from raydrift.report.sheet import shown_size
from raydrift.settings.generate import GenerateSettings
from raydrift.storage.image_sets import twinned
from raydrift.storage.remarks import Remark
from raydrift.text import plural
from raydrift.transforms import Name, Transform, TransformInfo

_MOST_PIXELS: Final = 2**27


@dataclass(frozen=True)
class Preview:
    """A sheet and what it shows.

    Attributes:
        sheet: RGB.
        sample_ids: The ids of the images on it.
        passed_over: Samples before the last of those that cannot be used.
        first_problem: The path of the first of them, and why it cannot be used; empty: there is
            none.
        input_summary: What there is to say of the input and of these images.
    """

    sheet: Image.Image
    sample_ids: tuple[int, ...]
    passed_over: int
    first_problem: str
    input_summary: InputSummary = field(default_factory=InputSummary)


def preview(
    settings: GenerateSettings,
    transforms: Sequence[Name],
    levels: Sequence[float],
    images: int,
) -> Preview:
    """Draws a sheet of transforms by levels.

    The pixels are those that ``generate`` writes for the same samples with this one transform at
    this level.

    Args:
        settings: The run's settings; its own transforms are not looked at.
        transforms: One or more, each shown by itself.
        levels: One or more, 0 to 1.
        images: How many, 1 or more; fewer if the input has no more that can be used.

    Raises:
        CatalogError: The input is not there, none of its images can be used, or none has a twin.
        SettingsError: There is too much to show, or nothing, or there are no twins.
    """
    if images < 1:
        raise SettingsError(f"images is {images}: give at least 1")
    if settings.raw is not None:
        settings.raw.check_transforms(TransformInfo(one, 1.0) for one in transforms)
    catalog = catalog_of(settings)
    settings, ranges = with_value_range(settings, catalog)
    infos = [TransformInfo(one, 1.0) for one in transforms]
    settings = replace(settings, profile=settings.profile.holding(infos))
    catalog = twinned(catalog, settings, infos)
    images = min(images, len(catalog))
    width, height = shown_size(settings.image.height, settings.image.width)
    count = images * len(transforms) * (len(levels) + 1)
    if count * width * height > _MOST_PIXELS:
        raise SettingsError(
            f"{count} pictures are too many for one sheet: ask for fewer images, transforms or "
            "levels"
        )
    cards, ids, remarks = [], [], []
    passed_over, first_problem = 0, ""
    with SampleReader(settings, catalog) as reader:
        if settings.start >= len(reader):
            raise SettingsError(
                f"start is {settings.start}: the input has {plural(len(reader), 'sample')}"
            )
        for sample_id in range(settings.start, len(reader)):
            path = reader.path(sample_id)
            try:
                decoded = reader.read(sample_id)
            except ImageError as problem:
                passed_over += 1
                first_problem = first_problem or " ".join(f"{path}: {problem.reason}".split())
                continue
            pixels = reader.picture(decoded, "a preview")
            rows = {
                str(one): [
                    reader.drifted(decoded, [TransformInfo(one, level)], sample_id)
                    for level in levels
                ]
                for one in transforms
            }
            cards.append(LevelCard(reader.title(sample_id), pixels, rows))
            ids.append(sample_id)
            remarks += [Remark(text, 1, (path,)) for text in decoded.remarks]
            if len(cards) == images:
                break
    if not cards:
        raise CatalogError(
            f"none of {plural(passed_over, 'image')} in {redacted(settings.input)} can be used "
            f"(first: {first_problem})"
        )
    title = f"{plural(len(transforms), 'transform')}, {plural(len(levels), 'level')}"
    input_summary = InputSummary.of(catalog, ranges, None, remarks)
    subtitle = f"as raydrift generate -t NAME:LEVEL --seed {settings.seed} writes them"
    notes = {str(one): _notes(settings.profile[one]) for one in transforms}
    sheet = level_sheet(cards, levels, title, subtitle, notes)
    return Preview(sheet, tuple(ids), passed_over, first_problem, input_summary)


def _notes(transform: Transform) -> list[str]:
    """What a transform says of itself."""
    described = transform.described()
    return [transform.help, f"Level L: {described}." if described else ""]
