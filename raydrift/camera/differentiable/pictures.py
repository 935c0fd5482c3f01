"""Pictures of a batch: what a drifted camera makes of its mosaics, or adds to its photographs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from raydrift.camera.camera import Camera
from raydrift.camera.differentiable.numbers import chosen, together
from raydrift.camera.differentiable.rendering import render
from raydrift.camera.differentiable.tone import clipped
from raydrift.camera.rendering import Rendering
from raydrift.camera.unprocess import unprocess
from raydrift.errors import SettingsError


class Pictures:
    """Renders the mosaics of a batch by any drifted camera.

    Args:
        raw: The mosaics, (n, height · oversample, width · oversample).
        reference: How the reference camera develops them.
        photos: What the mosaics were made of, in [0, 1], (n, 3, height, width): each gets the
            difference between what the drifted camera and the reference make of its mosaic. None:
            pictures are what the drifted camera makes.
        oversample: Of how many times as many rows and columns the mosaics are.
        half: As for ``render``.
    """

    def __init__(
        self,
        raw: Tensor,
        reference: Rendering,
        photos: Tensor | None = None,
        oversample: int = 1,
        half: bool = False,
    ) -> None:
        self.raw, self.reference, self._photos = raw, reference, photos
        self._oversample, self._half = oversample, half
        self._before: Tensor | None = None
        if photos is not None:
            with torch.no_grad():
                self._before = self._rendered(raw, reference)

    @classmethod
    def of_photos(
        cls,
        photos: npt.NDArray[np.uint8],
        camera: Camera,
        *,
        residual: bool = True,
        oversample: int = 1,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> "Pictures":
        """Of photographs, which are undone to the mosaics of a camera.

        Args:
            photos: uint8 RGB, (n, height, width, 3).
            camera: The reference camera.
            residual: Add differences to the photographs.
            oversample: As for ``unprocess``.
            dtype: float32 or float64.
            device: Where pictures are made; None: on the CPU.

        Raises:
            PipelineError: A photograph is not uint8 RGB.
            SettingsError: The camera's matrix has no inverse, or there are no photographs.
        """
        if not len(photos):
            raise SettingsError("there are no photographs: give at least one")
        raw = _stacked([unprocess(photo, camera, oversample) for photo in photos], dtype, device)
        levels = torch.from_numpy(np.ascontiguousarray(photos)).to(device)
        added = levels.permute(0, 3, 1, 2).to(dtype).div(255).contiguous() if residual else None
        return cls(raw, Rendering.by(camera), added, oversample)

    @classmethod
    def of_raws(
        cls,
        raws: Sequence[npt.NDArray[np.float32]],
        references: Sequence[Rendering],
        *,
        half: bool = False,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> "Pictures":
        """Of mosaics of one size, each with its own reference.

        Args:
            raws: float32, (height, width); 1 is the full scale.
            references: One for each; choices (pattern, demosaicers, median) have to be alike.
            half: As for ``render``.
            dtype: float32 or float64.
            device: Where pictures are made; None: on the CPU.

        Raises:
            SettingsError: Sizes or choices differ.
        """
        if len({raw.shape for raw in raws}) != 1:
            shapes = ", ".join(sorted({str(raw.shape) for raw in raws})) or "none at all"
            raise SettingsError(f"mosaics are {shapes}: give at least one, all of one size")
        return cls(_stacked(raws, dtype, device), together(references), half=half)

    def __len__(self) -> int:
        return len(self.raw)

    def by(self, drifted: Rendering, which: Tensor | None = None) -> Tensor:
        """The pictures of a drifted camera, not rounded to grey levels.

        Args:
            drifted: How it develops; a number, or a tensor of one for each mosaic.
            which: Indices of the mosaics; None: all.

        Returns:
            RGB in [0, 1], (n, 3, height, width), of the mosaics' dtype.
        """
        if which is None:
            which = torch.arange(len(self), device=self.raw.device)
        whole = len(which) == len(self)
        found = self._rendered(self.raw if whole else self.raw[which], drifted)
        if self._photos is None or self._before is None:
            return found
        photos, before = self._photos, self._before
        if not whole:
            photos, before = photos[which], before[which]
        return clipped(photos + (found - before), 0, 1)

    def grouped(
        self, choices: Sequence[Any], drifted: Callable[[Any, Tensor, Rendering], Rendering]
    ) -> Tensor:
        """The pictures of drifted cameras that differ in more than numbers.

        Args:
            choices: Of each mosaic; those with equal ones are rendered together.
            drifted: From a choice, the indices of its mosaics and their reference to how they are
                developed.

        Returns:
            As ``by``, in the order of the mosaics.
        """
        different = list(dict.fromkeys(choices))
        parts, indices = [], []
        for choice in different:
            own = [place for place, one in enumerate(choices) if one == choice]
            which = torch.tensor(own, device=self.raw.device)
            reference = self.reference if len(different) == 1 else chosen(self.reference, which)
            parts.append(self.by(drifted(choice, which, reference), which))
            indices.append(which)
        if len(parts) == 1:
            return parts[0]
        order = torch.argsort(torch.cat(indices))
        return torch.cat(parts)[order]

    def _rendered(self, raw: Tensor, rendering: Rendering) -> Tensor:
        found = render(raw, rendering, self._half)
        return found if self._oversample == 1 else avg_pool2d(found, self._oversample)


def _stacked(
    mosaics: Sequence[npt.NDArray[np.float32]],
    dtype: torch.dtype,
    device: torch.device | str | None,
) -> Tensor:
    return torch.from_numpy(np.stack(mosaics)).to(device, dtype)
