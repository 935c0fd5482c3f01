"""The differentiable twin of the ``isp`` transforms: from what they draw to pictures.

torch is loaded by the functions here, not by the module.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from raydrift.camera import Rendering
from raydrift.drift.camera.box import Box
from raydrift.drift.camera.setup import CameraSetup
from raydrift.drift.camera.transform import Raw
from raydrift.errors import SettingsError

if TYPE_CHECKING:
    from torch import Tensor

    from raydrift.camera.differentiable import Pictures


class Twin:
    """What drifted cameras make of a batch, as a function with gradients.

    It does what ``generate`` does with the parameters of a row of ``provenance.parquet``, but for
    the rounding to grey levels. Exposure, noise and bits are not in it. Pictures do not change
    with ``denoise`` below 0.125 pixels, nor with ``matrix`` where ``share`` is 0: who climbs
    from there needs a start in the box, see ``start``.

    Args:
        box: The transforms, and how far they go.
        pictures: The batch, see ``of_photos`` and ``of_raws``.

    >>> from raydrift.transforms import TransformInfo
    >>> box = Box.of([TransformInfo("isp_gamma", 0.5)])
    >>> photos = np.full((2, 8, 8, 3), 100, np.uint8)
    >>> twin = Twin.of_photos(box, photos)
    >>> theta = twin.start()
    >>> pictures = twin(theta)
    >>> pictures.mean().backward()
    >>> tuple(pictures.shape), tuple(theta["gamma"].grad.shape)
    ((2, 3, 8, 8), (2,))
    """

    def __init__(self, box: Box, pictures: "Pictures") -> None:
        self.box = box
        self._pictures = pictures

    @classmethod
    def of_photos(
        cls,
        box: Box,
        photos: npt.NDArray[np.uint8],
        setup: CameraSetup | None = None,
        **options: Any,
    ) -> "Twin":
        """Of photographs, which the reference camera of a run is taken to have made.

        Args:
            box: The transforms, and how far they go.
            photos: uint8 RGB, (n, height, width, 3).
            setup: The reference camera, and whether pictures are what the drifted camera makes or
                get what it changes; None: as published.
            **options: ``dtype`` and ``device``, see ``Pictures``; else float32 on the CPU.

        Raises:
            PipelineError: They are not uint8 RGB.
        """
        from raydrift.camera.differentiable import Pictures

        setup = CameraSetup() if setup is None else setup
        pictures = Pictures.of_photos(
            photos,
            setup.camera,
            residual=setup.mode == "residual",
            oversample=setup.oversample,
            **options,
        )
        return cls(box, pictures)

    @classmethod
    def of_raws(
        cls, box: Box, raws: Sequence[Raw], references: Sequence[Rendering], **options: Any
    ) -> "Twin":
        """Of raw files; pictures are what the drifted camera makes, of the mosaics' size.

        What follows in ``generate``, turning upright and resizing, is not done, and the published
        borders of ``raw.compat`` are not imitated.

        Args:
            box: The transforms, and how far they go.
            raws: Mosaics of one size, as ``drift.camera.raw.scaled_raw`` makes them.
            references: How each is developed without drift, from there too; patterns and views have
                to be alike.
            **options: ``half``, ``dtype`` and ``device``, see ``Pictures``.

        Raises:
            SettingsError: Sizes, patterns or views differ.
        """
        from raydrift.camera.differentiable import Pictures

        return cls(box, Pictures.of_raws(raws, references, **options))

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self._pictures)

    def __call__(self, parameters: "Mapping[str, Tensor]") -> "Tensor":
        """Makes the pictures of drifted cameras.

        Args:
            parameters: Those of the box by name, of each picture one, (n,); ``matrix`` (n, 3, 3).

        Returns:
            RGB in [0, 1], (n, 3, height, width), of the twin's dtype.

        Raises:
            SettingsError: A parameter is missing, is not of the box, or not one for each picture.
        """
        self._check(parameters)
        chosen = list(self.box.choices)
        choices = list(zip(*(parameters[name].tolist() for name in chosen), strict=True))

        def drifted(choice: tuple[float, ...], which: "Tensor", reference: Rendering) -> Rendering:
            numbers: dict[str, Any] = dict(zip(chosen, choice, strict=True))
            for name in self.box.spans:
                numbers[name] = parameters[name][which.to(parameters[name].device)].movedim(0, -1)
            return self.box.developed(reference, numbers)

        return self._pictures.grouped(choices or [()] * len(self), drifted)

    def start(self, rng: np.random.Generator | None = None) -> "dict[str, Tensor]":
        """Parameters to begin with; those that pictures change smoothly with ask for gradients.

        Args:
            rng: Draws them as ``generate`` does, at the levels of the box; None: those that change
                nothing.
        """
        box = self.box
        return self.parameters(
            [box.neutral() if rng is None else box.drawn(rng) for _ in range(len(self))]
        )

    def parameters(self, rows: Sequence[Mapping[str, Any]]) -> "dict[str, Tensor]":
        """Parameters from plain numbers of each picture, as a row of provenance has them.

        Args:
            rows: Those of the box; others are left out.
        """
        from raydrift.camera.differentiable import tensors_of

        names = [*self.box.spans, *self.box.choices]
        raw = self._pictures.raw
        own = [{name: row[name] for name in names} for row in rows]
        found = tensors_of(own, raw.dtype, raw.device)
        return {name: one.requires_grad_(name in self.box.spans) for name, one in found.items()}

    def project(self, parameters: "Mapping[str, Tensor]") -> None:
        """Puts parameters back into the box, in place: to be called after an optimiser's step."""
        from raydrift.camera.differentiable import rows_of, write_rows

        moving = {name: parameters[name] for name in self.box.spans}
        write_rows(moving, [self.box.nearest(row) for row in rows_of(moving)])

    def _check(self, parameters: "Mapping[str, Tensor]") -> None:
        names = [*self.box.spans, *self.box.choices]
        for name in names:
            if name not in parameters:
                raise SettingsError(f"parameters: {name} is missing: give {', '.join(names)}")
        for name, values in parameters.items():
            if name not in names:
                raise SettingsError(
                    f"parameters: {name} is not of the box: give {', '.join(names)}"
                )
            cells = (3, 3) if name == "matrix" else ()
            if tuple(values.shape) != (len(self), *cells):
                wanted = (len(self), *cells)
                raise SettingsError(
                    f"parameters: {name} is of shape {tuple(values.shape)}: give {wanted}"
                )
