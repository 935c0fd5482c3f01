"""What a model says of images whose labels are known."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from raydrift.errors import TaskError
from raydrift.images.pixels import RGB, Array
from raydrift.tasks.answers import AnyAnswers
from raydrift.tasks.classification import Answers, Whole
from raydrift.tasks.losses import mean_error, mean_loss
from raydrift.tasks.model import Logits, TaskModel
from raydrift.tasks.segmentation import PixelAnswers, SegmentationCounts, check_masks
from raydrift.tasks.task import Task
from raydrift.text import plural


class Scorer:
    """Asks a model about images, and holds its answers against their labels.

    Args:
        task: What is asked.
        device: As for ``TaskModel``.
        threads: As for ``TaskModel``.

    Raises:
        TaskError: The model cannot be loaded.
    """

    def __init__(self, task: Task, device: str | None = None, threads: int | None = None) -> None:
        self._name = task.file.name
        self._labels = np.array(task.labels, np.int64)
        self._ignore = task.settings.ignore
        self._model = TaskModel(task.file, task.settings, device, threads)

    def platform(self, height: int, width: int) -> str:
        """As ``TaskModel.platform``."""
        return self._model.platform(height, width)

    def __call__(
        self, pixels: RGB, labels: Sequence[int], masks: Array | None = None
    ) -> AnyAnswers:
        """Asks about images.

        Args:
            pixels: uint8 RGB of shape (n, height, width, 3).
            labels: The n labels, as the input has them.
            masks: The class of each pixel, integers of shape (n, height, width), for a model that
                answers for each pixel; None: there are none.

        Raises:
            TaskError: The model's answers are of another shape, of other classes than the input
                or its masks have, or not finite.
        """
        places = self._places(labels)
        if not len(pixels):
            return Answers.of(np.zeros((0, len(self._labels)), np.float32), places)
        return self._answers(self._model(pixels), places, masks)

    def with_loss(
        self, pixels: RGB, labels: Sequence[int], masks: Array | None = None
    ) -> tuple[AnyAnswers, float]:
        """The answers about some images, of which there is at least one, and their mean loss.

        Args:
            pixels: As for ``__call__``.
            labels: As there.
            masks: As there.
        """
        logits, places = self._model(pixels), self._places(labels)
        answers = self._answers(logits, places, masks)
        return answers, float(self._loss(torch.from_numpy(logits).double(), places, masks))

    def loss(
        self,
        pictures: Tensor,
        labels: Sequence[int],
        masks: Array | None = None,
        error: bool = False,
    ) -> Tensor:
        """The mean loss of some pictures, as a function with gradients.

        Args:
            pictures: float32 in [0, 1] of shape (n, 3, height, width), n at least 1.
            labels: As for ``__call__``.
            masks: As there.
            error: The mean error instead, see ``mean_error``.

        Raises:
            TaskError: As ``TaskModel.differentiable``, or the answers are of other classes.
        """
        logits = self._model.differentiable(pictures)
        if logits.ndim != 4 or masks is None:
            self._check_classes(logits.shape)
        else:
            self._check_masks(masks, logits.shape)
        return self._loss(logits, self._places(labels), masks, error)

    def _loss(
        self, logits: Tensor, places: Whole, masks: Array | None, error: bool = False
    ) -> Tensor:
        device, measure = logits.device, mean_error if error else mean_loss
        right = None if masks is None else torch.from_numpy(masks.astype(np.int64)).to(device)
        return measure(logits, torch.from_numpy(places).to(device), right, self._ignore)

    def _places(self, labels: Sequence[int]) -> Whole:
        """The labels, counted in the task's classes."""
        return np.searchsorted(self._labels, np.array(labels, np.int64))

    def _answers(self, logits: Logits, places: Whole, masks: Array | None) -> AnyAnswers:
        if logits.ndim == 4 and masks is not None:
            return self._segmented(self._finite(logits), masks)
        return Answers.of(self._classified(logits), places)

    def _check_masks(self, masks: Array, shape: Sequence[int]) -> None:
        """Makes sure that masks fit answers of this shape."""
        try:
            check_masks(masks, shape, self._ignore)
        except ValueError as error:
            raise TaskError(f"task {self._name!r}: {error}") from None

    def _segmented(self, logits: Logits, masks: Array) -> PixelAnswers:
        self._check_masks(masks, logits.shape)
        counts = [
            SegmentationCounts.of(logits[at : at + 1], masks[at : at + 1], self._ignore)
            for at in range(len(logits))
        ]
        return PixelAnswers.of(counts, logits.shape[1])

    def _classified(self, logits: Logits) -> Logits:
        self._check_classes(logits.shape)
        return self._finite(logits)

    def _check_classes(self, shape: Sequence[int]) -> None:
        """Makes sure that answers of this shape are for images, and of the input's classes."""
        classes = len(self._labels)
        if len(shape) == 4:
            raise TaskError(
                f"task {self._name!r}: it answers with {_written(shape)}, a class for each "
                "pixel, and the input has no masks: give --masks, or a model that answers with "
                f"(n, {classes})"
            )
        if len(shape) != 2:
            raise TaskError(
                f"task {self._name!r}: it answers with {_written(shape)}: give a model that "
                f"answers with logits, (n, {classes})"
            )
        if shape[1] != classes:
            raise TaskError(
                f"task {self._name!r}: it knows {plural(shape[1], 'class')}, and the input "
                f"has {plural(classes, 'label')}: give a model of this input's classes"
            )

    def _finite(self, logits: Logits) -> Logits:
        unknown = ~np.isfinite(logits.reshape(len(logits), -1)).all(axis=1)
        if unknown.any():
            raise TaskError(
                f"task {self._name!r}: its answers for {unknown.sum()} of {len(logits)} images "
                "are not finite: look at task.normalize, or export it again"
            )
        return logits


def _written(shape: Sequence[int]) -> str:
    return f"({', '.join(['n', *map(str, shape[1:])])})"
