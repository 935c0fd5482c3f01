"""A camera that learns, and the user's model behind it, as one network."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from raydrift.camera import Camera
from raydrift.camera.differentiable import Parametrised, Unprocessed
from raydrift.settings.task import Channels
from raydrift.tasks.training.augmentations import Changes, changed


@dataclass(frozen=True)
class Given:
    """What an adjusted model is given in a step.

    Attributes:
        photos: RGB in [0, 1], float32 of shape (n, 3, height, width).
        changes: What is done to the developed pictures; None: nothing.
    """

    photos: Tensor
    changes: Changes | None = None


class Adjusted(nn.Module):
    """From photographs to the answers of a model, through a camera of its own.

    A photograph is undone to the mosaic of the reference camera, developed by the camera that
    learns, and shown to the model.

    Args:
        camera: The reference camera, which the other one begins as.
        network: The model.
        channels: Means and standard deviations that pictures are normalised by; None: they stay.
        plain: Whether the camera begins without sharpening and smoothing.
        batch_norm: Whether it ends with a batch normalisation.

    Attributes:
        camera: The camera that learns, 132 numbers.
        network: The model.
    """

    _mean: Tensor
    _deviation: Tensor

    def __init__(
        self,
        camera: Camera,
        network: nn.Module,
        channels: tuple[Channels, Channels] | None = None,
        *,
        plain: bool = False,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        self._undone = Unprocessed(camera)
        self.camera = Parametrised(camera, plain=plain, batch_norm=batch_norm)
        self.network = network
        mean, deviation = channels or ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
        for name, values in (("_mean", mean), ("_deviation", deviation)):
            scale = torch.tensor(values).view(1, 3, 1, 1)
            self.register_buffer(name, scale, persistent=False)

    def forward(self, given: Given | Tensor) -> Any:
        """What the model answers.

        Args:
            given: The photographs, or they and what is done to their pictures.
        """
        found = given if isinstance(given, Given) else Given(given)
        pictures = self.camera(self._undone(found.photos))
        if found.changes is not None:
            pictures = changed(pictures, found.changes)
        return self.directly(pictures)

    def directly(self, pictures: Tensor) -> Any:
        """What the model answers about pictures that are developed already.

        Args:
            pictures: RGB in [0, 1], float32 of shape (n, 3, height, width).
        """
        return self.network((pictures - self._mean) / self._deviation)
