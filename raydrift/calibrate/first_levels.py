"""Where a curve begins to be measured, and where it is known to jump."""

from raydrift.calibrate.curve import JUMP
from raydrift.settings.sweep import Sweep
from raydrift.transforms import DriftProfile, TransformInfo


def transforms_at(sweep: Sweep, level: float) -> tuple[TransformInfo, ...]:
    """The transforms of a sweep at a level, whichever levels it has itself."""
    return sweep.at(level)


def first_levels(sweep: Sweep, ranges: DriftProfile) -> tuple[float, ...]:
    """Tenths, and both sides of each jump, in rising order."""
    levels = {number / 10 for number in range(11)}
    for jump in jumps(sweep, ranges):
        levels |= {jump, min(1.0, round(jump + JUMP, 9))}
    return tuple(sorted(levels))


def jumps(sweep: Sweep, ranges: DriftProfile) -> tuple[float, ...]:
    """The levels just above which a sweep's transforms are suddenly others.

    As ``default``, which is noise instead of blur, and noise, which comes with a mean at once.

    >>> jumps(Sweep.parse(["default", "gaussian_noise"], "1"), DriftProfile())
    (0.0, 0.5)
    """
    pairs = zip(sweep.transforms, transforms_at(sweep, 1.0), strict=True)
    swept = (info for one, info in pairs if not isinstance(one, TransformInfo))
    return tuple(sorted({jump for info in swept for jump in ranges.of(info).jumps()}))
