"""Other sets of images that a run takes from: what a run wrote, or a folder."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from raydrift.catalog import Catalog
from raydrift.catalog.image_files import PLACE, ImageFiles, files_of_folder
from raydrift.catalog.replaced import Replaced
from raydrift.catalog.splits import part_of_split
from raydrift.catalog.stream import Stream
from raydrift.catalog.twins import with_twins
from raydrift.errors import CatalogError, OutputError, SettingsError, reason
from raydrift.paths import StoragePath, redacted
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.validate import STRETCH
from raydrift.storage import layout
from raydrift.storage.finishers.chosen import finisher_of
from raydrift.storage.record import require_record
from raydrift.storage.views import check_one_folder
from raydrift.transforms import TransformInfo


def twinned(
    catalog: Catalog, settings: GenerateSettings, infos: Iterable[TransformInfo]
) -> Catalog:
    """The input with the twins of its images, where they are blended with them.

    Args:
        catalog: The input.
        settings: The run's settings.
        infos: All that is done to images.

    Raises:
        CatalogError: There are none of these images, or two of one.
        SettingsError: The settings have none.
        OutputError: They are of a run that is not finished, or cannot be read.
    """
    infos = list(infos)
    settings.check_twins(infos)
    if settings.twins is None or catalog.twins is not None or not settings.profile.blends(infos):
        return catalog
    place = StoragePath.of(settings.twins, settings.options_of("twins"))
    return with_twins(catalog, image_files(place, "twins", settings.split))


def replaced_samples(
    settings: GenerateSettings, catalog: Catalog, stream: Stream
) -> Replaced | None:
    """Which samples drifts replace by images of other sets; None: no drift replaces any.

    Args:
        settings: The run's settings.
        catalog: The input.
        stream: What its settings come to on that.

    Raises:
        SettingsError: The images have masks.
        CatalogError: A set has no images, or none of a class.
        OutputError: It is of a run that is not finished, or cannot be read.
    """
    if not settings.replaces:
        return None
    if catalog.masks is not None:
        raise SettingsError("drift.replace: an image from elsewhere has no mask: leave either out")
    options = settings.options_of("replace")
    sets = [
        None
        if drift.replace is None
        else image_files(StoragePath.of(drift.replace, options), "drift.replace")
        for drift in settings.drift
    ]
    return Replaced.of(settings, catalog, stream, sets)


def image_files(place: StoragePath, what: str, split: str | None = None) -> ImageFiles:
    """The images that a finished run wrote, or those in a folder.

    Args:
        place: The output of the run, or the folder.
        what: What they are for, as ``twins``; for errors.
        split: The part of the input that images are of, for which the folder may have a folder.

    Raises:
        CatalogError: There are none.
        OutputError: The run is not finished, or what it wrote cannot be read.
    """
    try:
        if (place / layout.RUN).is_file():
            return _of_run(place, what)
        place = part_of_split(place, split)
        return files_of_folder(place, what)
    except OSError as error:
        raise CatalogError(f"{what} {place}: {redacted(reason(error))}") from error


def _of_run(output: StoragePath, what: str) -> ImageFiles:
    record = require_record(output)
    check_one_folder(output, record, "give", f"{what} ")
    if record.status != "complete":
        raise OutputError(
            f"{what} {output} is a run that is not finished: finish it with the command that began "
            "it, or with raydrift finalize"
        )
    if record.identity.get("fit", STRETCH) != STRETCH:
        raise OutputError(
            f"{what} {output} are of the centre squares of images (validate.fit), and images are "
            "stretched here: translate them with fit = 'stretch'"
        )
    sources = _table(output / layout.PROVENANCE, ["source_path", "class_name"])
    names = _table(output / layout.INPUT_MAPPING, ["file_name"])["file_name"]
    found = finisher_of(record).images(output, record).places()
    if not len(sources) == len(names) == len(found.sizes):
        raise OutputError(f"{what} {output}: tables and images do not fit: see raydrift inspect")
    paths = pa.array(found.names, pa.large_string()).take(pa.array(found.files))
    begins, sizes = pa.array(found.begins), pa.array(found.sizes)
    columns = [paths, begins, sizes, names.cast(pa.large_string()).combine_chunks()]
    keys, classes = (sources[name].cast(pa.large_string()) for name in sources.column_names)
    return ImageFiles(
        output,
        keys.combine_chunks(),
        classes.combine_chunks(),
        pa.StructArray.from_arrays(columns, fields=list(PLACE)),
        np.zeros(len(keys), np.int64),
        record.written_digest,
    )


def _table(place: StoragePath, columns: list[str]) -> pa.Table:
    try:
        with place.open_here_and_there() as file:
            return pq.read_table(file, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise OutputError(
            f"{place} cannot be read ({redacted(reason(error))}): see raydrift inspect"
        ) from error
