"""One part of a flow, for training or for validation: its epochs, as batches for any library."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from numbers import Integral
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.augment.batches import Batch, Rejected
from raydrift.catalog import Catalog
from raydrift.checked import check_disjoint, path_text
from raydrift.errors import SettingsError
from raydrift.flows.epoch_stream import EpochStream, EpochTasks, Shared
from raydrift.flows.flow_batch import FlowBatch
from raydrift.flows.order import Order
from raydrift.flows.replacing import told_of
from raydrift.flows.samples import SampleBatches
from raydrift.settings.flow import SMALLER
from raydrift.settings.generate import GenerateSettings
from raydrift.warned import warn

if TYPE_CHECKING:
    from raydrift.dataset import DriftedDataset
    from raydrift.engine.reading import RayDataset
    from raydrift.flows.flow_statistics import FlowStatistics
    from raydrift.flows.keras_batches import KerasBatches
    from raydrift.flows.torch_batches import Device, Scale, TorchBatch

_STATE: Final = ("epoch", "place", "flow")


class FlowPart:
    """The samples of a flow that are for training, or those that are for validation.

    An epoch always has the same batches, for any number of workers and in any order of epochs. If
    you leave a loop early, the workers stop. If a loop reaches the end of its epoch, the workers
    are ready for the next epoch.

    Attributes:
        maker: The maker of the batches.
        order: The samples of each batch of each epoch.
        samples: The number of samples.
        epoch: The epoch to continue with: the current one, or the next one if the current one has
            ended.
        rejected: The unusable images, one per file, with path and reason.
    """

    def __init__(self, maker: SampleBatches, order: Order, shared: Shared, name: str) -> None:
        self.maker, self.order, self._shared, self._name = maker, order, shared, name
        constant = maker.schedule is None and not order.shuffle
        self.tasks = EpochTasks(order, shared, constant)
        self.stream = EpochStream(self.tasks, shared, maker.settings.image.bytes * order.batch_size)
        self._resumed = 0
        self._rejected: dict[str, Rejected] = {}
        self.epoch = self._place = 0

    def __len__(self) -> int:
        """Batches an epoch, of this rank."""
        return len(self.tasks)

    def __repr__(self) -> str:
        batches = f"{len(self)} batches of {self.order.batch_size}"
        return f"<{self.samples} {self._name} samples, {batches}>"

    @property
    def samples(self) -> int:
        """The number of samples of an epoch, over all ranks."""
        return self.order.samples

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The images that could not be used, with path and reason."""
        return tuple(self._rejected.values())

    @property
    def settings(self) -> GenerateSettings:
        """The settings of a run that makes the same images."""
        return self.maker.settings

    @property
    def catalog(self) -> Catalog:
        """The whole input."""
        return self.maker.catalog

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """The rows of the input that are its samples."""
        return self.maker.rows

    def numpy(self, epoch: int | None = None) -> Iterator[FlowBatch]:
        """The batches of an epoch.

        Args:
            epoch: From 0. None: the epoch after the last one that was read to its end. After
                ``restore``, the restored epoch continues with its next batch.

        Yields:
            The batches, in order.

        Raises:
            ImageError: An image cannot be used, and ``on_error`` is ``raise``.
            SettingsError: There is no such epoch.
        """
        epoch = self.epoch if epoch is None else epoch
        return self._moving(epoch, self._epoch(epoch))

    def torch(
        self,
        epoch: int | None = None,
        device: "Device" = None,
        mean: "Scale" = 0.0,
        std: "Scale" = 1.0,
    ) -> Iterator["TorchBatch"]:
        """The batches of an epoch as tensors; the next one is copied while one is used.

        Args:
            epoch: As for ``numpy``.
            device: The device; None: the CPU. Pixels are copied to a GPU as uint8, from pinned
                memory, and converted there.
            mean: Images are ``(pixel / 255 - mean) / std``: one number, or one per channel.
            std: As for ``mean``; above 0.

        Yields:
            ``images`` float32 of shape (n, 3, height, width), ``labels`` int64, ``masks``, and
            ``told``, the ``FlowBatch`` with paths, boxes and points.
        """
        from raydrift.flows.torch_batches import torch_batches

        epoch = self.epoch if epoch is None else epoch
        reach = partial(self.reach, epoch)
        return torch_batches(self._epoch(epoch), device, mean, std, reach)

    def keras(self, label_mode: str = "int", rescale: float = 1.0) -> "KerasBatches":
        """The epochs as data that ``model.fit`` of Keras takes; import Keras first.

        Args:
            label_mode: The target of each image: ``int`` (label), ``categorical`` (one-hot) or
                ``mask``.
            rescale: A factor for pixels, for example 1 / 255. With 1.0, pixels are 0 to 255.

        Raises:
            SettingsError: Keras was not imported, or the flow has no masks.
        """
        from raydrift.flows.keras_batches import keras_batches

        return keras_batches(self, label_mode, rescale)

    def dataset(self, epoch: int = 0) -> "RayDataset":
        """An epoch as a dataset of Ray, a row an image, for ``ray.train`` or more of Ray Data.

        Args:
            epoch: From 0.

        Returns:
            Columns image (uint8), label, sample_id, path and class_name, and mask if the flow has
            masks. Rows are computed when they are read. Ray Data keeps their order only with
            ``preserve_order``.
        """
        from raydrift.engine.flow_dataset import dataset_of

        self.check_epoch(epoch)
        tasks = list(self.tasks(epoch))
        return dataset_of(self.maker, tasks, self._shared.cluster)

    def write(
        self,
        output: str | PathLike[str],
        epochs: int = 1,
        *,
        embeddings: bool = False,
        **written: Any,
    ) -> "DriftedDataset":
        """Writes epochs 0 to ``epochs`` - 1 as an image set, with provenance that replays.

        The pixels are those that loops over these epochs give, in their order and for all ranks. An
        unusable image is a row of ``rejected.parquet`` and is not replaced; no batch is wrapped or
        dropped. Boxes, points and further masks are not written. The same call continues where an
        earlier one stopped.

        Args:
            output: The folder to write.
            epochs: How many, from 0 on.
            embeddings: Whether images are embedded too.
            **written: Fields of ``OutputSettings``, as ``container="webdataset"``.

        Returns:
            What was written, to be read back.

        Raises:
            OutputError: The output holds something else, or cannot be written.
            RejectedError: Too many images cannot be used.
        """
        from raydrift.dataset import open_dataset
        from raydrift.engine.generate import generate

        check_disjoint(self.settings.input, path_text("output", output))
        self.check_epoch(epochs - 1)
        run, augments = self.settings, self.maker.schedule is not None
        settings = replace(
            run,
            output=path_text("output", output),
            copies=epochs,
            shuffle=self.order.shuffle,
            transforms=run.transforms if augments else (),
            drift=run.drift if augments else (),
            stream=self.samples * (self._shared.epochs or 1) if run.drift else None,
            embedding=replace(run.embedding, compute=embeddings),
            write=replace(run.write, **written),
        )
        generate(settings, catalog=self.catalog.part(self.rows), quiet=True)
        return open_dataset(output, run.storage_options)

    def fit_statistics(self, epoch: int | None = None, whitening: bool = False) -> "FlowStatistics":
        """Mean and standard deviation of each channel, in one pass over any number of images.

        Args:
            epoch: The augmented images of an epoch; None: the images as they are.
            whitening: Whether the matrix that whitens images (ZCA) is wanted too.

        Raises:
            SettingsError: The matrix would take more memory than there is.
        """
        from raydrift.flows.flow_statistics import statistics_of

        return statistics_of(self, epoch, whitening)

    @property
    def epochs(self) -> int | None:
        """The number of epochs; None: as many as are asked for."""
        return None if self.tasks.constant else self._shared.epochs

    @property
    def has_workers(self) -> bool:
        """Processes of Ray make the batches."""
        return bool(self._shared.workers)

    def order_of(self, epoch: int) -> npt.NDArray[np.int64]:
        """The order of an epoch, over all ranks: the place of a sample among ``rows``."""
        epoch = 0 if self.tasks.constant else epoch
        return self.order.permutation(epoch, epoch * len(self.order))

    def batch(self, epoch: int, index: int, order: npt.NDArray[np.int64]) -> FlowBatch:
        """Batch ``index`` of this rank, made by this process.

        Args:
            epoch: From 0.
            index: From 0.
            order: What ``order_of`` gave for the epoch.
        """
        place = self._shared.rank + index * self._shared.world_size
        drawn = 0 if self.tasks.constant else epoch
        number = epoch * len(self.order) + place
        batch = self.maker.make(self.order.task(order, drawn, place, number))
        self._note(batch)
        return self.given(batch, epoch)

    def plain(self) -> SampleBatches:
        """The maker of the same samples without augmentation."""
        return replace(self.maker, schedule=None, where=())

    def made(self, maker: SampleBatches, epoch: int) -> Iterator[Batch]:
        """All batches of an epoch by some maker, of all ranks; no loop over the part is moved."""
        self.check_epoch(epoch)
        order = replace(self.order, shuffle=False, last=SMALLER)
        return self.stream.apart(maker, partial(order.epoch, epoch))

    def state(self) -> dict[str, Any]:
        """The progress of the loops over this part, after the batch given last, as plain values."""
        return {"epoch": self.epoch, "place": self._place, "flow": self._identity()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on where another process was: ``for epoch in range(part.epoch, epochs)``.

        Raises:
            SettingsError: The state is of another flow: other images, seed, batches or settings.
        """
        if not isinstance(state, Mapping) or sorted(state) != sorted(_STATE):
            raise SettingsError("this is no state of a flow: give what state() returned")
        if state["flow"] != self._identity():
            raise SettingsError(
                "the state is of another flow: make the flow with the same input, seed, batch "
                "size, split and augmentation"
            )
        self.close()
        self.epoch, self._place = int(state["epoch"]), int(state["place"])
        self._resumed = self._place

    def close(self) -> None:
        """Ends the work on Ray; a loop that comes later begins it again."""
        self.stream.close()

    def reach(self, epoch: int, place: int | None) -> None:
        """Notes how far the consumer is.

        Args:
            epoch: The epoch of the batch that it was given.
            place: The batch's place; None: it was given all of the epoch.
        """
        self.epoch, self._place = (epoch + 1, 0) if place is None else (epoch, place + 1)

    def begin_anew(self) -> int:
        """The epoch to continue with, from its first batch on, also after ``restore``."""
        self._resumed = self._place = 0
        last = self.epoch if self.epochs is None else self.epochs - 1
        return min(self.epoch, last)

    def _moving(self, epoch: int, batches: Generator[FlowBatch]) -> Generator[FlowBatch]:
        with closing(batches):
            for batch in batches:
                self.reach(epoch, batch.place)
                yield batch
        self.reach(epoch, None)

    def _epoch(self, epoch: int) -> Generator[FlowBatch]:
        """The batches of an epoch, from the place on that was restored."""
        self.check_epoch(epoch)
        first = self._resumed if epoch == self.epoch else 0
        self._resumed = 0
        return self._begun(epoch, first)

    def check_epoch(self, epoch: int) -> None:
        """Raises SettingsError where there is no such epoch."""
        epochs = None if self.tasks.constant else self._shared.epochs
        whole = isinstance(epoch, Integral)
        if not whole or epoch < 0 or (epochs is not None and epoch >= epochs):
            last = "" if epochs is None else f", the last is {epochs - 1}"
            raise SettingsError(f"epoch is {epoch}: the first is 0{last}")

    def _begun(self, epoch: int, first: int) -> Generator[FlowBatch]:
        # All epochs of validation are one: the workers go on, whichever is asked for.
        streamed = self.stream.following if self.tasks.constant else epoch
        with closing(self.stream.epoch(self.maker, streamed, first)) as batches:
            for batch in batches:
                self._note(batch)
                yield self.given(batch, epoch)

    def given(self, batch: Batch, epoch: int) -> FlowBatch:
        """A batch of an epoch, with labels, paths and class names."""
        return FlowBatch.of(batch, self.maker.columns(batch), epoch)

    def _note(self, batch: Batch) -> None:
        for one in batch.rejected:
            if not self._rejected:
                warn(told_of(one))
            self._rejected.setdefault(one.path, one)

    def _identity(self) -> str:
        from raydrift.flows.identity import identity_of

        return identity_of(self.maker, self.order)
