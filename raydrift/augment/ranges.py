"""What an augmentation draws: the ranges, under the names that Keras gave them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any, Final

import numpy as np

from raydrift.augment.compat import FIXED
from raydrift.errors import SettingsError, suggest

NOISES: Final = ("gauss", "s&p", "poisson", "speckle")
"""The kinds of noise."""


@dataclass(frozen=True)
class Ranges:
    """What is drawn for each image.

    Attributes:
        rotation_range: Degrees; the angle is from -this to this.
        width_shift_range: A float below 1 is a share of the width, one from 1 on pixels; a whole
            number n is whole pixels below n; a list is the shifts to choose from, of random sign.
        height_shift_range: As for the width.
        brightness_range: The least and the greatest factor; None: none is drawn.
        shear_range: Degrees, as for the rotation.
        zoom_range: The least and the greatest factor; above 1 more of the scene is seen.
        channel_shift_range: Levels that are added to all channels, from -this to this.
        horizontal_flip: Whether half of the images are mirrored.
        vertical_flip: Whether half of the images are turned upside down.
        contrast_range: The least and the greatest factor; None: none is drawn.
        noise: Names of ``NOISES``, one of which is chosen for each image.
        zoom_keep_aspect: Both directions zoom by one factor, that of the first.
    """

    rotation_range: float = 0
    width_shift_range: Any = 0.0
    height_shift_range: Any = 0.0
    brightness_range: Sequence[float] | None = None
    shear_range: float = 0.0
    zoom_range: Sequence[float] = (1.0, 1.0)
    channel_shift_range: float = 0.0
    horizontal_flip: Any = False
    vertical_flip: Any = False
    contrast_range: Sequence[float] | None = None
    noise: Sequence[str] | None = None
    zoom_keep_aspect: bool = False

    def check_values(self, compat: str) -> None:
        """Refuses what would give an image that nobody means; only the fixed behaviour does.

        Raises:
            SettingsError: A zoom range that holds 0 or less, a negative brightness or contrast or
                one whose greater factor is first, an unknown noise, or what is no finite number.
        """
        if compat != FIXED:
            return
        for name in ("rotation_range", "shear_range", "channel_shift_range"):
            given = getattr(self, name)
            if given is not None and not _is_finite(given):
                raise SettingsError(f"{name} is {given!r}: give a finite number, as 20")
        for name in ("width_shift_range", "height_shift_range"):
            given = getattr(self, name)
            if given is not None and not all(map(_is_finite, _several(given))):
                raise SettingsError(
                    f"{name} is {given!r}: give a finite number, as 0.1, or a list of some"
                )
        for name in ("zoom_range", "brightness_range", "contrast_range"):
            given = getattr(self, name)
            if given is not None and not all(map(_is_finite, given)):
                raise SettingsError(f"{name} is {_shown(given)}: give two finite numbers")
        if min(self.zoom_range) <= 0:
            raise SettingsError(
                f"zoom_range is {_shown(self.zoom_range)}, which holds 0 or less: give factors "
                "above 0, as (0.8, 1.2), or one number below 1, as 0.2"
            )
        for name in ("brightness_range", "contrast_range"):
            given = getattr(self, name)
            if given is not None and min(given) < 0:
                raise SettingsError(
                    f"{name} is {_shown(given)}, which holds less than 0: give factors, as "
                    "(0.8, 1.2); 1 leaves an image as it is, 0 makes it "
                    + ("black" if name == "brightness_range" else "grey")
                )
            if given is not None and given[0] > given[1]:
                raise SettingsError(
                    f"{name} is {_shown(given)}: give the least factor first, as "
                    f"{_shown(given[::-1])}"
                )
        for noise in self.noise or ():
            if noise not in NOISES:
                raise SettingsError(f"noise is {noise!r}: {suggest(str(noise), NOISES)}")


def _is_finite(given: Any) -> bool:
    return isinstance(given, Real) and isfinite(given)


def _several(given: Any) -> Iterable[Any]:
    """The shifts of a range: those to choose from, or the one that there is."""
    if isinstance(given, np.ndarray):
        return given.ravel().tolist()
    return given if isinstance(given, Iterable) and not isinstance(given, str) else (given,)


def _shown(given: Sequence[Any]) -> str:
    return f"({', '.join(f'{one:g}' if isinstance(one, Real) else repr(one) for one in given)})"
