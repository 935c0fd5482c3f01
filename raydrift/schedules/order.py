"""Which image each sample is, where the mix of classes shifts.

Up to the first shift samples are those of the order without any. From there on the class of each
sample is drawn with the proportions in force at its place, and the sample is the next unused image
of that class in that order. So no image comes twice, and where a class runs out the stream ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.errors import SettingsError
from raydrift.schedules.label_shift import LabelShift
from raydrift.schedules.positions import TimeAxis

_AT_ONCE: Final = 2**20


@dataclass(frozen=True)
class SampleOrder:
    """Which image each sample is.

    Attributes:
        rows: Int64, the catalog's row of each sample.
        ended_by: The class that ran out, where the stream ends before the catalog does.
        epochs: Int32, the epoch of each sample, where images come several times; None: they do not.
    """

    rows: npt.NDArray[np.int64]
    ended_by: str | None = None
    epochs: npt.NDArray[np.int32] | None = None


@dataclass(frozen=True)
class MixSegment:
    """Samples over which the proportions go from one mix to another, or stay.

    Attributes:
        start: The first one.
        stop: The one behind the last.
        width: Over how many samples the change is; ``stop`` may come before its end.
        before: Float64, the share of each class at the start.
        after: The same at the end of the change.
    """

    start: int
    stop: int
    width: int
    before: npt.NDArray[np.float64]
    after: npt.NDArray[np.float64]

    def mix(self, sample: int) -> npt.NDArray[np.float64]:
        """The share of each class at a sample."""
        over = min((sample - self.start) / self.width, 1.0)
        return self.before + over * (self.after - self.before)


def stretches(
    shifts: Sequence[LabelShift],
    axis: TimeAxis,
    *,
    classes: Sequence[str],
    of_class: npt.NDArray[np.integer],
    seed: int,
) -> list[MixSegment]:
    """Where on the timeline classes come in which proportions, from the first shift on.

    A shift goes on from what is in force where it begins: the first from the frequencies among the
    images that remain then, the others from the shift before them, finished or not.

    Args:
        shifts: As configured.
        axis: The timeline.
        classes: The names of the classes.
        of_class: The class of each image, in the order without a shift.
        seed: The run's seed.

    Raises:
        SettingsError: Two shifts begin at one sample, or one does not fit the stream.
    """
    starts = [axis.start(shift.start, "label shift: start") for shift in shifts]
    count = len(of_class)
    first = min(starts, default=0)
    remain = of_class[first:] if first < count else of_class  # the stream may be the longer one
    there = np.bincount(remain, minlength=len(classes))
    now = there / max(1, there.sum())
    found: list[MixSegment] = []
    in_order = sorted(range(len(shifts)), key=starts.__getitem__)
    for place, index in enumerate(in_order):
        shift, start = shifts[index], starts[index]
        following = in_order[place + 1 : place + 2]
        stop = starts[following[0]] if following else max(count, start + 1)
        if start == stop and following:
            raise SettingsError(f"two label shifts begin at sample {start}: give one of them")
        after = shift.mix(classes, there, seed, index)
        width = 0
        if shift.width is not None:
            width = max(1, round(axis.length(shift.width, "label shift: width")))
            width = 0 if width == 1 else width  # a change over one sample is a step
        if width:
            found.append(MixSegment(start, min(stop, start + width), width, now, after))
        if start + width < stop:
            found.append(MixSegment(start + width, stop, 1, after, after))
        now = found[-1].mix(stop)
    return found


def shifted_order(
    order: npt.NDArray[np.int64],
    of_class: npt.NDArray[np.integer],
    path: Sequence[MixSegment],
    *,
    classes: Sequence[str],
    seed: int,
) -> SampleOrder:
    """The order of a stream whose mix of classes shifts.

    Args:
        order: The catalog's row of each sample without a shift.
        of_class: The class of each of them.
        path: The proportions over time, from ``stretches``.
        classes: The names of the classes.
        seed: The run's seed.
    """
    start = path[0].start
    if start >= len(order):
        return SampleOrder(order)
    wanted = np.concatenate(list(_drawn_classes(path, len(order), seed)))
    there, asked = of_class[start:], wanted
    from_images = _by_class(there, len(classes))
    for_samples = _by_class(asked, len(classes))
    rows, end, ended_by = np.empty_like(order), len(order), None
    rows[:start] = order[:start]
    for name, images, samples in zip(classes, from_images, for_samples, strict=True):
        fit = min(len(images), len(samples))
        rows[start + samples[:fit]] = order[start + images[:fit]]
        if fit < len(samples) and start + samples[fit] < end:
            end, ended_by = int(start + samples[fit]), name
    return SampleOrder(rows[:end], ended_by)


def _drawn_classes(
    path: Sequence[MixSegment], count: int, seed: int
) -> Iterator[npt.NDArray[np.int32]]:
    """The class of each sample from the first stretch on.

    A mix on its way from one to another is a mixture of both, so one number chooses between them
    and another the class.
    """
    for part in path:
        before, after = (_cumulated(mix) for mix in (part.before, part.after))
        for first in range(part.start, min(part.stop, count), _AT_ONCE):
            stop = min(first + _AT_ONCE, part.stop, count)
            drawn = seeds.uniforms(seed, seeds.CLASSES, first, stop - first)
            over = (np.arange(first, stop) - part.start) / part.width
            found = np.searchsorted(after, drawn[:, 1], side="right").astype(np.int32)
            early = drawn[:, 0] >= over
            found[early] = np.searchsorted(before, drawn[early, 1], side="right")
            yield found


def _cumulated(mix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rising to exactly 1: no number below it is beyond the last class that has a share."""
    total = np.cumsum(mix)
    cumulated: npt.NDArray[np.float64] = total / total[-1]
    return cumulated


def _by_class(of_class: npt.NDArray[np.integer], classes: int) -> list[npt.NDArray[np.int64]]:
    """The places of each class, rising."""
    places = np.argsort(of_class, kind="stable")
    ends = np.cumsum(np.bincount(of_class, minlength=classes))
    return np.split(places, ends[:-1])
