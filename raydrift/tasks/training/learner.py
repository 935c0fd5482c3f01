"""One network from its first step to what it gets right."""

from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

import numpy as np
import torch

from raydrift import seeds
from raydrift.embed.platform import embedding_platform
from raydrift.embed.state import State
from raydrift.images.pixels import RGB
from raydrift.settings.train import TrainSettings
from raydrift.tasks.classification import Answers, ClassificationCounts
from raydrift.tasks.losses import dice_loss, mean_loss
from raydrift.tasks.segmentation import SegmentationCounts
from raydrift.tasks.training.batches import (
    PictureBatches,
    Targets,
    as_images,
    normalised,
    scale_of,
)
from raydrift.tasks.training.exact import exact_numbers
from raydrift.tasks.training.loop import Training
from raydrift.tasks.training.networks import make_network

Counts = ClassificationCounts | SegmentationCounts

_ASKED_AT_ONCE: Final = 32
_TRIED: Final = 4  # pictures, to tell the kind of machine


def training_seed(seed: int, split: int) -> int:
    """The seed of all that is drawn for the trainings of a split.

    They begin with the same numbers and see the same images in the same order, whichever view they
    learn from: what differs is the view.
    """
    return int(seeds.generator(seed, seeds.TRAINING, split).integers(2**64, dtype=np.uint64))


class Learner:
    """A network that learns from pictures, and is asked about others.

    Args:
        settings: The network, and how it is trained.
        classes: How many there are; of masks 1.
        state: What it begins with, of ``start_state``; None: it is drawn.
        seed: Of ``training_seed``.
        device: ``cpu``, where one thread reckons, or ``cuda``.
    """

    def __init__(
        self,
        settings: TrainSettings,
        classes: int,
        state: State | None,
        seed: int,
        device: str = "cpu",
    ) -> None:
        self._settings, self._classes, self._state, self._seed = settings, classes, state, seed
        self._device = torch.device(device)
        self._scale = scale_of(settings.channels, self._device)
        self._training = self._begun()

    def learn(
        self,
        pixels: RGB,
        targets: Targets,
        begun: bytes | None = None,
        keep: Callable[[Callable[[], bytes]], object] = lambda _: None,
    ) -> None:
        """Learns from pictures, all epochs of the settings.

        Args:
            pixels: uint8 RGB of shape (n, height, width, 3), n at least 2.
            targets: What is right of them.
            begun: What ``keep`` was given when the same training was stopped; what is not of it is
                passed over.
            keep: Is given, after each step, what makes the state to go on from.

        Raises:
            PipelineError: The loss is no number any more, or a GPU has too little memory.
        """
        if begun is not None:
            try:
                self._training.restore(begun)
            except ValueError:
                self._training = self._begun()
        with exact_numbers(self._device):
            batches = PictureBatches(pixels, targets, self._settings, self._seed, self._device)
            steps = self._settings.epochs * len(batches)
            self._training.run(batches, steps, lambda: keep(self._training.state))

    def counts(self, pixels: RGB, targets: Targets) -> Counts:
        """What it gets right of pictures, of which there may be none.

        Args:
            pixels: As for ``learn``.
            targets: What is right of them.
        """
        if self._settings.has_masks:
            return SegmentationCounts.of(self.logits(pixels), targets)
        return ClassificationCounts.of(Answers.of(self.logits(pixels), targets), self._classes)

    def logits(self, pixels: RGB) -> "np.ndarray[Any, np.dtype[np.float32]]":
        """What it answers about pictures, float32 (n, classes) or (n, 1, height, width)."""
        count, height, width = pixels.shape[:3]
        shape = (1, height, width) if self._settings.has_masks else (self._classes,)
        found = np.empty((count, *shape), np.float32)
        model = self._training.model.eval()
        with exact_numbers(self._device), torch.inference_mode():
            for at in range(0, count, _ASKED_AT_ONCE):
                images = as_images(pixels[at : at + _ASKED_AT_ONCE], self._device)
                said = model(normalised(images, self._scale))
                found[at : at + _ASKED_AT_ONCE] = said.cpu().numpy()
        return found

    def file(self, height: int, width: int) -> bytes:
        """The network as a file that ``raydrift evaluate --task`` takes.

        Of a ResNet torchvision's state dict; of a U-Net a program of ``torch.export``, for images
        of this size. Normalisation is not in it. It is made on the CPU, for machines of any kind;
        nothing can be learned or asked afterwards.
        """
        file, model = BytesIO(), self._training.model.cpu().eval()
        if not self._settings.has_masks:
            torch.save(model.state_dict(), file)
            return file.getvalue()
        images = torch.zeros(2, 3, height, width)
        shapes = ({0: torch.export.Dim("n")},)
        torch.export.save(torch.export.export(model, (images,), dynamic_shapes=shapes), file)
        return file.getvalue()

    def platform(self, height: int, width: int) -> str:
        """The kind of machine this is, as far as what is learned here depends on it.

        A checksum of what a few steps on pictures that are the same everywhere come to tells apart
        what names do not.
        """
        pixels = np.resize(np.arange(251, dtype=np.uint8), (_TRIED, height, width, 3))
        targets: Targets = np.arange(_TRIED) % self._classes
        if self._settings.has_masks:
            targets = (pixels[..., 0] > 125).astype(np.uint8)
        plain = TrainSettings(self._settings.network, 2, batch_size=_TRIED)
        tried = Learner(plain, self._classes, self._state, 0, self._device.type)
        tried.learn(pixels, targets)
        logits = tried.logits(pixels).astype(np.float64)
        return embedding_platform(self._device, torch.float32, logits)

    def _begun(self) -> Training:
        model = make_network(self._settings, self._classes, self._state, self._seed)
        model.to(self._device)
        optimizer = torch.optim.Adam(model.parameters(), self._settings.lr, fused=True)
        return Training(model, optimizer, dice_loss if self._settings.has_masks else mean_loss)
