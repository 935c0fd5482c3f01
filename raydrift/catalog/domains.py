"""The images of a domain: class folders, a flat folder, or a manifest."""

from dataclasses import replace

from raydrift.catalog.catalog import Catalog
from raydrift.catalog.folders import FlatFolderError
from raydrift.catalog.of_settings import catalog_of
from raydrift.settings.catalog import UNLABELLED
from raydrift.settings.generate import GenerateSettings


def domain_of(settings: GenerateSettings) -> tuple[GenerateSettings, Catalog]:
    """Lists a domain; the images of a flat folder are of one class.

    Args:
        settings: The run's settings.

    Returns:
        The settings, with ``catalog.labels = "none"`` for a flat folder, and the listing.

    Raises:
        CatalogError: The input is not there or empty.
    """
    try:
        return settings, catalog_of(settings)
    except FlatFolderError:
        if settings.catalog.labels is not None:
            raise
        flat = unlabelled(settings)
        return flat, catalog_of(flat)


def unlabelled(settings: GenerateSettings) -> GenerateSettings:
    """The same settings for an input whose classes do not matter."""
    return replace(settings, catalog=replace(settings.catalog, labels=UNLABELLED))
