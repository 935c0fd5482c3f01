"""What a model answers about pictures in a training, and what it gets right of them."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from raydrift.camera import Camera
from raydrift.errors import PipelineError, TaskError
from raydrift.images.pixels import Array
from raydrift.settings.adjust import AdjustSettings
from raydrift.tasks.classification import Answers, ClassificationCounts
from raydrift.tasks.files import TaskFile
from raydrift.tasks.segmentation import SegmentationCounts
from raydrift.tasks.training.batches import Targets, as_images
from raydrift.tasks.training.processors import Source

Counts = ClassificationCounts | SegmentationCounts

Held = tuple[Array, Targets]
"""Pictures, uint8 RGB of shape (n, height, width, 3), and what is right of them.

Of raw files they are mosaics, float32 of shape (n, height, width).
"""

Ask = Callable[[Tensor], Any]
"""From images, float32 (n, 3, height, width) in [0, 1], or mosaics, to whatever a model answers."""

_AT_ONCE: Final = 32


@dataclass(frozen=True)
class Start:
    """What every training of an adjustment begins with.

    Attributes:
        settings: How it is trained.
        file: The user's model.
        classes: How many classes the images have.
        has_masks: Whether the model answers for each pixel.
        camera: The camera of the raw files; None: the input is photographs.
    """

    settings: AdjustSettings
    file: TaskFile
    classes: int
    has_masks: bool
    camera: Camera | None = None

    @property
    def source(self) -> Source:
        """Where mosaics come from."""
        if self.camera is not None:
            raw = self.settings.run.raw
            return Source(self.camera, "mosaics", compat=raw is not None and raw.compat)
        setup = self.settings.run.profile.setup("camera")
        return Source(setup.camera, "residual" if setup.mode == "residual" else "photos")


def counts_of(ask: Ask, held: Held, start: Start, device: torch.device) -> Counts:
    """What a model gets right of some pictures; a few are in memory as floats at a time.

    Args:
        ask: Asks the model.
        held: The pictures, at least one.
        start: What is right of them.
        device: Where the model is.

    Raises:
        TaskError: Its answers are of another shape, or masks have classes that it has not.
        PipelineError: They are not finite.
    """
    total: Any = None
    for logits, targets in logits_of(ask, held, start, device):
        found = _counts(logits, targets, start)
        total = found if total is None else total + found
    counts: Counts = total
    return counts


def logits_of(
    ask: Ask, held: Held, start: Start, device: torch.device
) -> Iterator[tuple[npt.NDArray[Any], Targets]]:
    """What a model answers about some pictures, a few of them at a time, and what is right.

    Args:
        ask: Asks the model.
        held: The pictures.
        start: What is right of them.
        device: Where the model is.

    Raises:
        TaskError: Its answers are of another shape.
    """
    pixels, targets = held
    for at in range(0, len(pixels), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        images = as_images(pixels[part], device)
        with torch.inference_mode():
            yield answered(ask(images), start, images).cpu().numpy(), targets[part]


def _counts(logits: Any, targets: Targets, start: Start) -> Counts:
    if not np.isfinite(logits).all():
        raise PipelineError("the model's answers are not finite: give a smaller --lr")
    if not start.has_masks:
        return ClassificationCounts.of(Answers.of(logits, targets), start.classes)
    try:
        return SegmentationCounts.of(logits, targets, start.settings.task.ignore)
    except ValueError as error:
        raise TaskError(f"task {start.file.name!r}: {error}") from None


def answered(answers: Any, start: Start, images: Tensor) -> Tensor:
    """The answers of a model, of the shape that the task wants.

    Args:
        answers: Whatever it said.
        start: What is wanted.
        images: What it was asked about, (n, 3, height, width), or mosaics.

    Raises:
        TaskError: They are of another one.
    """
    count, height, width = len(images), *images.shape[-2:]
    wanted = f"({count}, {start.classes})"
    ok = isinstance(answers, Tensor) and answers.is_floating_point()
    shape = tuple(answers.shape) if isinstance(answers, Tensor) else ()
    if start.has_masks:
        wanted = f"({count}, classes or 1, {height}, {width})"
        ok = ok and len(shape) == 4 and (shape[0], *shape[2:]) == (count, height, width)
    else:
        ok = ok and shape == (count, start.classes)
    if not ok:
        said = shape if isinstance(answers, Tensor) else type(answers).__name__
        raise TaskError(
            f"task {start.file.name!r}: it answers {count} images with {said}, and the images "
            f"want {wanted}: give a model for them"
        )
    found: Tensor = answers
    return found.float()


def scores_of(counts: Counts) -> tuple[float, float, float]:
    """Quality, F1 and negative log likelihood; the last two are NaN of masks."""
    if isinstance(counts, SegmentationCounts):
        # Where there is no foreground and none is found, all is right.
        return float(np.nan_to_num(counts.mean_iou, nan=1.0)), math.nan, math.nan
    total = counts.total
    return total.accuracy, total.f1, total.nll
