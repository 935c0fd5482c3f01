"""``isp_exposure``."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from raydrift.camera import Rendering, exposed
from raydrift.drift.camera.transform import CameraTransform, Raw
from raydrift.drift.normals import normals
from raydrift.transforms import Parameters


@dataclass(frozen=True)
class IspExposure(CameraTransform):
    """Less light, brightened again: noise of few photons, and few steps of brightness.

    Attributes:
        least_light: The share of the light that is left at level 1, above 0.
        electrons: Electrons that a pixel counts at the full scale.
        read: Standard deviation of reading, electrons.
        bits: Of the converter.
    """

    name = "isp_exposure"
    help = "Takes a darker scene and brightens it again: noise grows from the shadows."
    draws = "a normal a pixel of the mosaic"
    at_level = "{least_light:g}^L of the light, {electrons:g} electrons, {bits} bits"

    least_light: float = 0.01
    electrons: float = 5000.0
    read: float = 3.0
    bits: int = 14

    def __post_init__(self) -> None:
        """Some light is left, and something counts it."""
        super().__post_init__()
        some = 0 < self.least_light <= 1
        self.require(some, "least_light", "give a number above 0, up to 1")
        self.require(self.electrons >= 1, "electrons", "give a number from 1")
        self.require(1 <= self.bits <= 16, "bits", "give a whole number from 1 to 16")

    def draw(self, level: float, rng: np.random.Generator) -> Parameters:
        """``light``, its share."""
        return {
            "light": self.least_light**level,
            "electrons": self.electrons,
            "read_electrons": self.read,
            "converter_bits": self.bits,
        }

    def seen(
        self,
        raw: Raw,
        rng: np.random.Generator,
        reference: Rendering,
        light: float,
        electrons: float,
        read_electrons: float,
        converter_bits: int,
        **_: Any,
    ) -> Raw:
        """Counts electrons of less light, and multiplies what was counted."""
        noise = normals(rng, raw.shape)
        of_light = (light, electrons, read_electrons, converter_bits)
        return exposed(raw, *of_light, noise, reference.black_level)

    def jumps(self) -> tuple[float, ...]:
        """The noise of all the light is there at once."""
        return (0.0,)
