"""The timeline of a stream: how far it is written, and the drifts and label shifts on it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from raydrift.calibrate import CalibrationProfile, asked_for, calibrated
from raydrift.catalog import Catalog
from raydrift.catalog.stream import Stream, sample_order, time_axis
from raydrift.errors import SettingsError
from raydrift.schedules.curves import Rise
from raydrift.schedules.drift import Drift, DriftKind
from raydrift.schedules.label_shift import LabelShift
from raydrift.schedules.positions import Length, Position
from raydrift.schedules.schedule import place_drifts
from raydrift.schedules.where import Filters, plain_where
from raydrift.settings.generate import GenerateSettings
from raydrift.transforms import TransformInfo
from raydrift.transforms.given import given_transforms


class Timeline:
    """A stream of images, how far it is written, and the drifts on it.

    Positions and lengths are samples (int), fractions of the whole stream, of all images of the
    input (float), or time: a date (``datetime``, or text as ``"2024-06-30"``; UTC if it does not
    say) and a duration (``timedelta``, or text as ``"7d"``, ``"12h"``). A position that is not
    given is the next sample. Drifts layer: a sample gets the transforms of each that is in force on
    it, in the order in which they were added.

    Args:
        settings: The stream's settings, without drifts.
        catalog: The stream's images.

    Example:
        ::

            timeline = Timeline(settings, catalog_of(settings))
            timeline.add_gradual_drift(drift_level=0.7, start=0.5, width="7d")
            timeline.add_label_shift({"cat": 0.8}, start=0.75)
            settings = timeline.planned(num_samples=1000)
    """

    def __init__(self, settings: GenerateSettings, catalog: Catalog) -> None:
        self._settings = settings
        self._catalog = catalog
        self._written = 0
        self._transforms: tuple[TransformInfo, ...] = ()
        self._drifts: tuple[Drift, ...] = ()
        self._label_shifts: tuple[LabelShift, ...] = ()
        self._calibrated: tuple[tuple[TransformInfo, ...], list[str]] = ((), [])

    @property
    def written(self) -> int:
        """How many samples are written: the id of the next one."""
        return self._written

    @property
    def remaining(self) -> int:
        """Samples that were not asked for yet; a label shift may end the stream early."""
        available = len(self._catalog)
        if self._label_shifts:
            available = len(sample_order(self.planned(), self._catalog).rows)
        return available - self._written

    @property
    def transforms(self) -> tuple[TransformInfo, ...]:
        """What the last abrupt drift without a start does to every sample; empty: nothing."""
        return self._transforms

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """The drifts on the timeline, in the order in which they were added."""
        return self._drifts

    @property
    def label_shifts(self) -> tuple[LabelShift, ...]:
        """The changes of the mix of classes."""
        return self._label_shifts

    @property
    def notes(self) -> list[str]:
        """How the levels of the drift in force were found, where a calibration found them."""
        transforms, notes = self._calibrated
        return list(notes) if transforms == self._transforms else []

    def add_abrupt_drift(
        self,
        transform_list: Iterable[TransformInfo] | TransformInfo | None = None,
        drift_level: float | None = None,
        *,
        start: Position | None = None,
        until: Position | None = None,
        where: Filters | None = None,
    ) -> None:
        """From some sample on, images drift so.

        Without a start that is the next sample, and every drift that is in force ends; with one
        the drift is placed on the timeline like all others.

        Args:
            transform_list: One transform, or several in the order in which they are applied.
            drift_level: Instead of a list, the level of the ``default`` transform, 0 to 1.
            start: Where it begins.
            until: Where it ends; None: with the stream, or the next drift without a start.
            where: To which samples it happens: ``{"class": ["cat", "dog"]}``, or filters as pyarrow
                has them, ``[("class", "in", ["cat"]), ("temperature", "<", 5)]``, on ``class``,
                ``label``, ``path`` and the columns of a manifest; None: to all.

        Raises:
            SettingsError: (a ``ValueError``) The list is empty, neither or both are given, it
                begins before the next sample or outside the stream, or ``where`` names what is not
                there.
        """
        transforms = given_transforms("add_abrupt_drift", transform_list, drift_level)
        if start is not None:
            self._place(transforms, "abrupt", start=start, until=until, where=where)
            return
        axis = time_axis(self.planned(), len(self._catalog))
        placed = place_drifts(self._drifts, axis)
        later = tuple(one.drift for one in placed if one.start > self._written)
        if until is None and not plain_where(where):
            self._transforms, self._drifts = transforms, later
            return
        before = self._transforms, self._drifts
        self._transforms, self._drifts = (), later
        try:
            self._place(transforms, "abrupt", until=until, where=where)
        except SettingsError:
            self._transforms, self._drifts = before
            raise

    def add_calibrated_drift(
        self,
        profile: CalibrationProfile | str | os.PathLike[str],
        target: float | None = None,
        level: float | None = None,
    ) -> None:
        """From the next sample on, images drift as far as is asked for, by what was measured.

        Args:
            profile: What ``calibrate`` returned, or its file.
            target: The divergence that the images are to have, in the profile's metric.
            level: Instead of it, the share of the divergence at full level, 0 to 1.

        Raises:
            SettingsError: (a ``ValueError``) Neither or both are given, or the profile does not
                hold for these settings or does not reach so far.
        """
        asked, known = asked_for(profile, target, level)
        settings = replace(self._settings, calibration=asked)
        found, notes = calibrated(settings, self._catalog.digest(), profile=known)
        self.add_abrupt_drift(found.transforms)
        self._calibrated = found.transforms, notes

    def add_gradual_drift(
        self,
        transform_list: Iterable[TransformInfo] | TransformInfo | None = None,
        drift_level: float | None = None,
        *,
        start: Position | None = None,
        width: Length,
        curve: Rise = "linear",
        until: Position | None = None,
        where: Filters | None = None,
    ) -> None:
        """A mixture: each sample drifts fully or not at all, with a chance that rises.

        Args:
            transform_list: As of ``add_abrupt_drift``.
            drift_level: As of ``add_abrupt_drift``.
            start: Where the chance begins to rise from 0.
            width: Over how long it rises to 1.
            curve: How: ``linear``, ``sigmoid``, values from 0 to 1 at even steps, or a function
                from 0 to 1 (how much of the window is over) to 0 to 1, which is kept as 257 values.
            until: Where the drift ends; None: with the stream.
            where: As of ``add_abrupt_drift``.

        Raises:
            SettingsError: (a ``ValueError``) As of ``add_abrupt_drift``.
        """
        transforms = given_transforms("add_gradual_drift", transform_list, drift_level)
        self._place(
            transforms,
            "gradual",
            start=start,
            width=width,
            curve=curve,
            until=until,
            where=where,
        )

    def add_incremental_drift(
        self,
        transform_list: Iterable[TransformInfo] | TransformInfo | None = None,
        drift_level: float | None = None,
        *,
        start: Position | None = None,
        width: Length,
        curve: Rise = "linear",
        until: Position | None = None,
        where: Filters | None = None,
    ) -> None:
        """Every sample drifts, at a level that rises from 0 to the full one.

        Args:
            transform_list: As of ``add_abrupt_drift``, with their full levels.
            drift_level: As of ``add_abrupt_drift``.
            start: Where the level begins to rise.
            width: Over how long it rises.
            curve: How, as of ``add_gradual_drift``.
            until: Where the drift ends; None: with the stream.
            where: As of ``add_abrupt_drift``.

        Raises:
            SettingsError: (a ``ValueError``) As of ``add_abrupt_drift``.
        """
        transforms = given_transforms("add_incremental_drift", transform_list, drift_level)
        self._place(
            transforms,
            "incremental",
            start=start,
            width=width,
            curve=curve,
            until=until,
            where=where,
        )

    def add_recurring_drift(
        self,
        transform_list: Iterable[TransformInfo] | TransformInfo | None = None,
        drift_level: float | None = None,
        *,
        period: Length,
        duty: float = 0.5,
        phase: Length = 0.0,
        start: Position | None = None,
        until: Position | None = None,
        where: Filters | None = None,
    ) -> None:
        """Every sample of a share of each period drifts, the others do not.

        Args:
            transform_list: As of ``add_abrupt_drift``.
            drift_level: As of ``add_abrupt_drift``.
            period: From the begin of one drifted part to that of the next.
            duty: The drifted share of each period, between 0 and 1; it begins with it. It holds
                for the whole stream, also where it is no whole number of samples of one period.
            phase: How far into its period it starts; a float is a fraction of the period.
            start: Where the first period begins.
            until: Where the drift ends; None: with the stream.
            where: As of ``add_abrupt_drift``.

        Raises:
            SettingsError: (a ``ValueError``) As of ``add_abrupt_drift``.
        """
        transforms = given_transforms("add_recurring_drift", transform_list, drift_level)
        self._place(
            transforms,
            "recurring",
            start=start,
            period=period,
            duty=duty,
            phase=phase,
            until=until,
            where=where,
        )

    def add_seasonal_drift(
        self,
        transform_list: Iterable[TransformInfo] | TransformInfo | None = None,
        drift_level: float | None = None,
        *,
        period: Length,
        phase: Length = 0.0,
        varies: str = "level",
        start: Position | None = None,
        until: Position | None = None,
        where: Filters | None = None,
    ) -> None:
        """The level comes and goes as (1 - cos) / 2 over each period: 0 at first, full halfway.

        Args:
            transform_list: As of ``add_abrupt_drift``, with their full levels.
            drift_level: As of ``add_abrupt_drift``.
            period: From one time without drift to the next.
            phase: How far into its period it starts; a float is a fraction of the period.
            varies: ``level``, or ``chance``: samples then drift fully or not at all.
            start: Where the first period begins.
            until: Where the drift ends; None: with the stream.
            where: As of ``add_abrupt_drift``.

        Raises:
            SettingsError: (a ``ValueError``) As of ``add_abrupt_drift``.
        """
        transforms = given_transforms("add_seasonal_drift", transform_list, drift_level)
        self._place(
            transforms,
            "seasonal",
            start=start,
            period=period,
            phase=phase,
            varies=varies,
            until=until,
            where=where,
        )

    def add_label_shift(
        self,
        proportions: Mapping[str, float] | None = None,
        concentration: float | None = None,
        *,
        start: Position | None = None,
        width: Length | None = None,
    ) -> None:
        """From some sample on, classes come in other proportions.

        Each sample's class is then drawn, and the sample is the next unused image of that class.
        Where a class runs out the stream ends; ``remaining`` tells how many samples are left.

        Args:
            proportions: Class name to its share, 0 to 1. Classes that are not named share what is
                left in proportion to what there is of them.
            concentration: Instead of proportions, that of a symmetric Dirichlet distribution, from
                which the proportions of all classes are drawn.
            start: Where it begins.
            width: Over how long the proportions change, linearly; None: at once.

        Raises:
            SettingsError: (a ``ValueError``) Neither or both are given, a class is not there, or it
                begins before the next sample or outside the stream.
        """
        begin = self._written if start is None else start
        shift = LabelShift(begin, width, proportions, concentration)  # type: ignore[arg-type]
        settings = self.planned(label_shift=(*self._label_shifts, shift))
        begins = time_axis(settings, len(self._catalog)).start(shift.start, "label shift: start")
        self._check_begin(begins, "label shift")
        sample_order(settings, self._catalog)
        self._label_shifts = settings.label_shift

    def planned(self, **changes: Any) -> GenerateSettings:
        """The settings of the whole stream, drifts and label shifts included.

        Args:
            **changes: Fields of ``GenerateSettings`` that are to be others.
        """
        planned: dict[str, Any] = {
            "stream": len(self._catalog),
            "transforms": self._transforms,
            "drift": self._drifts,
            "label_shift": self._label_shifts,
        }
        return replace(self._settings, **(planned | changes))

    def advance(self, samples: int) -> None:
        """Notes that the next samples are written."""
        self._written += samples

    def reset(self) -> None:
        """Goes back to the start, without drift: the same calls then give the same bytes."""
        self._written = 0
        self._transforms = ()
        self._drifts = ()
        self._label_shifts = ()
        self._calibrated = ((), [])

    def _place(self, transforms: tuple[TransformInfo, ...], kind: str, **values: Any) -> None:
        """Adds a drift to the timeline, once it is known to fit the stream."""
        if values.get("start") is None:
            values["start"] = self._written
        drift = Drift(transforms, DriftKind(kind), **values)
        settings = self.planned(drift=(*self._drifts, drift))
        placed = Stream.of(settings, self._catalog).schedule.drifts[-1]
        self._check_begin(placed.start, str(drift))
        self._drifts = settings.drift

    def _check_begin(self, begins: int, what: str) -> None:
        if begins < self._written:
            raise SettingsError(
                f"{what}: it begins at sample {begins}, but samples up to {self._written - 1} are "
                "written: let it begin later, or start again with reset()"
            )
