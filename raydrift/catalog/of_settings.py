"""The input of a run, as its settings have it."""

from raydrift.catalog.catalog import Catalog, load_catalog
from raydrift.catalog.tiles import with_tiles
from raydrift.images.raw.rawpy_there import check_rawpy
from raydrift.settings.generate import GenerateSettings


def catalog_of(settings: GenerateSettings) -> Catalog:
    """Lists the input of a run.

    Raises:
        CatalogError: As ``load_catalog``; or files are to be cut into tiles, and none is as large.
        SettingsError: The input is raw files of cameras, and rawpy is not installed.
    """
    raw = settings.raw
    if raw is not None:
        check_rawpy(raw)
    options = settings.options_of("input")
    catalog = load_catalog(settings.input, settings.class_mapping, options, settings.split, raw)
    if raw is None or not raw.is_tiled:
        return catalog
    return with_tiles(catalog, raw, settings.image)
