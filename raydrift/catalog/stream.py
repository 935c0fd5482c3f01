"""A run's stream: which image each sample is, and what happens to it when."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.catalog.catalog import Catalog
from raydrift.catalog.where import rows_where
from raydrift.schedules.epochs import epoch_order
from raydrift.schedules.order import MixSegment, SampleOrder, shifted_order, stretches
from raydrift.schedules.positions import TimeAxis
from raydrift.schedules.schedule import SampleDrift, Schedule, place_drifts
from raydrift.schedules.where import Masks, among
from raydrift.settings.generate import GenerateSettings


@dataclass(frozen=True)
class Stream:
    """What happens to the samples of a run on its input.

    Attributes:
        axis: The timeline.
        schedule: What happens to each sample.
        where: To the images of which rows.
    """

    axis: TimeAxis
    schedule: Schedule
    where: Masks

    @classmethod
    def of(cls, settings: GenerateSettings, catalog: Catalog) -> "Stream":
        """Places a run's drifts on its timeline.

        Raises:
            SettingsError: One does not fit the stream, or names what is not in the catalog.
        """
        axis = time_axis(settings, stream_length(settings, catalog))
        schedule = Schedule(settings.seed, settings.transforms, place_drifts(settings.drift, axis))
        where = tuple(
            rows_where(catalog, drift.where) if drift.where else None for drift in settings.drift
        )
        return cls(axis, schedule, where)

    def drift(self, rows: npt.NDArray[np.int64], ids: npt.NDArray[np.int64]) -> SampleDrift:
        """What happens to some samples.

        Args:
            rows: The catalog's row of every sample, from ``sample_order``.
            ids: The samples.
        """
        return self.schedule.samples(ids, among(rows[ids], self.where))

    def identity(self, settings: GenerateSettings) -> dict[str, Any]:
        """What a run's bytes depend on beside its settings and files; plain values."""
        if not settings.drift and not settings.label_shift:
            return {}
        masks = [None if mask is None else _digest(mask) for mask in self.where]
        return {"stream": self.axis.samples, "where": masks}


def stream_length(settings: GenerateSettings, catalog: Catalog) -> int:
    """How many samples there can be, where no label shift ends the stream early."""
    return len(catalog) * (settings.copies or 1)


def time_axis(settings: GenerateSettings, available: int) -> TimeAxis:
    """The timeline of a run of which so many samples are available."""
    samples = settings.stream or available
    if settings.stream is None and settings.num_samples is not None:
        samples = min(available, settings.start + settings.num_samples)
    return TimeAxis(samples, settings.first_timestamp, settings.delta_timestamp)


def sample_order(settings: GenerateSettings, catalog: Catalog) -> SampleOrder:
    """The catalog's row of every sample that there can be, and its epoch where there are several.

    Raises:
        SettingsError: A label shift does not fit the stream, or names a class that is not there.
    """
    order, epochs = _order(settings, catalog), None
    if settings.copies is not None:
        epochs = np.repeat(np.arange(settings.copies, dtype=np.int32), len(catalog))
    if not settings.label_shift:
        return SampleOrder(order, epochs=epochs)
    of_class, classes = _classes(catalog)[order], catalog.classes
    mixes = _mixes(settings, catalog, of_class)
    shifted = shifted_order(
        np.arange(len(order)), of_class, mixes, classes=classes, seed=settings.seed
    )
    places, ended_by = shifted.rows, shifted.ended_by
    return SampleOrder(order[places], ended_by, None if epochs is None else epochs[places])


def _order(settings: GenerateSettings, catalog: Catalog) -> npt.NDArray[np.int64]:
    """The row of every sample where the mix of classes does not shift: epoch after epoch."""
    if settings.copies is None:
        return catalog.order(settings.seed, settings.shuffle)
    if not settings.shuffle:
        return np.tile(np.arange(len(catalog)), settings.copies)
    epochs = range(settings.copies)
    return np.concatenate([epoch_order(settings.seed, len(catalog), one) for one in epochs])


def mixes(settings: GenerateSettings, catalog: Catalog) -> list[MixSegment]:
    """In which proportions classes are drawn, from the first label shift on; empty without one."""
    if not settings.label_shift:
        return []
    return _mixes(settings, catalog, _classes(catalog)[_order(settings, catalog)])


def _mixes(
    settings: GenerateSettings, catalog: Catalog, of_class: npt.NDArray[np.int32]
) -> list[MixSegment]:
    axis = time_axis(settings, stream_length(settings, catalog))
    shifts, classes = settings.label_shift, catalog.classes
    return stretches(shifts, axis, classes=classes, of_class=of_class, seed=settings.seed)


def _classes(catalog: Catalog) -> npt.NDArray[np.int32]:
    classes: npt.NDArray[np.int32] = catalog.table["class_index"].to_numpy()
    return classes


def _digest(mask: npt.NDArray[np.bool_]) -> str:
    return sha256(np.packbits(mask).tobytes()).hexdigest()
