"""Unprocessing in torch: the mosaics that a camera would have made photographs of."""

import torch
from torch import Tensor, nn

from raydrift.camera.camera import Camera
from raydrift.camera.cfa import CFA
from raydrift.camera.unprocess import from_srgb
from raydrift.errors import ImageError


class Unprocessed(nn.Module):
    """Undoes photographs to mosaics, as ``raydrift.camera.unprocess`` does; nothing in it learns.

    Args:
        camera: Its matrix must have an inverse.
        dtype: float32 or float64; None: torch's default.

    Raises:
        SettingsError: The matrix has no inverse.

    >>> from raydrift.camera import REFERENCE
    >>> mosaics = Unprocessed(REFERENCE)(torch.zeros(2, 3, 5, 6))
    >>> tuple(mosaics.shape), mosaics.unique().tolist()
    ((2, 5, 6), [0.0625])
    """

    _from_srgb: Tensor
    _black: Tensor

    def __init__(self, camera: Camera, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        matrix, black = from_srgb(camera), camera.black_level
        self.register_buffer("_from_srgb", torch.tensor(matrix, dtype=dtype), persistent=False)
        self.register_buffer("_black", torch.tensor(black, dtype=dtype), persistent=False)
        self._gamma = float(camera.gamma)
        self._cfa: CFA = camera.cfa

    def forward(self, photos: Tensor) -> Tensor:
        """Undoes photographs.

        Args:
            photos: RGB in [0, 1], (n, 3, height, width), of the module's dtype.

        Returns:
            (n, height, width); 1 is the full scale.

        Raises:
            ImageError: They are no batch of RGB pictures.
        """
        if photos.dim() != 4 or photos.shape[1] != 3:
            shape = tuple(photos.shape)
            raise ImageError("unprocess", f"photographs are of shape {shape}: give (n, 3, h, w)")
        seen = (self._from_srgb @ (photos**self._gamma).flatten(2)).unflatten(2, photos.shape[2:])
        mosaics = torch.empty_like(seen[:, 0])
        for place, colour in enumerate(self._cfa.colours):
            row, column = divmod(place, 2)
            own = seen[:, colour, row::2, column::2]
            mosaics[:, row::2, column::2] = own + self._black[place]
        return mosaics
