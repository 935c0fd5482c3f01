"""What a run wrote, read back: as samples, as tables, for torch, pandas, Ray, Hugging Face."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from raydrift import schemas
from raydrift.checked import path_text
from raydrift.drift.written import parameters_of
from raydrift.errors import OutputError, SettingsError
from raydrift.images.pixels import RGB, Array
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.accepted import rows_there
from raydrift.storage.finishers.chosen import finisher_of
from raydrift.storage.record import require_record
from raydrift.storage.views import check_one_folder
from raydrift.storage.written_images import ShardImages, ShardRows, WrittenImages, ZippedImages

if TYPE_CHECKING:
    import datasets
    import pandas

    from raydrift.embed.samples import TorchSamples
    from raydrift.engine.reading import RayDataset


@dataclass(frozen=True)
class DriftedSample:
    """One sample of a run.

    Attributes:
        image: uint8 RGB of shape (height, width, 3).
        label: The label of its class.
        sample_id: Its place in the stream.
        timestamp: Seconds since 1970.
        class_name: Its class.
        drifted: Whether anything was done to it.
        level: The largest level in force on it, 0 to 1.
    """

    image: RGB = field(repr=False)
    label: int
    sample_id: int
    timestamp: float
    class_name: str
    drifted: bool
    level: float
    _explain: Callable[[], dict[str, Any]] = field(repr=False, compare=False)
    _mask: Callable[[], Array] = field(repr=False, compare=False)

    @property
    def mask(self) -> Array:
        """Its mask, uint8 or uint16 of shape (height, width): a label for each pixel.

        Raises:
            OutputError: The run's samples have no masks.
        """
        return self._mask()

    @property
    def provenance(self) -> dict[str, Any]:
        """Its row of ``provenance.parquet``; each transform's parameters are a dict.

        Of a raw file, what it was developed with is one too: ``camera``.
        """
        return self._explain()


class DriftedDataset:
    """The samples of a run, in order. It can be pickled, and read by several processes at once.

    Of a run that is not merged yet it has the samples of the shards that are there.

    Args:
        output: The run's folder.

    Raises:
        OutputError: There is no run, or what it wrote cannot be read.

    Example:
        ::

            dataset = raydrift.open("out")
            sample = dataset[0]
            print(len(dataset), sample.label, sample.level, sample.provenance["transforms"])
            loader = torch.utils.data.DataLoader(dataset.to_torch(), batch_size=32, num_workers=4)
    """

    def __init__(self, output: StoragePath) -> None:
        self._output = output
        self._record = require_record(output)
        check_one_folder(output, self._record, "open")
        self._merged = self._record.status == "complete"
        self._shards = [] if self._merged else rows_there(output, self._record)
        self._files = [output / layout.SHARDS / row.shard_name for row in self._shards]
        if not self._merged and not self._shards:
            raise OutputError(f"{output} has no samples yet: run the same generate command again")

    def __len__(self) -> int:
        """How many samples were written."""
        if self._merged:
            return int(self._record.counts["written"])
        return sum(row.written for row in self._shards)

    def __getitem__(self, index: int) -> DriftedSample:
        """A sample by its place, from 0; from the end where that is negative."""
        place = range(len(self))[index]
        return DriftedSample(
            image=self.image(place),
            class_name=self._class_names[place].as_py(),
            _explain=_Explained(self._provenance_rows, place, self._explained),
            _mask=partial(self.mask, place),
            **self.facts(place),
        )

    def __iter__(self) -> Iterator[DriftedSample]:
        """All samples, in order."""
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        """The folder, and how many samples it has."""
        return f"DriftedDataset({str(self._output)!r}, {len(self):,} samples)"

    @property
    def classes(self) -> dict[str, int]:
        """Class name to integer label, of every class of the input."""
        return dict(self._record.classes)

    @property
    def mapping(self) -> pa.Table:
        """``input_mapping.parquet``: ``sample_id``, ``timestamp``, ``file_name``."""
        return self._table(layout.INPUT_MAPPING, schemas.INPUT_MAPPING.names)

    @property
    def target(self) -> pa.Table:
        """``target.parquet``: ``sample_id``, ``timestamp``, ``label``."""
        return self._table(layout.TARGET, schemas.TARGET.names)

    @property
    def provenance(self) -> pa.Table:
        """``provenance.parquet``: where each sample came from, and all that was done to it."""
        return self._table(layout.PROVENANCE, self._explained)

    @property
    def embeddings(self) -> pa.Table | None:
        """``embeddings.parquet``: ``sample_id``, ``timestamp``, ``embedding``; None without."""
        if not self._record.has_embeddings:
            return None
        return self._table(layout.EMBEDDINGS, schemas.EMBEDDINGS.names)

    def png(self, place: int) -> bytes:
        """The PNG of a sample, by its place from 0."""
        return self._images.png(range(len(self))[place])

    def image(self, place: int) -> RGB:
        """The pixels of a sample, by its place from 0: uint8 RGB of shape (height, width, 3)."""
        data = np.frombuffer(self.png(place), np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        if pixels is None:
            raise OutputError(f"{self._output}: image {place} is damaged: see raydrift inspect")
        levels: RGB = pixels
        return levels

    def mask(self, place: int) -> Array:
        """The mask of a sample, by its place from 0: uint8 or uint16 of shape (height, width).

        Raises:
            OutputError: Samples have no masks, or they cannot be read here.
        """
        data = np.frombuffer(self._masks.png(range(len(self))[place]), np.uint8)
        labels: Array | None = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        if labels is None:
            raise OutputError(f"{self._output}: mask {place} is damaged: see raydrift inspect")
        return labels

    def to_pandas(self) -> "pandas.DataFrame":
        """A row a sample, without the images: all columns of mapping, target and provenance."""
        frame = self.mapping.to_pandas()
        for table in (self.target, self.provenance):
            others = [name for name in table.column_names if name not in frame.columns]
            frame = frame.assign(**{name: table[name].to_pandas() for name in others})
        return frame

    def to_torch(self, transform: Callable[[Any], Any] | None = None) -> "TorchSamples":
        """A map-style dataset of (image, label), for a ``DataLoader`` with any number of workers.

        Args:
            transform: A function of a uint8 tensor of shape (3, height, width), as torchvision's v2
                transforms take it; None: that tensor is the image.
        """
        from raydrift.embed.samples import TorchSamples

        return TorchSamples(self, transform)

    def to_ray(self) -> "RayDataset":
        """A Ray dataset with a row a sample; its workers read the images as they are needed."""
        from raydrift.engine.reading import as_ray

        return as_ray(self)

    def to_hf(self) -> "datasets.Dataset":
        """A Hugging Face dataset: ``image``, ``label`` with the classes' names, and the facts.

        Raises:
            SettingsError: The package ``datasets`` is not installed.
        """
        try:
            import datasets
        except ModuleNotFoundError:
            raise SettingsError("to_hf() needs the package datasets: install it") from None
        names = [name for name, _ in sorted(self.classes.items(), key=lambda item: item[1])]
        by_name = sorted(self.classes.values()) == list(range(len(names)))
        label = datasets.ClassLabel(names=names) if by_name else datasets.Value("int64")
        features = datasets.Features(
            {
                "image": datasets.Image(),
                "label": label,
                "sample_id": datasets.Value("int64"),
                "timestamp": datasets.Value("float64"),
                "drifted": datasets.Value("bool"),
                "level": datasets.Value("float64"),
            }
        )
        made: datasets.Dataset = datasets.Dataset.from_generator(
            _hf_rows, features=features, gen_kwargs={"dataset": self}
        )
        return made

    def facts(self, place: int) -> dict[str, Any]:
        """What is known of a sample but its image and its class: plain numbers."""
        return {name: column[place].item() for name, column in self._columns.items()}

    @property
    def _explained(self) -> list[str]:
        """The columns of the provenance."""
        of = self._record
        names: list[str] = schemas.provenance(of.is_raw, of.has_copies, of.has_replaced).names
        return names

    @cached_property
    def _columns(self) -> dict[str, npt.NDArray[Any]]:
        tables = (self.target, self._table(layout.PROVENANCE, ["drifted", "level"]))
        return {name: table[name].to_numpy() for table in tables for name in table.column_names}

    @cached_property
    def _class_names(self) -> pa.ChunkedArray:
        return self._table(layout.PROVENANCE, ["class_name"])["class_name"].dictionary_encode()

    @cached_property
    def _images(self) -> WrittenImages:
        if self._merged:
            return finisher_of(self._record).images(self._output, self._record)
        return ShardImages(self._output, self._shards)

    @cached_property
    def _masks(self) -> WrittenImages:
        if layout.MASKS in self._record.files:
            return ZippedImages(self._output / layout.MASKS)
        if any(row.mask_bytes >= 0 for row in self._shards):
            return ShardImages(self._output, self._shards, layout.MASK_COLUMN)
        in_tars = finisher_of(self._record).name == "webdataset"
        where = "; in tar files they are KEY.mask.png, for webdataset to read" if in_tars else ""
        raise OutputError(f"{self._output} has no {layout.MASKS}{where}")

    @cached_property
    def _provenance_rows(self) -> ShardRows:
        if self._merged:
            return ShardRows([self._output / layout.PROVENANCE], [len(self)])
        return ShardRows(self._files, [row.written for row in self._shards])

    def _table(self, name: str, columns: list[str]) -> pa.Table:
        files = [self._output / name] if self._merged else self._files
        tables = []
        for place in files:
            try:
                with place.open_here_and_there() as file:
                    tables.append(pq.read_table(file, columns=columns))
            except (OSError, pa.ArrowException) as error:
                raise OutputError(f"{place} cannot be read: see raydrift inspect") from error
        return pa.concat_tables(tables)


@dataclass(frozen=True)
class _Explained:
    """The row of a sample, which is read when it is asked for."""

    rows: ShardRows
    place: int
    names: list[str]

    def __call__(self) -> dict[str, Any]:
        found = dict(self.rows.row(self.place, self.names))
        found["transforms"] = [
            one | {"parameters": parameters_of(one["parameters"])} for one in found["transforms"]
        ]
        if schemas.CAMERA.name in self.names:
            found[schemas.CAMERA.name] = parameters_of(found[schemas.CAMERA.name])
        return found


def _hf_rows(dataset: DriftedDataset) -> Iterator[dict[str, Any]]:
    for place in range(len(dataset)):
        yield {"image": {"bytes": dataset.png(place), "path": None}} | dataset.facts(place)


def open_dataset(
    output: str | os.PathLike[str], storage_options: Mapping[str, Any] | None = None
) -> DriftedDataset:
    """Opens what a run wrote.

    Args:
        output: The run's folder, a local path or a URI.
        storage_options: How a bucket is reached, as for ``ImageDatasetGenerator``.

    Raises:
        OutputError: There is no run there.
    """
    return DriftedDataset(StoragePath.of(path_text("output", output), storage_options))


class ImageDataCategoryInfo(DriftedDataset):
    """What one call of ``sample`` wrote: its samples, and where its files are.

    Attributes:
        file_type: The type of the images.
    """

    file_type = "png"

    @property
    def zip_type(self) -> str:
        """What the images are in: ``zip``, or the setting ``container`` of the generator."""
        return finisher_of(self._record).name

    @property
    def zip_path(self) -> str:
        """The zip of the drifted images.

        Raises:
            OutputError: They are in several files, or in none: see ``image_paths``.
        """
        if layout.ZIP not in self._record.files:
            raise OutputError(
                f"{self._output} has no {layout.ZIP}, since container is {self.zip_type!r}: "
                "use image_paths, or the samples themselves"
            )
        return str(self._output / layout.ZIP)

    @property
    def image_paths(self) -> list[str]:
        """The files that the drifted images are in, in order; none where there are tables alone."""
        return [str(self._output / name) for name in filter(layout.has_images, self._record.files)]

    @property
    def masks_path(self) -> str | None:
        """The zip of the masks; None: samples have none, or theirs are in the images' tar files."""
        return str(self._output / layout.MASKS) if layout.MASKS in self._record.files else None

    @property
    def input_mapping_path(self) -> str:
        """The table that maps sample ids to members of the zip."""
        return str(self._output / layout.INPUT_MAPPING)

    @property
    def target_path(self) -> str:
        """The table that maps sample ids to labels."""
        return str(self._output / layout.TARGET)

    @property
    def embeddings_path(self) -> str | None:
        """The embeddings' table; None if they were not asked for."""
        return str(self._output / layout.EMBEDDINGS) if self._record.has_embeddings else None

    @property
    def num_samples(self) -> int:
        """How many samples were written."""
        return len(self)

    @property
    def num_rejected(self) -> int:
        """How many images could not be used; ``rejected.parquet`` says why."""
        return int(self._record.counts["rejected"])

    @property
    def input_mapping(self) -> pa.Table:
        """The same as ``mapping``."""
        return self.mapping
