"""``default``."""

from dataclasses import dataclass
from typing import Any

from raydrift.transforms import ImageTransform, Name, Transform


@dataclass(frozen=True)
class Default(Transform):
    """Blur at low levels, noise at high ones.

    Attributes:
        switch: Blur at L up to here, noise above.
        noise_offset: The noise has level L - x.
    """

    name = "default"
    help = "Blurs at low levels, adds noise at high ones."
    at_level = "blur up to L = {switch:g}, above it noise of level L - {noise_offset:g}"

    switch: float = 0.5
    noise_offset: float = 0.4

    def __post_init__(self) -> None:
        """Noise has a level of at least 0."""
        super().__post_init__()
        inside = self.noise_offset <= self.switch <= 1
        self.require(inside, "switch", "give noise_offset to 1")

    def resolve(self, level: float) -> tuple[Name, float]:
        """``gaussian_blur`` or ``gaussian_noise``."""
        if level <= self.switch:
            return ImageTransform.GAUSSIAN_BLUR, level
        # 0.9 - 0.4 is 0.5 for everyone, not 0.49999999999999994.
        return ImageTransform.GAUSSIAN_NOISE, round(level - self.noise_offset, 12)

    def jumps(self) -> tuple[float, ...]:
        """From blur to noise."""
        return (float(self.switch),) if self.switch < 1 else ()

    def in_use(self, level: float, varying: bool) -> dict[str, Any]:
        """Where there is no noise, nothing; the switch where both are met."""
        if level <= self.switch:
            return {}
        noise = {"noise_offset": self.noise_offset}
        return {"switch": self.switch} | noise if varying else noise
