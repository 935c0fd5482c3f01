"""What each sample of a stream gets: which transforms, at which level, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.errors import SettingsError
from raydrift.schedules.curves import DECIMALS, LINEAR, risen
from raydrift.schedules.drift import CHANCE, Drift, DriftKind, named
from raydrift.schedules.periods import Recurrence, fraction_of
from raydrift.schedules.positions import TimeAxis
from raydrift.schedules.where import where_text
from raydrift.transforms import TransformInfo

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.int64]

NO_DRIFT: Final = "no drift"
_LEAST_PERIOD: Final = 2


@dataclass(frozen=True)
class ScheduledDrift:
    """A drift at its place in one stream: everything in samples.

    Attributes:
        drift: As configured.
        index: Its place among the drifts, which keys its chances.
        start: Its first sample.
        until: The sample that it ends before; None: it does not.
        width: Samples over which it rises.
        period: Samples of a period; time need not make it whole.
        phase: Samples of its first period that are over at its start.
    """

    drift: Drift
    index: int
    start: int
    until: int | None = None
    width: int = 1
    period: Fraction = Fraction(1)
    phase: Fraction = Fraction(0)

    @cached_property
    def level(self) -> float:
        """The largest full level of its transforms; an image that is replaced is so wholly."""
        return max((info.drift_level for info in self.drift.transforms), default=1.0)

    @property
    def draws(self) -> bool:
        """Whether its samples are drifted or not by chance."""
        by_chance = self.drift.kind is DriftKind.GRADUAL or self.drift.varies == CHANCE
        return by_chance or self.drift.replace is not None

    def reaches(self, ids: Ids) -> Flags:
        """Which samples lie between its start and its end."""
        return (ids >= self.start) & (ids < (np.inf if self.until is None else self.until))

    def course(self, ids: Ids) -> Numbers:
        """Its level, or its chance if it draws, as a share of the full one: 0 to 1.

        A replacement's full chance is its level.
        """
        since = ids - self.start
        course: Numbers
        match self.drift.kind:
            case DriftKind.ABRUPT:
                course = np.ones(len(ids))
            case DriftKind.GRADUAL | DriftKind.INCREMENTAL:
                # A rise over one sample is a step: that sample has the full level already.
                over = since / self.width if self.width > 1 else np.where(since >= 0, 1.0, 0.0)
                course = risen(self.drift.curve or LINEAR, over)
            case DriftKind.RECURRING:
                course = self.recurrence.on(since).astype(np.float64)
            case DriftKind.SEASONAL:
                turns = (since + float(self.phase)) / float(self.period)
                wave: Numbers = 0.5 - 0.5 * np.cos(2 * np.pi * turns)
                course = wave.round(DECIMALS)
        course[~self.reaches(ids)] = 0.0
        return course if self.drift.level is None else course * self.drift.level

    @property
    def recurrence(self) -> Recurrence:
        """When a recurring drift is on."""
        return Recurrence(self.period, self.phase, fraction_of(self.drift.duty or 0.5))

    def drawn(self, seed: int, ids: Ids) -> Numbers:
        """What decides whether samples are drifted: numbers in [0, 1), drawn for each alone."""
        if not len(ids):
            return np.zeros(0)
        first = int(ids.min())
        rows = seeds.uniforms(seed, seeds.CHANCE + self.index, first, int(ids.max()) - first + 1)
        numbers: Numbers = rows[ids - first, 0]
        return numbers

    def why(self, course: float, drawn: float) -> str:
        """What a sample got of it, in words; empty where there is nothing to tell."""
        if self.draws:
            return f"chance {course:.3f}, drawn {drawn:.3f}"
        if self.drift.kind is DriftKind.RECURRING:
            return "on" if course else "off"
        return "" if self.drift.kind is DriftKind.ABRUPT else f"level {self.level * course:.3f}"

    def at(self, share: float) -> tuple[TransformInfo, ...]:
        """Its transforms at a share of their full levels."""
        if share == 1.0:
            return self.drift.transforms
        return tuple(info.at(info.drift_level * share) for info in self.drift.transforms)

    def __str__(self) -> str:
        drift, text = self.drift, f"{self.drift} from sample {self.start}"
        if self.until is not None:
            text += f" until {self.until}"
        match drift.kind:
            case DriftKind.GRADUAL | DriftKind.INCREMENTAL:
                text += f" over {self.width}"
            case DriftKind.RECURRING:
                text += f" for {drift.duty:g} of every {float(self.period):g}"
            case DriftKind.SEASONAL:
                text += f" every {float(self.period):g}"
        return f"{text} where {where_text(drift.where)}" if drift.where else text


@dataclass(frozen=True)
class SampleDrift:
    """What some samples get.

    Attributes:
        schedule: The schedule of their stream.
        ids: Int64, the samples.
        meant: (samples, drifts), whether a drift's ``where`` holds of a sample; None: each is for
            all.
        courses: Float64 (samples, drifts): the level or chance that is due, as a share.
        drawn: The same shape: what was drawn for it; 0 where nothing had to be.
        shares: The same shape: what each drift comes to, as a share of its full level.
        levels: Float64, the largest level that is in force on each sample.
    """

    schedule: "Schedule"
    ids: Ids
    meant: Flags | None
    courses: Numbers
    drawn: Numbers
    shares: Numbers
    levels: Numbers

    def chains(self) -> Iterator[tuple[TransformInfo, ...]]:
        """The transforms of each sample: all there are, at level 0 where not in force.

        So a transform's place in the list, which keys its draw, is the same for every sample.
        """
        always, drifts = self.schedule.transforms, self.schedule.drifts
        known: dict[tuple[int, float], tuple[TransformInfo, ...]] = {}
        for shares in self.shares.tolist():
            chain = always
            for index, share in enumerate(shares):
                if share not in (0.0, 1.0):
                    chain += drifts[index].at(share)
                    continue
                if (index, share) not in known:
                    known[index, share] = drifts[index].at(share)
                chain += known[index, share]
            yield chain

    def reasons(self) -> list[str]:
        """Why each sample is as it is: one part for each drift that reaches it."""
        transforms = self.schedule.transforms
        always = [f"{named(transforms)} on every sample"] if transforms else []
        reasons = [always.copy() for _ in self.ids]
        for index, drift in enumerate(self.schedule.drifts):
            text = str(drift)
            meant = None if self.meant is None else self.meant[:, index]
            for place in np.flatnonzero(drift.reaches(self.ids)).tolist():
                why = "not of these"
                if meant is None or meant[place]:
                    why = drift.why(self.courses[place, index], self.drawn[place, index])
                reasons[place].append(f"{text}: {why}" if why else text)
        return ["; ".join(parts) or NO_DRIFT for parts in reasons]


@dataclass(frozen=True)
class Schedule:
    """All that happens to the samples of a stream.

    Attributes:
        seed: The run's seed.
        transforms: What every sample gets.
        drifts: Over them, in this order.
    """

    seed: int
    transforms: tuple[TransformInfo, ...] = ()
    drifts: tuple[ScheduledDrift, ...] = ()

    @property
    def infos(self) -> tuple[TransformInfo, ...]:
        """All transforms, those of its drifts included."""
        drifts = (info for placed in self.drifts for info in placed.drift.transforms)
        return (*self.transforms, *drifts)

    def samples(self, ids: Ids, meant: Flags | None = None) -> SampleDrift:
        """What samples get; the same for each whichever others are asked about.

        Args:
            ids: Int64.
            meant: (samples, drifts), whether a drift's ``where`` holds of a sample; None: each
                holds of all.
        """
        courses, drawn = (np.zeros((len(ids), len(self.drifts))) for _ in range(2))
        for index, drift in enumerate(self.drifts):
            courses[:, index] = drift.course(ids)
            if drift.draws:
                drawn[:, index] = drift.drawn(self.seed, ids)
        chance = np.array([drift.draws for drift in self.drifts], np.bool_)
        shares = np.where(chance, drawn < courses, courses)
        if meant is not None:
            shares *= meant
        full = np.array([drift.level for drift in self.drifts])
        whole = max((info.drift_level for info in self.transforms), default=0.0)
        levels = np.max(shares * full, axis=1, initial=whole)
        return SampleDrift(self, ids, meant, courses, drawn, shares, levels)


def place_drifts(drifts: Sequence[Drift], axis: TimeAxis) -> tuple[ScheduledDrift, ...]:
    """Finds the samples that positions and lengths of drifts mean in a stream.

    Raises:
        SettingsError: One begins outside the stream, or ends before it begins.
    """
    return tuple(_placed(drift, index, axis) for index, drift in enumerate(drifts))


def _placed(drift: Drift, index: int, axis: TimeAxis) -> ScheduledDrift:
    start = axis.start(drift.start, f"{drift}: start")
    until = None if drift.until is None else axis.end(drift.until, f"{drift}: until")
    if until is not None and until <= start:
        raise SettingsError(
            f"{drift}: it begins at sample {start}, until {until}: give a later end"
        )
    width, period, phase = 1, Fraction(1), Fraction(0)
    if drift.width is not None:
        width = max(1, round(axis.length(drift.width, f"{drift}: width")))
    if drift.period is not None:
        period = axis.length(drift.period, f"{drift}: period")
        if period < _LEAST_PERIOD:
            raise SettingsError(f"{drift}: a period of {float(period):g} samples: give at least 2")
        if drift.phase:
            if isinstance(drift.phase, float):
                phase = fraction_of(fraction_of(drift.phase) * period)
            else:
                phase = axis.length(drift.phase, f"{drift}: phase")
    return ScheduledDrift(drift, index, start, until, width, period, phase)
