"""Curves of divergence by level, measured: a few rounds of work, each with several levels."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from math import isfinite
from numbers import Real
from typing import Final, Self

import numpy as np

from raydrift.calibrate.curve import Curve, CurvePoint
from raydrift.calibrate.first_levels import first_levels, transforms_at
from raydrift.calibrate.interval import check_for_images, divergence_intervals, how
from raydrift.calibrate.profile import CalibrationProfile, MeasuredSample, MeasuringNetwork
from raydrift.calibrate.refine import next_levels
from raydrift.catalog import Catalog, catalog_of
from raydrift.catalog.value_range import with_value_range
from raydrift.embed.weights import Weights, find_weights
from raydrift.engine.data.measured import Embeddings, LevelBatch
from raydrift.engine.identity import measure_identity, shown
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.jobs.progress import RunProgress
from raydrift.engine.measured_batches import MeasuredBatches, as_it_is
from raydrift.engine.measured_record import summary_of
from raydrift.engine.measuring_job import MeasuringJob
from raydrift.engine.reports import log_remarks, report_input, wait_reporter
from raydrift.errors import PipelineError, RejectedError, SettingsError, suggest
from raydrift.metrics import METRICS
from raydrift.paths import StoragePath
from raydrift.report.input_summary import InputSummary
from raydrift.schemas import EMBEDDING_SIZE
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.sweep import Sweep
from raydrift.storage import layout
from raydrift.storage.evaluated import working_folder
from raydrift.storage.image_sets import twinned
from raydrift.storage.lock import OutputLock
from raydrift.storage.record import installed_versions
from raydrift.storage.shards import remove_shards
from raydrift.text import plural

SAMPLES: Final = 256
"""Images that a curve is measured on, where the settings do not say."""

FEWEST_SAMPLES: Final = 16

_MOST_ROUNDS: Final = 5

Tell = Callable[[str], None]
"""What is done with a line about the progress."""


def calibrate(
    settings: GenerateSettings,
    sweep: Sweep,
    metric: str = "kl_softmax",
    target: float | None = None,
    *,
    for_images: int | None = None,
    catalog: Catalog | None = None,
    tell: Tell | None = None,
    on_images: Callable[[InputSummary], object] | None = None,
    folder: StoragePath | None = None,
    write: Callable[[CalibrationProfile], object] = lambda _: None,
    quiet: bool = False,
) -> CalibrationProfile:
    """Measures which level gives which divergence.

    The first round takes tenths and both sides of every jump that is known beforehand. The second
    halves large steps; it and those that follow go to where the target lies, until it is met. All
    metrics are of the same images and of their own drifted copies, whose draws grow with the level:
    so little is left to chance from one level to the next, and much from these images to others.
    The intervals tell how sure the curve is for images of this kind on the whole; with
    ``for_images`` others tell how far a single sample of so many may be from it.

    Args:
        settings: The images, the network and the workers, as for a run that writes; its own
            drifts and label shifts are left aside. ``num_samples``, 256 if it says nothing, are
            measured from ``start`` on.
        sweep: The transforms; its levels are left aside.
        metric: A name in ``metrics.METRICS``.
        target: The divergence that will be asked for: around it the curve is measured most finely.
        for_images: The size of another sample that there are to be intervals for; of metrics that
            depend on the number of images, that of the sample that is measured.
        catalog: The input, if it is listed already.
        tell: Called with a line before each round.
        on_images: Called at the end with what there is to say of the images.
        folder: Where the measured batches are kept while it is under way, so that the same call
            goes on where it was stopped; deleted at the end. None: nothing is written.
        write: Called with the profile before what is in the folder is deleted.
        quiet: Show no progress.

    Returns:
        The profile. That it reaches the target is not said: ``level_for`` does.

    Raises:
        SettingsError: There is no such metric, or there are too few images, or the metric has no
            interval for so many others.
        RejectedError: Too few images can be used.
        RaydriftError: As for every run.
    """
    if not isinstance(metric, str) or metric not in METRICS:
        raise SettingsError(f"unknown metric {metric!r}: {suggest(str(metric), METRICS)}")
    if isinstance(target, bool) or not isinstance(target, Real | None) or not isfinite(target or 0):
        raise SettingsError(f"target is {target!r}: give a finite number")
    catalog = catalog or catalog_of(settings)
    remain = max(0, len(catalog) - settings.start)
    samples = min(SAMPLES, remain) if settings.num_samples is None else settings.num_samples
    if samples < FEWEST_SAMPLES:
        raise SettingsError(
            f"{plural(samples, 'image')}: too few to calibrate on: give at least {FEWEST_SAMPLES}"
        )
    check_for_images(metric, samples, for_images)
    settings = replace(settings, num_samples=samples, transforms=(), drift=(), label_shift=())
    settings = replace(settings, profile=settings.profile.with_own(sweep.infos()))
    settings, ranges = with_value_range(settings, catalog)
    catalog = twinned(catalog, settings, sweep.infos())
    weights = find_weights(
        settings.embedding.weights, settings.seed, settings.options_of("weights")
    )
    report_input(catalog, quiet)
    rounds = _Rounds(settings, catalog, ranges, weights, sweep, folder, quiet)
    with rounds.held():
        try:
            curve, found = _measured_curve(rounds, metric, target, for_images, tell)
        except RejectedError:
            rounds.remove()  # there is nothing to go on with
            raise
        ids, embedding, image = found.sample_ids, settings.embedding, settings.image
        profile = CalibrationProfile(
            metric,
            tuple(map(str, sweep.transforms)),
            curve.points,
            MeasuredSample(
                images=len(ids),
                rejected=samples - len(ids),
                height=image.height,
                width=image.width,
                input=catalog.digest(),
                seed=settings.seed,
                start=settings.start,
                interval=how(metric, len(ids), for_images),
                for_images=for_images,
            ),
            MeasuringNetwork(
                weights.name, weights.digest, embedding.normalize, embedding.precision
            ),
            settings.profile,
            installed_versions(),
            code=settings.profile.code(sweep.at(1.0)),
        )
        write(profile)
        rounds.remove()
    log_remarks(found.input_summary.remarks)
    if on_images is not None:
        on_images(found.input_summary)
    return profile


def _measured_curve(
    rounds: "_Rounds",
    metric: str,
    target: float | None,
    for_images: int | None,
    tell: Tell | None,
) -> tuple[Curve, "_Round"]:
    """The curve, after as many rounds as it takes, and the last of these."""
    settings = rounds.settings
    samples = settings.num_samples or 0
    ids: list[int] = []
    points: dict[float, CurvePoint] = {}
    levels = first_levels(rounds.sweep, settings.profile)
    for number in range(_MOST_ROUNDS):
        if tell is not None:
            named = ", ".join(f"{level:g}" for level in levels)
            many = f"{plural(samples, 'image')} at {plural(len(levels), 'level')}"
            tell(f"round {number + 1}: {many} ({named})")
        found = rounds.measured(number, levels)
        ids = ids or found.sample_ids
        _check_same(ids, found.sample_ids, samples)
        for level, drifted in zip(levels, found.drifted, strict=True):
            points[level] = _point(
                metric, level, found.originals, drifted, settings.seed, for_images
            )
        curve = Curve(tuple(points[level] for level in sorted(points)))
        levels = next_levels(curve, target, halve=number == 0)
        if not levels:
            break
    return curve, found


def _point(
    metric: str,
    level: float,
    originals: Embeddings,
    drifted: Embeddings,
    seed: int,
    for_images: int | None,
) -> CurvePoint:
    try:
        value, whole, other = divergence_intervals(metric, originals, drifted, seed, for_images)
    except ValueError as error:  # the network's values are not finite, or all alike
        raise PipelineError(f"{metric} at level {level:g}: {error}") from None
    ends = (value, *whole, *(other or ()))
    return CurvePoint(level, *(float(f"{end:.6g}") for end in ends))


@dataclass(frozen=True)
class _Done:
    """A batch, as the progress counts it."""

    asked: int
    rejected: int
    started: float

    @classmethod
    def of(cls, batch: LevelBatch) -> Self:
        rejected = len(batch.rejected)
        return cls(len(batch.sample_ids) + rejected, rejected, batch.started)


@dataclass(frozen=True)
class _Round:
    """The embeddings of some images, as they are and at each level, and what to say of them."""

    sample_ids: list[int]
    originals: Embeddings
    drifted: list[Embeddings]
    input_summary: InputSummary


class _Rounds:
    """The rounds of a calibration: each a job in a folder of its own, where one is given.

    Args:
        settings: What is measured, without drifts.
        catalog: The input.
        ranges: Sentences on the value ranges that were found in it.
        weights: The weights of the network.
        sweep: The transforms.
        folder: Where batches are kept; None: nowhere.
        quiet: Show no progress.
    """

    def __init__(
        self,
        settings: GenerateSettings,
        catalog: Catalog,
        ranges: Sequence[str],
        weights: Weights,
        sweep: Sweep,
        folder: StoragePath | None,
        quiet: bool,
    ) -> None:
        self.settings = settings
        self.sweep = sweep
        self._catalog = catalog
        self._ranges = ranges
        self._weights = weights
        self._folder = folder
        self._quiet = quiet
        self._held: tuple[StoragePath, OutputLock] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the folder for this calibration alone."""
        if self._folder is None:
            yield
            return
        with working_folder(self._folder, self._folder, wait_reporter(self._quiet)) as lock:
            self._held = self._folder, lock
            yield

    def measured(self, number: int, levels: Sequence[float]) -> _Round:
        """Embeds the images as they are and at each level."""
        chains = [transforms_at(self.sweep, level) for level in levels]
        measured = MeasuredBatches.of(self.settings, self._catalog, chains, self._weights)
        if self._held is None:
            found = self._passed(measured)
        else:
            found = self._kept(number, levels, measured, *self._held)
        batches = sorted((one for one in found if one.sample_ids), key=lambda batch: batch.batch)
        input_summary = summary_of(self._catalog, self._ranges, batches)
        if not batches:
            return _Round([], np.empty((0, EMBEDDING_SIZE)), [], input_summary)
        return _Round(
            [sample_id for batch in batches for sample_id in batch.sample_ids],
            np.concatenate([batch.originals for batch in batches]),
            [np.concatenate(parts) for parts in zip(*(b.drifted for b in batches), strict=True)],
            input_summary,
        )

    def _kept(
        self,
        number: int,
        levels: Sequence[float],
        measured: MeasuredBatches,
        above: StoragePath,
        lock: OutputLock,
    ) -> list[LevelBatch]:
        """The batches as the shards of a job."""
        folder = above / f"round-{number + 1}"
        folder.create()
        sweep = replace(self.sweep, levels=tuple(levels))
        identity = measure_identity(measured.settings, self._catalog, sweep, self._weights)
        committed = measured.committed(folder, LevelBatch.table)
        job = MeasuringJob(
            folder, identity, shown(measured.settings), committed, lock, Clock(), self._quiet
        )
        return job.results(LevelBatch.of)

    def _passed(self, measured: MeasuredBatches) -> list[LevelBatch]:
        """The batches as workers send them; nothing is kept."""
        batches = []
        with (
            RunProgress(measured.samples, quiet=self._quiet) as progress,
            closing(replace(measured, measure=as_it_is).results(self._quiet)) as found,
        ):
            for batch in found:
                batches.append(batch)
                progress.add(_Done.of(batch))
        return batches

    def remove(self) -> None:
        """Deletes what was kept of the rounds."""
        if self._folder is not None:
            for number in range(_MOST_ROUNDS):
                folder = self._folder / f"round-{number + 1}"
                remove_shards(folder)
                (folder / layout.RUN).delete()
                folder.delete_if_empty()


def _check_same(first: list[int], now: list[int], samples: int) -> None:
    if len(now) < FEWEST_SAMPLES:
        raise RejectedError(
            f"{len(now)} of {samples} images can be used, too few to calibrate on: "
            f"at least {FEWEST_SAMPLES} have to be"
        )
    if now != first:
        raise PipelineError(
            "some images could be read in one round and not in another: run the command again"
        )
