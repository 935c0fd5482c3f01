"""Menon's demosaicing of batches: the choice is numpy's, what follows from it is linear."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from raydrift.camera.cfa import CFA
from raydrift.camera.demosaic.menon import (
    COLOUR_LESS_GREEN,
    COLUMN_LESS_ROW,
    MEAN,
    REFINED,
    chosen_rows,
)
from raydrift.camera.differentiable.borders import mirrored
from raydrift.camera.differentiable.filters import filtered


def menon(mosaics: Tensor, cfa: CFA) -> Tensor:
    """Demosaics as ``camera.demosaic.menon`` does, which tells of the steps.

    The choice between rows and columns has no gradient: it is a constant, as it is almost
    everywhere. It is made on the CPU.

    Args:
        mosaics: (n, height, width).
        cfa: Their pattern.

    Returns:
        Planes (n, 3, height, width).
    """
    plain = mosaics.detach().cpu().numpy()
    chosen = np.stack([chosen_rows(mosaic, cfa) for mosaic in plain])
    rows = torch.from_numpy(chosen).to(mosaics.device)
    seen_green = _places(mosaics, cfa, colour=1)

    def along(plane: Tensor, weights: npt.ArrayLike, sign: int = 1) -> Tensor:
        """Filters along the rows where they were chosen, else along the columns."""
        down = _filtered(plane, sign * np.transpose(weights))
        return torch.where(rows, _filtered(plane, weights), down)

    own = torch.where(seen_green, 0, along(mosaics, COLOUR_LESS_GREEN))
    refined = along(own, REFINED)
    both = own / 3 + refined * (2 / 3)
    along_row = mosaics + _filtered(refined, MEAN)
    along_column = mosaics + _filtered(refined, np.transpose(MEAN))
    across = mosaics + along(_filtered(both, COLUMN_LESS_ROW), MEAN, sign=-1)

    def plane(colour: int, site: tuple[int, int]) -> Tensor:
        in_row = _is_odd(mosaics, 1) == bool(site[0])
        in_column = _is_odd(mosaics, 2) == bool(site[1])
        elsewhere = torch.where(in_row, along_row, torch.where(in_column, along_column, across))
        return torch.where(_places(mosaics, cfa, colour), mosaics, elsewhere)

    return torch.stack([plane(0, cfa.red), mosaics - refined, plane(2, cfa.blue)], dim=1)


def _places(mosaics: Tensor, cfa: CFA, colour: int) -> Tensor:
    """Where a colour was seen, (height, width)."""
    height, width = mosaics.shape[1:]
    pattern = torch.tensor([one == colour for one in cfa.colours], device=mosaics.device)
    return pattern.reshape(2, 2).repeat(-(-height // 2), -(-width // 2))[:height, :width]


def _is_odd(mosaics: Tensor, axis: int) -> Tensor:
    """Of each row (axis 1) or column (2), (height, 1) or (1, width)."""
    odd = torch.arange(mosaics.shape[axis], device=mosaics.device) % 2 == 1
    return odd[:, None] if axis == 1 else odd[None]


def _filtered(plane: Tensor, weights: Any) -> Tensor:
    kernel = torch.tensor(np.asarray(weights), dtype=plane.dtype, device=plane.device)
    rows, columns = kernel.shape
    return filtered(mirrored(plane[:, None], rows // 2, columns // 2)[:, 0], kernel[None])
