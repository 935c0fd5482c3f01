"""``ImageDatasetGenerator``: the Python API, a thin face over the engine."""

import os
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from raydrift.calibrate import CalibrationProfile
from raydrift.catalog import catalog_of
from raydrift.checked import image_size, path_text
from raydrift.dataset import ImageDataCategoryInfo
from raydrift.errors import SettingsError
from raydrift.images.batch import DriftedBatch
from raydrift.metrics import kl_softmax
from raydrift.metrics.batch_divergence import BatchDivergence
from raydrift.paths import StoragePath
from raydrift.schedules.drift import Drift
from raydrift.schedules.label_shift import LabelShift
from raydrift.settings.catalog import CatalogSettings
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.generate import FIRST_TIMESTAMP, GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.output import FaultSettings, OutputSettings
from raydrift.settings.ranges import Range
from raydrift.settings.raw import RawSettings
from raydrift.settings.sweep import Sweep, SweepItem, sweep_items
from raydrift.settings.toml import UNWRITTEN
from raydrift.storage.remarks import Remark
from raydrift.timeline import Timeline
from raydrift.transforms import DriftProfile, ImageTransform, TransformInfo

if TYPE_CHECKING:
    from raydrift.report.input_summary import InputSummary

Similarity = Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], float]
"""From the embeddings of originals and of their drifted copies, both (n, 512), to a number."""

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def _face_of(
    method: Callable[Concatenate[Timeline, Given], Returned],
) -> Callable[Concatenate["ImageDatasetGenerator", Given], Returned]:
    """The same method on a generator, where it does its work on the generator's timeline."""

    @wraps(method)
    def face(
        generator: "ImageDatasetGenerator", /, *args: Given.args, **values: Given.kwargs
    ) -> Returned:
        return method(generator.timeline, *args, **values)

    return face


