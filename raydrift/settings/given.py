"""The settings of a run as the Python faces are given them."""

import os
from collections.abc import Mapping
from typing import Any

from raydrift.checked import image_size, path_text
from raydrift.settings.catalog import CatalogSettings
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.output import FaultSettings
from raydrift.transforms import DriftProfile


def run_given(
    input_path: str | os.PathLike[str],
    output_path: str | os.PathLike[str],
    *,
    catalog: CatalogSettings | None,
    input_dim: Any,
    masks: str | os.PathLike[str] | None,
    twins: str | os.PathLike[str] | None = None,
    profile: DriftProfile | None,
    storage_options: Mapping[str, Any] | None,
    cluster: ClusterSettings | None,
    faults: FaultSettings | None = None,
    **others: Any,
) -> GenerateSettings:
    """The settings of the images and the workers; None is what stands for nothing said.

    Args:
        input_path: A folder or a manifest.
        output_path: The folder to write.
        catalog: Where the classes are told.
        input_dim: Height and width of the pictures, or one number for both.
        masks: A folder of masks.
        twins: What images are blended with.
        profile: The ranges of levels, and what families share.
        storage_options: How buckets are reached.
        cluster: Where the work is done.
        faults: What happens with images that cannot be used.
        **others: Fields of ``GenerateSettings`` as they are.

    Raises:
        SettingsError: (a ``ValueError``) One of them cannot be.
    """
    return GenerateSettings(
        input=path_text("input_path", input_path),
        output=path_text("output_path", output_path),
        catalog=CatalogSettings() if catalog is None else catalog,
        profile=DriftProfile() if profile is None else profile,
        image=ImageSettings(*image_size(input_dim)),
        masks=None if masks is None else path_text("masks", masks),
        twins=None if twins is None else path_text("twins", twins),
        storage_options={} if storage_options is None else storage_options,
        cluster=ClusterSettings() if cluster is None else cluster,
        faults=FaultSettings() if faults is None else faults,
        **others,
    )
