"""The reference camera of a run: what a photograph is taken to come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import Any, Final

from raydrift.camera import REFERENCE, Camera, Denoising
from raydrift.camera.checks import Black
from raydrift.camera.matrices import Matrix, Row
from raydrift.camera.unprocess import from_srgb
from raydrift.drift.camera.fixed import check_fixed, plain_fixed
from raydrift.errors import SettingsError, suggest
from raydrift.transforms import Transform

MODES: Final = ("residual", "full")
_MOST_OVERSAMPLED: Final = 4


@dataclass(frozen=True)
class CameraSetup:
    """The reference camera, and how much of it is seen.

    A photograph is undone to the raw mosaic of this camera; a drifted camera then develops it.

    Attributes:
        mode: ``residual``: the image gets the difference between what the drifted camera and the
            reference make of the mosaic, so that no drift is no change. ``full``: it becomes what
            the drifted camera makes, with the softness of its demosaicing.
        oversample: How many times as many rows and columns the mosaic has, 1 to 4. A photograph
            that was made smaller is as sharp as pixels get, and a mosaic of its size loses that.
        black_level: The black level by place, or one for all, of the full scale.
        white_balance: Gains of red, green and blue.
        colour_matrix: From the balanced colours of the sensor to linear sRGB, three rows.
        gamma: A pixel is the linear value to the power of 1/gamma.
        view: How it demosaics, sharpens and denoises, as ``bi`` or ``ma,u,ga``.
        cfa: The pattern of its colour filters.
        fixed: Parameters of drifted cameras by the names that they have in ``provenance.parquet``.
            They are taken instead of what is drawn, so that all images come from one camera.

    Raises:
        SettingsError: (a ``ValueError``) One of them cannot be.
    """

    mode: str = "residual"
    oversample: int = 1
    black_level: Black = REFERENCE.black_level
    white_balance: Row = REFERENCE.white_balance
    colour_matrix: Matrix = REFERENCE.colour_matrix
    gamma: float = REFERENCE.gamma
    view: str = "bi"
    cfa: str = "RGGB"
    fixed: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """The same camera is the same setup, however it was written."""
        if self.mode not in MODES:
            problem = f"camera.mode is {self.mode!r}: {suggest(str(self.mode), MODES)}"
            raise SettingsError(problem)
        whole = isinstance(self.oversample, int) and not isinstance(self.oversample, bool)
        if not whole or not 1 <= self.oversample <= _MOST_OVERSAMPLED:
            raise SettingsError(
                f"camera.oversample is {self.oversample!r}: give a whole number from 1 to "
                f"{_MOST_OVERSAMPLED}"
            )
        try:
            camera = self.camera
            from_srgb(camera)
        except SettingsError as error:
            raise SettingsError(f"camera.{error}") from None
        if not all(isfinite(gain) and gain > 0 for gain in camera.white_balance):
            raise SettingsError(
                f"camera.white_balance is {self.white_balance!r}: give three gains above 0"
            )
        if camera.view.denoising == Denoising.FFT:
            raise SettingsError(f"camera.view is {self.view!r}: fft is for develop() alone")
        plain: dict[str, Any] = {
            "black_level": camera.black_level,
            "white_balance": camera.white_balance,
            "colour_matrix": camera.colour_matrix,
            "gamma": camera.gamma,
            "view": str(camera.view).removesuffix(",none").removesuffix(",none"),
            "cfa": str(camera.cfa),
            "fixed": plain_fixed(self.fixed),
        }
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    @cached_property
    def camera(self) -> Camera:
        """The reference camera."""
        return Camera(
            self.black_level,
            self.white_balance,
            self.colour_matrix,
            self.gamma,
            self.view,  # type: ignore[arg-type]  # the camera reads codes
            self.cfa,  # type: ignore[arg-type]
        )

    def check(self, parts: Sequence[tuple[Transform, float]]) -> None:
        """Makes sure that a run's transforms of cameras can draw what is fixed.

        Args:
            parts: The transforms and their levels.

        Raises:
            SettingsError: One of the parameters is not drawn, or not up to these levels.
        """
        check_fixed(self.fixed, parts)
