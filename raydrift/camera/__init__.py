"""Cameras: from a sensor's mosaic to a picture, and back."""

from raydrift.camera.camera import (
    DRONE,
    MICROSCOPY,
    REFERENCE,
    XYZ_TO_CAMERA,
    Camera,
    colour_matrix_from,
)
from raydrift.camera.cfa import CFA
from raydrift.camera.demosaic import demosaic
from raydrift.camera.develop import develop, develop_views
from raydrift.camera.rendering import Rendering, render
from raydrift.camera.sensor import SensorNoise, exposed, noisy, quantised
from raydrift.camera.unprocess import downsampled, unprocess
from raydrift.camera.views import VIEWS, Demosaicer, Denoising, Sharpening, View

__all__ = [
    "CFA",
    "DRONE",
    "MICROSCOPY",
    "REFERENCE",
    "VIEWS",
    "XYZ_TO_CAMERA",
    "Camera",
    "Demosaicer",
    "Denoising",
    "Rendering",
    "SensorNoise",
    "Sharpening",
    "View",
    "colour_matrix_from",
    "demosaic",
    "develop",
    "develop_views",
    "downsampled",
    "exposed",
    "noisy",
    "quantised",
    "render",
    "unprocess",
]
