"""What a run is going to do over time, counted without touching an image."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream, mixes, sample_order
from raydrift.schedules.order import SampleOrder
from raydrift.schedules.positions import TimeAxis
from raydrift.schedules.schedule import SampleDrift, ScheduledDrift
from raydrift.settings.generate import GenerateSettings

Numbers = npt.NDArray[np.float64]

_AT_ONCE: Final = 2**18
_FINEST: Final = 2000
_FEWEST, _MOST = 10, 240
_MOST_TURNS: Final = 60
_SAMPLES_A_PART: Final = 8
_SAMPLES_A_MIX: Final = 25


@dataclass(frozen=True)
class LevelCurve:
    """How something goes over a run, in parts of it.

    Attributes:
        edges: Int64, sample ids: part i is samples edges[i] to edges[i + 1] - 1.
        level: Float64, the mean over each part's samples of the largest level in force.
        drifted: Float64, the share of each part's samples that are drifted.
        due_level: (drifts, parts), each drift's mean level as it is due, with its chance, for the
            samples that it is meant for.
        due_share: (drifts, parts), the share of those that it is due to reach.
        classes: (classes, parts), the share of each class; none in ``fine`` and ``coarse``.
    """

    edges: npt.NDArray[np.int64]
    level: Numbers
    drifted: Numbers
    due_level: Numbers
    due_share: Numbers
    classes: Numbers


@dataclass(frozen=True)
class StreamPlan:
    """What a run is going to do.

    Attributes:
        axis: The timeline.
        classes: The names of the classes.
        transforms: What every sample gets, in words; empty: nothing.
        drifts: The drifts on the timeline.
        shifts: First and last sample of each change of the mix of classes.
        fine: For what is due, in as many parts as can be seen.
        coarse: For what comes, in parts of several samples.
        mix: For the classes, in larger parts.
        phases: From one begin or end of anything to the next.
        ended_by: The class that runs out at the end, where one does.
    """

    axis: TimeAxis
    classes: tuple[str, ...]
    transforms: str
    drifts: tuple[ScheduledDrift, ...]
    shifts: tuple[tuple[int, int], ...]
    fine: LevelCurve
    coarse: LevelCurve
    mix: LevelCurve
    phases: LevelCurve
    ended_by: str | None


def plan_stream(
    settings: GenerateSettings, catalog: Catalog, stream: Stream, samples: int
) -> StreamPlan:
    """Counts what a run of so many samples is going to do, by what does it.

    Args:
        settings: The run's settings.
        catalog: Its input.
        stream: What its settings come to on that.
        samples: How many samples it has.

    Raises:
        SettingsError: A drift or label shift does not fit the stream.
    """
    order = sample_order(settings, catalog)
    first, stop = settings.start, settings.start + samples
    drifts = stream.schedule.drifts
    shifts = tuple((part.start, part.stop) for part in mixes(settings, catalog))
    phases = _phases(first, stop, drifts, shifts)
    coarse = _even(first, stop, _parts_of(samples, _SAMPLES_A_PART))
    turns = [_turns(drift, first, stop) for drift in drifts]
    bounds = {
        "fine": _even(first, stop, _FINEST),
        "coarse": np.unique(np.concatenate([coarse, phases, *turns])),
        "mix": _even(first, stop, _parts_of(samples, _SAMPLES_A_MIX)),
        "phases": phases,
    }
    counted = {"mix": len(catalog.classes), "phases": len(catalog.classes)}
    sums = {name: _Sums(bounds[name], drifts, counted.get(name, 0)) for name in bounds}
    for ids, drift, classes in _parts(stream, order, catalog, first, stop):
        for sum_ in sums.values():
            sum_.add(ids, drift, classes)
    return StreamPlan(
        stream.axis,
        catalog.classes,
        " + ".join(str(info) for info in settings.transforms),
        drifts,
        shifts,
        **{name: sum_.course() for name, sum_ in sums.items()},
        ended_by=order.ended_by if stop == len(order.rows) else None,
    )


def _parts(
    stream: Stream, order: SampleOrder, catalog: Catalog, first: int, stop: int
) -> Iterator[tuple[npt.NDArray[np.int64], SampleDrift, npt.NDArray[np.int32]]]:
    of_class = catalog.table["class_index"].to_numpy()
    for start in range(first, stop, _AT_ONCE):
        ids = np.arange(start, min(start + _AT_ONCE, stop))
        yield ids, stream.drift(order.rows, ids), of_class[order.rows[ids]]


def _parts_of(samples: int, each: int) -> int:
    return int(np.clip(samples // each, _FEWEST, _MOST))


def _even(first: int, stop: int, parts: int) -> npt.NDArray[np.int64]:
    parts = min(parts, stop - first)
    return np.unique(np.linspace(first, stop, parts + 1).round().astype(np.int64))


def _phases(
    first: int, stop: int, drifts: tuple[ScheduledDrift, ...], shifts: tuple[tuple[int, int], ...]
) -> npt.NDArray[np.int64]:
    cuts = {first, stop}
    for drift in drifts:
        cuts |= {drift.start, drift.start + (drift.width if drift.drift.width else 0)}
        cuts |= {drift.until} if drift.until is not None else set()
    for begin, end in shifts:
        cuts |= {begin, end}
    return np.array(sorted(cut for cut in cuts if first <= cut <= stop), np.int64)


def _turns(drift: ScheduledDrift, first: int, stop: int) -> npt.NDArray[np.int64]:
    """Where a recurring drift is turned on and off, if that can be seen."""
    if drift.drift.duty is None or (stop - first) / drift.period > _MOST_TURNS:
        return np.zeros(0, np.int64)
    periods = np.arange(ceil((stop - drift.start + drift.phase) / drift.period) + 1)
    cuts = drift.start + np.concatenate(drift.recurrence.turns(periods))
    seen: npt.NDArray[np.int64] = cuts[(cuts > max(first, drift.start)) & (cuts < stop)]
    return seen


class _Sums:
    """Gathers a course, some samples at a time."""

    def __init__(
        self, edges: npt.NDArray[np.int64], drifts: tuple[ScheduledDrift, ...], classes: int
    ) -> None:
        parts = len(edges) - 1
        self._edges, self._drifts = edges, drifts
        self._level, self._drifted = np.zeros(parts), np.zeros(parts)
        self._due_level, self._due_share = (np.zeros((len(drifts), parts)) for _ in range(2))
        self._classes = np.zeros((classes, parts))

    def add(
        self,
        ids: npt.NDArray[np.int64],
        drift: SampleDrift,
        classes: npt.NDArray[np.int32],
    ) -> None:
        """Counts some samples in."""
        part, parts = np.searchsorted(self._edges, ids, side="right") - 1, len(self._level)
        self._level += np.bincount(part, drift.levels, parts)
        self._drifted += np.bincount(part, drift.levels > 0, parts)
        for index, one in enumerate(self._drifts):
            due = drift.courses[:, index]
            self._due_level[index] += np.bincount(part, due * one.level, parts)
            share = due if one.draws else due > 0
            self._due_share[index] += np.bincount(part, share, parts)
        if self._classes.size:
            cell = classes.astype(np.int64) * parts + part
            counted = np.bincount(cell, minlength=self._classes.size)
            self._classes += counted.reshape(self._classes.shape)

    def course(self) -> LevelCurve:
        """What was counted, as means and shares."""
        counts = np.diff(self._edges)
        sums = self._level, self._drifted, self._due_level, self._due_share, self._classes
        return LevelCurve(self._edges, *(one / counts for one in sums))
