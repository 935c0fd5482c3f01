"""The input of a run, as its settings have it."""

from raydrift.catalog.catalog import Catalog, load_catalog
from raydrift.catalog.masks import with_masks, with_masks_of_manifest
from raydrift.catalog.splits import part_of_split
from raydrift.catalog.tiles import with_tiles
from raydrift.errors import CatalogError, reason
from raydrift.images.raw.rawpy_there import check_rawpy
from raydrift.paths import StoragePath, redacted
from raydrift.settings.generate import GenerateSettings


def catalog_of(settings: GenerateSettings) -> Catalog:
    """Lists the input of a run.

    Raises:
        CatalogError: As ``load_catalog``; or there are no masks of the images, or files are to be
            cut into tiles and none is as large.
        SettingsError: The input is raw files of cameras, and rawpy is not installed.
    """
    raw = settings.raw
    if raw is not None:
        check_rawpy(raw)
    options = settings.options_of("input")
    catalog = load_catalog(
        settings.input, settings.class_mapping, options, settings.split, raw, settings.catalog
    )
    catalog = _masked(catalog, settings)
    if raw is None or not raw.is_tiled:
        return catalog
    return with_tiles(catalog, raw, settings.image)


def _masked(catalog: Catalog, settings: GenerateSettings) -> Catalog:
    if settings.masks is None:
        return with_masks_of_manifest(catalog)
    folder = StoragePath.of(settings.masks, settings.options_of("input"))
    try:
        folder = part_of_split(folder, settings.split)
        return with_masks(catalog, folder)
    except OSError as error:
        raise CatalogError(f"masks {folder}: {redacted(reason(error))}") from error
