"""The other published modes: half-size pictures as they are, or through a network."""

from typing import Any, Final

import torch
from torch import Tensor, nn

from raydrift.camera.cfa import cfa_of
from raydrift.camera.differentiable.numbers import check_mosaics
from raydrift.camera.differentiable.rendering import superpixels
from raydrift.errors import SettingsError

MICROSCOPY_MEAN: Final = (0.5663, 0.1401, 0.0731)
"""Of Raw-Microscopy's half-size pictures: red, green, blue."""

MICROSCOPY_DEVIATION: Final = (0.097, 0.0423, 0.008)


class Superpixels(nn.Module):
    """The mode ``none``: each 2 × 2 places of a mosaic become one pixel, and nothing else is done.

    Args:
        cfa: The pattern of the mosaics.
        mean: Taken off red, green and blue; None: nothing.
        deviation: What they are then divided by; None: 1.

    Raises:
        SettingsError: There is no such pattern, or a deviation is 0.

    >>> none = Superpixels()
    >>> none(torch.tensor([[[1.0, 2.0, 9.0], [4.0, 8.0, 9.0]]])).flatten().tolist()
    [1.0, 3.0, 8.0]
    """

    def __init__(
        self,
        cfa: str = "RGGB",
        mean: tuple[float, float, float] | None = None,
        deviation: tuple[float, float, float] | None = None,
    ) -> None:
        super().__init__()
        self.cfa = cfa_of(cfa)
        self.mean = (0.0, 0.0, 0.0) if mean is None else mean
        self.deviation = (1.0, 1.0, 1.0) if deviation is None else deviation
        if 0 in self.deviation:
            raise SettingsError(f"deviation is {deviation!r}: give three numbers above 0")

    def forward(self, raw: Tensor) -> Tensor:
        """Makes half-size pictures.

        Args:
            raw: float32 or float64, (n, height, width), at least 2 × 2.

        Returns:
            Red, the mean of both greens and blue, (n, 3, height // 2, width // 2): an odd last row
            and column are left out.

        Raises:
            ImageError: The tensor is no batch of mosaics.
        """
        check_mosaics(raw)
        rgb = superpixels(raw, self.cfa)
        mean, deviation = (
            torch.tensor(one, dtype=raw.dtype, device=raw.device).reshape(3, 1, 1)
            for one in (self.mean, self.deviation)
        )
        return (rgb - mean) / deviation


class Learned(nn.Module):
    """The mode ``neural_network``: half-size pictures, a network, batch normalisation.

    Args:
        network: From (n, 3, height // 2, width // 2) to the same shape. Published is a UNet++ of
            segmentation-models-pytorch: resnet34, depth 3, decoder channels 256, 128, 64, and 3
            classes.
        superpixels: What makes the half-size pictures; None: without normalisation, RGGB.
        batch_norm: End with a ``BatchNorm2d(3, affine=False)``, as published.

    Attributes:
        model: The network, by its published name.
        batch_norm: The last layer, or None.
    """

    def __init__(
        self, network: nn.Module, superpixels: Superpixels | None = None, batch_norm: bool = True
    ) -> None:
        super().__init__()
        self.superpixels = Superpixels() if superpixels is None else superpixels
        self.model = network
        self.batch_norm = nn.BatchNorm2d(3, affine=False) if batch_norm else None

    def forward(self, raw: Tensor) -> Any:
        """What the network makes of mosaics, (n, height, width)."""
        rgb = self.model(self.superpixels(raw))
        return rgb if self.batch_norm is None else self.batch_norm(rgb)
