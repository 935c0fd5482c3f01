"""Flow: class folders or a manifest in, augmented batches out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import numpy.typing as npt

from raydrift.calibrate.profile import calibrated
from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.value_range import with_value_range
from raydrift.catalog.where import rows_where
from raydrift.checked import path_text
from raydrift.errors import SettingsError, suggest
from raydrift.flows.annotations import annotations_of
from raydrift.flows.epoch_stream import Shared, for_validation
from raydrift.flows.more_masks import mask_folders
from raydrift.flows.options import FlowOptions
from raydrift.flows.order import Order
from raydrift.flows.part import FlowPart
from raydrift.flows.samples import SampleBatches
from raydrift.flows.splitting import Split, grouped, missing_classes, stratified
from raydrift.paths import redacted
from raydrift.schedules.drift import Drift
from raydrift.schedules.positions import TimeAxis
from raydrift.schedules.schedule import Schedule, place_drifts
from raydrift.settings.augment import Augment
from raydrift.settings.catalog import CatalogSettings
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.flow import REPLACE, SMALLER, FlowSettings
from raydrift.settings.flow_toml import read_flow
from raydrift.settings.generate import CalibrationSettings, GenerateSettings
from raydrift.settings.given import run_given
from raydrift.settings.raw import RawSettings
from raydrift.settings.toml import UNWRITTEN
from raydrift.text import plural
from raydrift.transforms import DriftProfile

if TYPE_CHECKING:
    from raydrift.flows.flow_statistics import FlowStatistics

Place = str | PathLike[str]

_TRAINING: Final = "training"
_VALIDATION: Final = "validation"


class Flow:
    """Augmented batches of an image set for training, and plain ones for validation.

    The augmentation of an image depends on the seed, the epoch and the row of the image in the
    sorted input: not on the number of workers, the batch size or the split. Only the level of a
    ``drift`` depends on the place in the epoch.

    Args:
        input: A folder with one sub-folder a class, or a manifest, here or in a bucket.
        augment: What happens to training images; None: nothing does.
        size: Height and width of the images in pixels, or one number for both.
        batch_size: Images per batch.
        seed: 0 to 2^64 - 1.
        split: The share of each class that is for validation, 0 to below 1.
        group: A column of the manifest. Rows with the same value, for example all images of one
            patient, stay in the same part.
        shuffle: Shuffle the training part anew in each epoch.
        last: The last batch of an epoch when too few images are left for it: ``smaller``,
            ``wrapped`` (filled with images of the same epoch, which then come twice) or
            ``dropped``.
        masks: A folder with a mask for each image, of the same path but for the suffix; or several.
        boxes: The column of a manifest with the boxes on each image, lists of x1, y1, x2, y2 in
            pixels of the file; batches have them in pixels of the image.
        points: The column of a manifest with the points on each image, lists of x, y.
        relative: Boxes and points are shares of width and height, 0 to 1, in the manifest and in
            batches.
        min_visible: A box is dropped if less than this share of it is inside the image.
        drift: Drifts that are added to ``augment`` and change during training (a curriculum). The
            timeline counts the samples seen. A fraction is a share of all epochs, so give
            ``epochs``.
        target: A divergence that the images are to have, by ``calibration``.
        calibration: The file that ``raydrift calibrate`` wrote.
        epochs: How many epochs there are to be; None: as many as are asked for.
        workers: Processes of Ray that make batches; 0: this process makes them; below 1: a share of
            the CPUs. None: this process for inputs of up to 2,000 images, else all CPUs.
        ahead: Batches prepared in advance, beside two per worker.
        on_error: ``replace``: another image replaces an unusable one, and ``rejected`` lists it.
            ``raise``: an ``ImageError`` is raised.
        rank: Which of several processes that share each epoch this one is, from 0.
        world_size: The number of processes. This rank gets the batches rank, rank + world_size, …;
            if the batches do not divide evenly, the first ranks get one more.
        even: All ranks get the same number of training batches; the remaining ones are left out.
            Distributed training needs this.
        class_mapping: Class name to label; None: the sorted names become 0, 1, 2, …
        catalog: The source of the class labels, and the images to skip.
        raw: The format of raw camera files; None: the input has ordinary image files.
        profile: The range of each transform at level 1.
        cluster: The Ray cluster to use.
        storage_options: Credentials and options for buckets.

    Attributes:
        train: The part for training.
        validation: The part for validation, in the order of the input and not augmented.
        settings: The settings of the flow.
        notes: Plain sentences that whoever uses the input should read.

    Raises:
        SettingsError: (a ``ValueError``) A setting is invalid, or a part lacks a class.
        CatalogError: (a ``ValueError``) The input is not there, or has no images.

    Example:
        ::

            flow = Flow("photos", augment=Augment(rotate=20, flip=True), batch_size=64, split=0.2)
            for epoch in range(10):
                for batch in flow.train.torch(epoch, device="cuda"):
                    print(batch.images.shape, batch.labels)
    """

    def __init__(
        self,
        input: Place,
        *,
        augment: Augment | None = None,
        size: int | Sequence[int] = (224, 224),
        batch_size: int = 32,
        seed: int = 42,
        split: float = 0.0,
        group: str | None = None,
        shuffle: bool = True,
        last: str = SMALLER,
        masks: Place | Sequence[Place] | None = None,
        boxes: str | None = None,
        points: str | None = None,
        relative: bool = False,
        min_visible: float = 0.1,
        drift: Sequence[Drift] = (),
        target: float | None = None,
        calibration: Place | None = None,
        epochs: int | None = None,
        workers: float | None = None,
        ahead: int = 4,
        on_error: str = REPLACE,
        rank: int = 0,
        world_size: int = 1,
        even: bool = False,
        class_mapping: Mapping[str, int] | None = None,
        catalog: CatalogSettings | None = None,
        raw: RawSettings | None = None,
        profile: DriftProfile | None = None,
        cluster: ClusterSettings | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        folders = [masks] if isinstance(masks, str | PathLike) else list(masks or ())
        paths = [path_text("masks", folder) for folder in folders]
        file = None if calibration is None else str(calibration)
        run = run_given(
            input,
            UNWRITTEN,
            catalog=catalog,
            input_dim=size,
            masks=paths[0] if paths else None,
            profile=profile,
            storage_options=storage_options,
            cluster=cluster,
            seed=seed,
            shuffle=shuffle,
            drift=tuple(drift),
            class_mapping=class_mapping,
            raw=raw,
            calibration=CalibrationSettings(file, target),
        )
        self._begin(
            FlowSettings(
                run,
                Augment() if augment is None else augment,
                batch_size=batch_size,
                validation=split,
                group=group,
                more_masks=tuple(paths[1:]),
                boxes=boxes,
                points=points,
                relative=relative,
                min_visible=min_visible,
                last=last,
                on_error=on_error,
                epochs=epochs,
                workers=workers,
                ahead=ahead,
                rank=rank,
                world_size=world_size,
                even=even,
            )
        )

    @classmethod
    def of(cls, settings: FlowSettings) -> Self:
        """A flow of settings."""
        flow = cls.__new__(cls)
        flow._begin(settings)
        return flow

    @classmethod
    def from_toml(cls, path: Place) -> Self:
        """A flow of the settings in a TOML file.

        Raises:
            SettingsError: There is no such file, or a setting in it cannot be.
        """
        return cls.of(read_flow(str(path)))

    def __repr__(self) -> str:
        parts = [repr(self.train)] + [repr(self.validation)] * bool(self.validation.samples)
        return f"<Flow of {redacted(self.settings.run.input)}: {', '.join(parts)}>"

    def __enter__(self) -> Self:
        """The flow itself; the end of the block closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the flow."""
        self.close()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The class names, sorted."""
        return self.train.catalog.classes

    @property
    def class_mapping(self) -> dict[str, int]:
        """Class name to label."""
        return dict(self.train.catalog.labels)

    def state(self) -> dict[str, Any]:
        """The progress of the loops over both parts, as plain values that JSON has."""
        return {_TRAINING: self.train.state(), _VALIDATION: self.validation.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on where another process was: ``for epoch in range(flow.train.epoch, epochs)``.

        Raises:
            SettingsError: The state is of another flow.
        """
        if not isinstance(state, Mapping) or sorted(state) != [_TRAINING, _VALIDATION]:
            raise SettingsError("this is no state of a flow: give what state() returned")
        self.train.restore(state[_TRAINING])
        self.validation.restore(state[_VALIDATION])

    def close(self) -> None:
        """Ends the work on Ray; a loop that comes later begins it again."""
        self.train.close()
        self.validation.close()

    def fit_statistics(self, whitening: bool = False) -> "FlowStatistics":
        """Mean and deviation of each channel of the training images, without augmentation.

        Args:
            whitening: Whether the matrix that whitens images (ZCA) is wanted too.

        Raises:
            SettingsError: The matrix would take more memory than there is.
        """
        return self.train.fit_statistics(whitening=whitening)

    def preview(self, png: Place | None = None, images: int = 6, epochs: int = 5) -> Any:
        """A sheet of training images as they are, and as they are in some epochs.

        Args:
            png: Where it is written; None: nowhere.
            images: How many images, 1 or more.
            epochs: How many epochs, 1 or more.

        Returns:
            The sheet, a Pillow image in mode RGB.
        """
        from raydrift.flows.flow_sheet import flow_sheet

        sheet = flow_sheet(self.train, images, epochs)
        if png is not None:
            sheet.save(Path(png), format="PNG")
        return sheet

    def _begin(self, settings: FlowSettings) -> None:
        run = settings.run
        catalog = catalog_of(run)
        # The ranges of all kinds: a part that is written has the same, whatever it alone has.
        run, notes = with_value_range(run, catalog, promised_too=True)
        run, told = _calibrated(run, catalog.digest())
        run = replace(run, profile=run.profile.holding(run.infos))  # workers lack their modules
        self.settings = settings
        self.notes = (*catalog.notes, *notes, *told)
        index = catalog.table["class_index"].to_numpy()
        split = self._split(catalog, index)
        if said := missing_classes(split, index, catalog.classes):
            raise SettingsError(f"split is {settings.validation:g}: {said}")
        seen = max(1, len(split.train)) * (settings.epochs or 1)
        axis = TimeAxis(seen, run.first_timestamp, run.delta_timestamp)
        drifts = place_drifts(run.drift, axis)
        schedule = Schedule(run.seed, run.transforms, drifts)
        where = tuple(rows_where(catalog, one.where) if one.where else None for one in run.drift)
        workers = FlowOptions(workers=settings.workers).processes(len(catalog))
        shared = Shared(
            workers,
            settings.ahead,
            settings.epochs,
            settings.rank,
            settings.world_size,
            settings.even,
            run.cluster,
        )
        size = settings.batch_size
        does = schedule if schedule.infos else None
        marks = annotations_of(settings, catalog)
        more = mask_folders(settings.more_masks, catalog, run)
        maker = SampleBatches(
            run,
            catalog,
            split.train,
            does,
            where,
            settings.batch_size,
            settings.on_error,
            annotations=marks,
            more_masks=more,
        )
        order = Order(len(split.train), size, run.seed, run.shuffle, last=settings.last)
        self.train = FlowPart(maker, order, shared, _TRAINING)
        if not len(self.train):
            raise SettingsError(
                f"no batches for rank {shared.rank} of {shared.world_size}: the training part has "
                f"{plural(len(split.train), 'image')}: give a smaller batch_size, or fewer ranks"
            )
        maker = replace(maker, rows=split.validation, schedule=None, where=())
        order = Order(len(split.validation), size, run.seed, shuffle=False)
        self.validation = FlowPart(maker, order, for_validation(shared), _VALIDATION)

    def _split(self, catalog: Catalog, index: npt.NDArray[np.int32]) -> Split:
        share, seed, group = self.settings.validation, self.settings.run.seed, self.settings.group
        if group is None:
            return stratified(index, share, seed)
        if catalog.columns is None:
            raise SettingsError(
                f"group is {group!r}: it is a column of a manifest, and the input is none"
            )
        names = catalog.columns.column_names
        if group not in names:
            raise SettingsError(f"group is {group!r}: {suggest(group, names)}")
        return grouped(index, catalog.columns[group].to_pylist(), share, seed)


def _calibrated(run: GenerateSettings, digest: str) -> tuple[GenerateSettings, list[str]]:
    """The settings with the transforms of a calibration behind those of the augmentation."""
    if run.calibration.profile is None:
        return run, []
    alone, told = calibrated(replace(run, transforms=()), digest)
    transforms = (*run.transforms, *alone.transforms)
    return replace(alone, transforms=transforms, calibration=CalibrationSettings()), told