class ImageDatasetGenerator:
    """Samples a drifted image set from a folder of images, call by call.

    The calls of ``sample`` go on from one another: ids and timestamps continue and no image comes
    twice. What a sample becomes depends on the seed, its id and the drift in force, not on how
    many workers or calls made it.

    Drifts can be placed anywhere on the timeline of the whole stream, see ``Timeline``: the methods
    that add them are the same here and on ``generator.timeline``.

    Args:
        seed: 0 to 2^64 - 1.
        input_path: A folder with one sub-folder a class, images anywhere below it; or a manifest
            (parquet or CSV) with ``path`` and ``class`` or ``label``. A local path or a URI.
        split: The sub-folder of the input that has the class folders, or a manifest's ``split``.
        catalog: Where the classes are told, and what is left out; None: sub-folders are classes.
        compute_embeddings: Whether each call also writes ``embeddings.parquet``.
        input_dim: (height, width) that every image is resized to, pixels; one number for both.
        value_range: (black, white) of images of more than 8 bits, with signed samples or with
            floats; for all, or by kind, ``{"uint16": (0, 4095)}``. None: as some images have it.
        colour_profile: ``ignore`` leaves pixels as they are, ``convert`` brings them to sRGB.
        raw: What the raw files of the input are, ``RawSettings()`` a camera's; None: photographs.
        masks: A folder with a mask for each image; None: a manifest's column ``mask``, else none.
        twins: What ``twin`` blends images with: a run of ``translate``, or a folder; None: nothing.
        max_pixels, max_bytes: Larger images and files are rejected before they are decoded, read.
        max_memory: An input image that takes more bytes of memory to decode is rejected.
        batch_size: Images in a batch whose similarity is evaluated.
        shuffle: Whether the order is a seeded permutation, or sorted by path.
        first_timestamp: The time of sample 0, seconds since 1970.
        sample_delta_timestamp: Seconds between one sample and the next.
        class_mapping: Class name to integer label; None: sorted names to 0..C-1.
        container: Of the images: ``zip``, ``zips`` (several), ``webdataset``, ``tables`` (none).
        container_bytes: The most that one of several files has; None: 4 GiB, of tar files 1 GiB.
        organize_by_class: Whether the container has class folders.
        shard_size: Samples a shard, the unit of work and of resume; None: 256, or fewer.
        keep_shards: Whether the shards stay after they are merged.
        weights: ``imagenet``, ``random`` or the path of a ResNet18 state dict.
        normalize: Whether the network's input is normalised by ImageNet's mean and deviation.
        precision: The network's numbers, ``float32`` or ``bfloat16``.
        profile: The ranges that a drift level spans.
        faults: What happens with images that cannot be used.
        storage_options: How buckets are reached: ``S3Options`` for S3, else as for fsspec.
        cluster: Where the work is done.
        progress: Whether progress is shown on standard error.

    Raises:
        CatalogError: (a ``ValueError``) The input is not there or empty, or ``class_mapping`` does
            not fit it.
        SettingsError: (a ``ValueError``) A parameter is out of range.

    Example:
        ::

            generator = ImageDatasetGenerator(seed=42, input_path="photos/")
            clean = generator.sample("clean/", num_samples=100)
            generator.add_abrupt_drift(drift_level=0.7)
            drifted = generator.sample("drifted/", num_samples=100)

            generator.add_gradual_drift(drift_level=0.7, start=0.5, width="7d")
            generator.add_seasonal_drift([TransformInfo(ImageTransform.HUE, 0.2)], period="1d")
            generator.add_label_shift({"cat": 0.8}, start=0.75)
            stream = generator.sample("stream/")
    """

    def __init__(
        self,
        seed: int,
        input_path: str | os.PathLike[str],
        compute_embeddings: bool = False,
        *,
        split: str | None = None,
        catalog: CatalogSettings | None = None,
        input_dim: tuple[int, int] | int = (224, 224),
        value_range: Range | Mapping[str, Range] | None = None,
        colour_profile: str = "ignore",
        raw: RawSettings | None = None,
        masks: str | os.PathLike[str] | None = None,
        twins: str | os.PathLike[str] | None = None,
        max_pixels: int = ImageSettings.max_pixels,
        max_bytes: int = ImageSettings.max_bytes,
        max_memory: int = ImageSettings.max_memory,
        batch_size: int = 32,
        shuffle: bool = True,
        first_timestamp: float = FIRST_TIMESTAMP,
        sample_delta_timestamp: float = 1800.0,
        class_mapping: Mapping[str, int] | None = None,
        container: str = "zip",
        container_bytes: int | None = None,
        organize_by_class: bool = False,
        shard_size: int | None = None,
        keep_shards: bool = False,
        weights: str | os.PathLike[str] = "imagenet",
        normalize: bool = False,
        precision: str = "float32",
        profile: DriftProfile | None = None,
        faults: FaultSettings | None = None,
        storage_options: Mapping[str, Any] | None = None,
        cluster: ClusterSettings | None = None,
        progress: bool = True,
    ) -> None:
        self._settings = settings = GenerateSettings(
            input=path_text("input_path", input_path),
            output=UNWRITTEN,
            split=split,
            catalog=CatalogSettings() if catalog is None else catalog,
            seed=seed,
            shuffle=shuffle,
            class_mapping=class_mapping,
            first_timestamp=first_timestamp,
            delta_timestamp=sample_delta_timestamp,
            profile=DriftProfile() if profile is None else profile,
            image=ImageSettings(
                *image_size(input_dim),
                max_pixels=max_pixels,
                max_bytes=max_bytes,
                max_memory=max_memory,
                profile=colour_profile,
                value_range=value_range,
            ),
            raw=raw,
            masks=None if masks is None else path_text("masks", masks),
            twins=None if twins is None else path_text("twins", twins),
            embedding=EmbeddingSettings(
                compute=compute_embeddings,
                weights=path_text("weights", weights),
                normalize=normalize,
                precision=precision,
                batch_size=batch_size,
            ),
            write=OutputSettings(
                container=container,
                container_bytes=container_bytes,
                organize_by_class=organize_by_class,
                shard_size=shard_size,
                keep_shards=keep_shards,
            ),
            faults=FaultSettings() if faults is None else faults,
            storage_options={} if storage_options is None else storage_options,
            cluster=ClusterSettings() if cluster is None else cluster,
        )
        self._catalog = catalog_of(settings)
        self._timeline = Timeline(settings, self._catalog)
        self._progress = progress

    @property
    def class_mapping(self) -> dict[str, int]:
        """Class name to integer label, of every class of the input."""
        return dict(self._catalog.labels)

    @property
    def CLASS_MAPPING(self) -> dict[str, int]:  # noqa: N802  (its published name)
        """The same as ``class_mapping``."""
        return self.class_mapping

    @property
    def timeline(self) -> Timeline:
        """The stream's timeline: its drifts and label shifts, and how far it is written."""
        return self._timeline

    @property
    def remaining(self) -> int:
        """Samples that were not asked for yet; a label shift may end the stream early."""
        return self._timeline.remaining

    @property
    def transforms(self) -> tuple[TransformInfo, ...]:
        """What the last abrupt drift without a start does to every sample; empty: nothing."""
        return self._timeline.transforms

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """The drifts on the timeline, in the order in which they were added."""
        return self._timeline.drifts

    @property
    def label_shifts(self) -> tuple[LabelShift, ...]:
        """The changes of the mix of classes."""
        return self._timeline.label_shifts

    add_abrupt_drift = _face_of(Timeline.add_abrupt_drift)
    add_calibrated_drift = _face_of(Timeline.add_calibrated_drift)
    add_gradual_drift = _face_of(Timeline.add_gradual_drift)
    add_incremental_drift = _face_of(Timeline.add_incremental_drift)
    add_recurring_drift = _face_of(Timeline.add_recurring_drift)
    add_seasonal_drift = _face_of(Timeline.add_seasonal_drift)
    add_label_shift = _face_of(Timeline.add_label_shift)
    reset = _face_of(Timeline.reset)

    def sample(
        self,
        output_path: str | os.PathLike[str],
        num_samples: int | None = None,
        organize_by_class: bool | None = None,
        overwrite: bool = False,
    ) -> ImageDataCategoryInfo:
        """Writes the next samples.

        The same call again on an output that is not finished makes what is missing of it.

        Args:
            output_path: The folder to write, a local path or a URI.
            num_samples: How many; None: all that remain.
            organize_by_class: Whether the container has class folders; None: as the constructor
                said.
            overwrite: Whether another run's output there is replaced.

        Raises:
            SettingsError: (a ``ValueError``) More are asked for than remain.
            OutputError: The folder holds another run.
            RaydriftError: The run failed; the cursor stays where it was.
        """
        from raydrift.engine.generate import generate

        write = self._settings.write
        organized = write.organize_by_class if organize_by_class is None else organize_by_class
        settings = self._timeline.planned(
            output=path_text("output_path", output_path),
            start=self._timeline.written,
            num_samples=num_samples,
            write=replace(write, organize_by_class=organized, overwrite=overwrite),
        )
        notes, quiet = self._timeline.notes, not self._progress
        record = generate(settings, catalog=self._catalog, notes=notes, quiet=quiet)
        for remark in record.remarks:
            warnings.warn(str(Remark(**remark)), stacklevel=2)
        self._timeline.advance(record.samples)
        return ImageDataCategoryInfo(StoragePath.of(settings.output, settings.options_of("output")))

    def calibrate(
        self,
        target: float | None = None,
        transform_list: Iterable[SweepItem] | SweepItem = (ImageTransform.DEFAULT,),
        metric: str = "kl_softmax",
        num_samples: int | None = None,
        for_images: int | None = None,
    ) -> CalibrationProfile:
        """Measures which drift level gives which divergence on the next samples; writes nothing.

        The cursor and the drift in force stay as they are.

        Args:
            target: The divergence that will be asked for: the curve is measured most finely there.
            transform_list: One or more, in order. Those without a level are swept, a
                ``TransformInfo`` stays.
            metric: A name in ``metrics.METRICS``.
            num_samples: How many samples; None: 256, or all that remain.
            for_images: Also measure how far another sample of so many images may be: its 95 %
                interval at each level. Only means over images have one for any number of them; of
                other metrics give ``num_samples``.

        Returns:
            The profile, for ``add_calibrated_drift``; its ``transforms_for`` are for other drifts.

        Raises:
            SettingsError: (a ``ValueError``) There is no such metric, no transform to sweep, or
                there are too few samples.
        """
        from raydrift.engine.calibrate import calibrate

        settings = replace(self._settings, start=self._timeline.written, num_samples=num_samples)
        sweep = Sweep(sweep_items(transform_list), (1.0,))
        told: list[InputSummary] = []
        profile = calibrate(
            settings,
            sweep,
            metric,
            target,
            for_images=for_images,
            catalog=self._catalog,
            on_images=told.append,
            quiet=not self._progress,
        )
        for remark in told[0].remarks:
            warnings.warn(str(remark), stacklevel=2)
        return profile

    def evaluate_transformation_pipeline(
        self, similarity_func: Similarity | None = None, num_samples: int | None = None
    ) -> list[BatchDivergence]:
        """Measures the drift in force on the next samples, batch by batch; writes nothing.

        The cursor stays where it is, so the samples that were measured can be written next.

        Args:
            similarity_func: From the embeddings of a batch of originals and of their drifted
                copies, float64 (n, 512) each, to a number; None: ``kl_softmax``.
            num_samples: How many samples; None: all that remain.

        Returns:
            A row a batch, in order.

        Raises:
            SettingsError: (a ``ValueError``) More are asked for than remain.
        """
        from raydrift.engine.divergences import batch_divergences

        if not callable(measure := kl_softmax if similarity_func is None else similarity_func):
            raise SettingsError(
                f"similarity_func is {measure!r}: give a function of two arrays of embeddings"
            )
        settings = self._timeline.planned(
            start=self._timeline.written,
            num_samples=num_samples,
            embedding=replace(self._settings.embedding, compute=True),
        )
        found, remarks = batch_divergences(settings, self._catalog, measure)
        for remark in remarks:
            warnings.warn(str(remark), stacklevel=2)
        return found

    def batches(
        self, batch_size: int | None = None, num_samples: int | None = None
    ) -> Generator[DriftedBatch]:
        """The next samples as batches, in order, as they are drifted; writes nothing.

        They are the samples that ``sample`` would write: the same pixels, labels and timestamps.
        Workers make them ahead of their use, a few batches each. The cursor stays where it is.

        Args:
            batch_size: Images in a batch; None: as the constructor said. A batch has fewer where
                images cannot be used, and the last one has what is left.
            num_samples: How many samples; None: all that remain.

        Yields:
            The batches; their images are read-only.

        Raises:
            SettingsError: (a ``ValueError``) More are asked for than remain.
            RejectedError: More images cannot be used than ``faults`` allows.
        """
        from raydrift.engine.batches import drifted_batches

        embedding = self._settings.embedding
        if batch_size is not None:
            embedding = replace(embedding, batch_size=batch_size)
        settings = self._timeline.planned(
            start=self._timeline.written, num_samples=num_samples, embedding=embedding
        )
        return drifted_batches(settings, self._catalog, quiet=not self._progress)
