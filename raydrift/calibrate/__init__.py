"""The level that gives a wanted divergence: curves that were measured, and back from them."""

from raydrift.calibrate.curve import Curve, CurvePoint
from raydrift.calibrate.profile import CalibrationProfile, calibrated

__all__ = ["CalibrationProfile", "Curve", "CurvePoint", "calibrated"]
