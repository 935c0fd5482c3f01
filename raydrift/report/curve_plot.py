"""A calibration's curve as a picture."""

from io import BytesIO
from typing import Final

import numpy as np

from raydrift.calibrate import CalibrationProfile
from raydrift.calibrate.curve import is_jump
from raydrift.report.palette import ACCENT, GRID, INK, SOFT

_SIZE: Final = (9.0, 5.4)  # inches
_DPI: Final = 150
_STEPS: Final = 60  # between two points


def curve_plot(profile: CalibrationProfile, target: float | None = None) -> bytes:
    """Draws divergence by level with the band of its 95 % intervals, as PNG.

    Args:
        profile: What was measured.
        target: A divergence whose level and interval are shown as well.

    Raises:
        SettingsError: The target is out of the profile's reach.
    """
