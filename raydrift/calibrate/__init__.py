"""The level that gives a wanted divergence: curves that were measured, and back from them."""

from raydrift.calibrate.curve import Curve, CurvePoint
from raydrift.calibrate.profile import CalibrationProfile, asked_for, calibrated

__all__ = ["CalibrationProfile", "Curve", "CurvePoint", "asked_for", "calibrated"]
