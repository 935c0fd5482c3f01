"""Where a curve begins to be measured, and where it is known to jump."""

from raydrift.calibrate.curve import JUMP
from raydrift.settings import DriftProfile, ImageTransform, TransformInfo
from raydrift.sweep import Sweep


def transforms_at(sweep: Sweep, level: float) -> tuple[TransformInfo, ...]:
    """The transforms of a sweep at a level, whichever levels it has itself."""
    return Sweep(sweep.transforms, (level,)).chains[0]


def first_levels(sweep: Sweep, ranges: DriftProfile) -> tuple[float, ...]:
    """Tenths, and both sides of each jump, in rising order."""
    levels = {number / 10 for number in range(11)}
    for jump in jumps(sweep, ranges):
        levels |= {jump, round(jump + JUMP, 9)}
    return tuple(sorted(levels))


def jumps(sweep: Sweep, ranges: DriftProfile) -> tuple[float, ...]:
    """The levels just above which a sweep's transforms are suddenly others.

    ``default`` is noise instead of blur, and noise comes with a mean of its own at once.

    >>> jumps(Sweep.parse(["default", "gaussian_noise"], "1"), DriftProfile())
    (0.0, 0.5)
    """
    found = set()
    if ImageTransform.DEFAULT in sweep.transforms and ranges.default_switch < 1:
        found.add(float(ranges.default_switch))
    if ImageTransform.GAUSSIAN_NOISE in sweep.transforms and ranges.noise_mean > 0:
        found.add(0.0)
    return tuple(sorted(found))
