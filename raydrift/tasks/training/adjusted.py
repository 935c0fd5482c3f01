"""A camera that learns, and the user's model behind it, as one network."""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from raydrift.camera.differentiable import Unprocessed
from raydrift.settings.adjust import NETWORK, PARAMETRIZED
from raydrift.settings.task import Channels
from raydrift.tasks.training.augmentations import Changes, changed
from raydrift.tasks.training.processors import Source, begun_camera, make_processor


@dataclass(frozen=True)
class Given:
    """What an adjusted model is given in a step.

    Attributes:
        seen: Photographs, RGB in [0, 1], float32 of shape (n, 3, height, width); or mosaics,
            float32 of shape (n, height, width).
        changes: What is done to the developed pictures; None: nothing.
    """

    seen: Tensor
    changes: Changes | None = None


class Adjusted(nn.Module):
    """From photographs or mosaics to the answers of a model, through a camera of its own.

    Args:
        source: Where mosaics come from.
        network: The model.
        channels: Means and standard deviations that pictures are normalised by; None: they stay.
        processor: What makes pictures, see ``make_processor``. Only ``parametrized`` without
            ``batch_norm`` makes the differences of ``residual``; the others make whole pictures.
        batch_norm: Whether the camera ends with a batch normalisation.
        body_stays: Whether the model's batch normalisations keep their statistics, as they have to
            where its last layer alone learns.
        seed: Of the training.

    Attributes:
        camera: What learns to make pictures.
        reference: The camera that the one that learns begins as; it stays.
        network: The model.
        shrinks: How many times smaller the pictures are than what the model is given.
    """

    _mean: Tensor
    _deviation: Tensor

    def __init__(
        self,
        source: Source,
        network: nn.Module,
        channels: tuple[Channels, Channels] | None = None,
        *,
        processor: str = PARAMETRIZED,
        batch_norm: bool = False,
        body_stays: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._sees_mosaics = source.sees == "mosaics"
        self._undone = None if self._sees_mosaics else Unprocessed(source.camera)
        self.camera = make_processor(processor, source, batch_norm, seed)
        self.reference = begun_camera(source, batch_norm=False)
        self.reference.requires_grad_(False)
        no_difference = batch_norm or processor != PARAMETRIZED
        self._adds = source.sees == "residual" and not no_difference
        self._spans = not batch_norm and processor != NETWORK
        self.shrinks = 1 if processor == PARAMETRIZED else 2
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
            given: The photographs or mosaics, or they and what is done to their pictures.
        """
        found = given if isinstance(given, Given) else Given(given)
        pictures = self.pictures(found.seen)
        if found.changes is not None:
            pictures = changed(pictures, found.changes, self._spans)
        return self.answers(pictures)

    def pictures(self, seen: Tensor) -> Tensor:
        """What the camera makes, (n, 3, height, width); of some processors half as high and wide.

        Args:
            seen: Photographs or mosaics, as of ``Given``.
        """
        mosaics = seen if self._undone is None else self._undone(seen)
        made: Tensor = self.camera(mosaics)
        if not self._adds:
            return made
        added: Tensor = made - self.reference(mosaics)
        return (seen + added).clamp(0, 1)

    def directly(self, seen: Tensor) -> Any:
        """What the model answers without any camera that learns.

        Args:
            seen: Photographs, which it is shown as they are; or mosaics, of which it is shown what
                the camera makes that the other one begins as.
        """
        return self.answers(self.reference(seen) if self._sees_mosaics else seen)

    def answers(self, pictures: Tensor) -> Any:
        """What the model answers about developed pictures.

        Args:
            pictures: RGB in [0, 1], float32 of shape (n, 3, height, width).
        """
        said = self.network((pictures - self._mean) / self._deviation)
        return said[0] if isinstance(said, tuple | list) and len(said) == 1 else said
