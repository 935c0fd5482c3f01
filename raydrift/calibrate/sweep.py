"""A list of transforms, some of which go through all levels together while the others stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from raydrift.calibrate.curve import JUMP
from raydrift.errors import SettingsError
from raydrift.settings import DriftProfile, ImageTransform, TransformInfo

Step = ImageTransform | TransformInfo
"""A transform whose level is swept, or one that stays at its level."""


@dataclass(frozen=True)
class Sweep:
    """Transforms in the order in which they are applied.

    Attributes:
        steps: One or more; at least one without a level.

    Raises:
        SettingsError: (a ``ValueError``) There are none, or all have levels.

    >>> Sweep.parse(["default", "hue:0.3"]).at(0.7)[0]
    TransformInfo(transf_type=<ImageTransform.DEFAULT: 'default'>, drift_level=0.7)
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self._swept:
            said = " ".join(self.written) or "none"
            raise SettingsError(
                f"transforms to calibrate ({said}): name one without a level, as default"
            )

    @classmethod
    def parse(cls, texts: Iterable[str | Step]) -> Self:
        """Reads transforms written as ``NAME``, which are swept, and ``NAME:LEVEL``."""
        return cls(tuple(_step(text) for text in texts))

    @property
    def written(self) -> tuple[str, ...]:
        """The steps as ``parse`` reads them."""
        return tuple(str(step) for step in self.steps)

    def __str__(self) -> str:
        return " + ".join(self.written)

    def at(self, level: float) -> tuple[TransformInfo, ...]:
        """The transforms with the swept ones at a level."""
        return tuple(
            TransformInfo(step, level) if isinstance(step, ImageTransform) else step
            for step in self.steps
        )

    def jumps(self, ranges: DriftProfile) -> tuple[float, ...]:
        """The levels just above which the swept transforms are suddenly others.

        ``default`` is noise instead of blur, and noise comes with a mean of its own at once.
        """
        found = set()
        if ImageTransform.DEFAULT in self._swept and ranges.default_switch < 1:
            found.add(ranges.default_switch)
        if ImageTransform.GAUSSIAN_NOISE in self._swept and ranges.noise_mean > 0:
            found.add(0.0)
        return tuple(sorted(found))

    def first_levels(self, ranges: DriftProfile) -> tuple[float, ...]:
        """The levels to begin a curve with: tenths, and both sides of each jump."""
        levels = {number / 10 for number in range(11)}
        for jump in self.jumps(ranges):
            levels |= {jump, round(jump + JUMP, 9)}
        return tuple(sorted(levels))

    @property
    def _swept(self) -> set[ImageTransform]:
        return {step for step in self.steps if isinstance(step, ImageTransform)}


def _step(text: str | Step) -> Step:
    if isinstance(text, TransformInfo):
        return text
    return TransformInfo.parse(text) if ":" in text else ImageTransform.parse(text)
