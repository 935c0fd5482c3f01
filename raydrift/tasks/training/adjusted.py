"""A camera that learns, and the user's model behind it, as one network."""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from raydrift.camera import Sharpening
from raydrift.camera.differentiable import Parametrised, Unprocessed
from raydrift.drift.camera.setup import CameraSetup
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

    By default a photograph gets the difference between what this camera and the reference make of
    its mosaic, so that it begins as it is, as sharp as it is.

    Args:
        setup: The reference camera, which the other one begins as, and whether pictures are what
            the camera makes (``full``) or get what it changes. It begins with bilinear demosaicing,
            and with a 3 × 3 filter and a Gaussian if the reference sharpens.
        network: The model.
        channels: Means and standard deviations that pictures are normalised by; None: they stay.
        batch_norm: Whether the camera ends with a batch normalisation; pictures are what it makes
            then.
        body_stays: Whether the model's batch normalisations keep their statistics, as they have to
            where its last layer alone learns.

    Attributes:
        camera: The camera that learns, 132 numbers.
        network: The model.
    """

    _mean: Tensor
    _deviation: Tensor

    def __init__(
        self,
        setup: CameraSetup,
        network: nn.Module,
        channels: tuple[Channels, Channels] | None = None,
        *,
        batch_norm: bool = False,
        body_stays: bool = False,
    ) -> None:
        super().__init__()
        camera, plain = setup.camera, setup.camera.view.sharpening is Sharpening.NONE
        self._undone = Unprocessed(camera)
        self.camera = Parametrised(camera, plain=plain, batch_norm=batch_norm)
        self._reference: Parametrised | None = None
        if setup.mode == "residual" and not batch_norm:
            self._reference = Parametrised(camera, plain=plain, batch_norm=False)
            self._reference.requires_grad_(False)
        self.network = network
        self._body_stays = body_stays
        mean, deviation = channels or ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
        for name, values in (("_mean", mean), ("_deviation", deviation)):
            scale = torch.tensor(values).view(1, 3, 1, 1)
            self.register_buffer(name, scale, persistent=False)

    def train(self, mode: bool = True) -> Self:
        """As of every module, but for a model whose body stays."""
        super().train(mode)
        if self._body_stays:
            self.network.eval()
        return self

    def forward(self, given: Given | Tensor) -> Any:
        """What the model answers.

        Args:
            given: The photographs, or they and what is done to their pictures.
        """
        found = given if isinstance(given, Given) else Given(given)
        pictures = self._pictures(found.photos)
        if found.changes is not None:
            pictures = changed(pictures, found.changes)
        return self.directly(pictures)

    def _pictures(self, photos: Tensor) -> Tensor:
        mosaics = self._undone(photos)
        made: Tensor = self.camera(mosaics)
        if self._reference is None:
            return made
        added: Tensor = made - self._reference(mosaics)
        return (photos + added).clamp(0, 1)

    def directly(self, pictures: Tensor) -> Any:
        """What the model answers about pictures that are developed already.

        Args:
            pictures: RGB in [0, 1], float32 of shape (n, 3, height, width).
        """
        said = self.network((pictures - self._mean) / self._deviation)
        return said[0] if isinstance(said, tuple | list) and len(said) == 1 else said
