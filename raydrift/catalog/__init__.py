"""What there is to sample from: class folders or a manifest, sorted, labelled and ordered."""

from raydrift.catalog.catalog import Catalog, class_labels, load_catalog
from raydrift.catalog.folders import IMAGE_SUFFIXES
from raydrift.catalog.of_settings import catalog_of

__all__ = ["IMAGE_SUFFIXES", "Catalog", "catalog_of", "class_labels", "load_catalog"]
