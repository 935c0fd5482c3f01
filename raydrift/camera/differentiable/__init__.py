"""The differentiable twin of the camera, in torch; ``raydrift.camera`` itself does without."""

from raydrift.camera.differentiable.bounds import Bounds, forensic_bounds, project
from raydrift.camera.differentiable.modes import (
    MICROSCOPY_DEVIATION,
    MICROSCOPY_MEAN,
    Learned,
    Superpixels,
)
from raydrift.camera.differentiable.numbers import together
from raydrift.camera.differentiable.parametrised import Parametrised
from raydrift.camera.differentiable.pictures import Pictures
from raydrift.camera.differentiable.rendering import render
from raydrift.camera.differentiable.rows import rows_of, tensors_of, write_rows
from raydrift.camera.differentiable.similarity import l2_loss, ssim, ssim_loss
from raydrift.camera.differentiable.unprocessing import Unprocessed

__all__ = [
    "MICROSCOPY_DEVIATION",
    "MICROSCOPY_MEAN",
    "Bounds",
    "Learned",
    "Parametrised",
    "Pictures",
    "Superpixels",
    "Unprocessed",
    "forensic_bounds",
    "l2_loss",
    "project",
    "render",
    "rows_of",
    "ssim",
    "ssim_loss",
    "tensors_of",
    "together",
    "write_rows",
]
