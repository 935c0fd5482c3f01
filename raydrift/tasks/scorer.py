"""What a model says of images whose labels are known."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from raydrift.errors import TaskError
from raydrift.images.pixels import RGB
from raydrift.tasks.classification import Answers
from raydrift.tasks.model import Logits, TaskModel
from raydrift.tasks.segmentation import SegmentationCounts
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
        self._model = TaskModel(task.file, task.settings, device, threads)

    def platform(self, height: int, width: int) -> str:
        """As ``TaskModel.platform``."""
        return self._model.platform(height, width)

    def __call__(self, pixels: RGB, labels: Sequence[int]) -> Answers:
        """Asks about images.

        Args:
            pixels: uint8 RGB of shape (n, height, width, 3).
            labels: The n labels, as the input has them.

        Raises:
            TaskError: The model's answers are of another shape, of other classes than the input
                has, or not finite.
        """
        places = np.searchsorted(self._labels, np.array(labels, np.int64))
        if not len(pixels):
            return Answers.of(np.zeros((0, len(self._labels)), np.float32), places)
        return Answers.of(self._classified(self._model(pixels)), places)

    def segmented(
        self, pixels: RGB, masks: npt.NDArray[np.integer]
    ) -> tuple[SegmentationCounts, ...]:
        """Asks about the pixels of images.

        Args:
            pixels: uint8 RGB of shape (n, height, width, 3).
            masks: The class of each pixel, as for ``SegmentationCounts.of``.

        Returns:
            The counts of each image.

        Raises:
            TaskError: The model's answers are of another shape, of other classes than the masks
                have, or not finite.
        """
        if not len(pixels):
            return ()
        logits = self._finite(self._model(pixels))
        if logits.ndim != 4:
            raise TaskError(
                f"task {self._name!r}: it answers with {_written(logits)}: give a model that "
                "answers for each pixel, (n, classes, height, width)"
            )
        try:
            return tuple(
                SegmentationCounts.of(logits[at : at + 1], masks[at : at + 1])
                for at in range(len(pixels))
            )
        except ValueError as error:
            raise TaskError(f"task {self._name!r}: {error}") from None

    def _classified(self, logits: Logits) -> Logits:
        classes = len(self._labels)
        if logits.ndim == 4:
            raise TaskError(
                f"task {self._name!r}: it answers with {_written(logits)}, a class for each "
                "pixel, and the input has labels, not masks: give a model that answers with "
                f"(n, {classes})"
            )
        if logits.ndim != 2:
            raise TaskError(
                f"task {self._name!r}: it answers with {_written(logits)}: give a model that "
                f"answers with logits, (n, {classes})"
            )
        if logits.shape[1] != classes:
            raise TaskError(
                f"task {self._name!r}: it knows {plural(logits.shape[1], 'class')}, and the input "
                f"has {plural(classes, 'label')}: give a model of this input's classes"
            )
        return self._finite(logits)

    def _finite(self, logits: Logits) -> Logits:
        unknown = ~np.isfinite(logits.reshape(len(logits), -1)).all(axis=1)
        if unknown.any():
            raise TaskError(
                f"task {self._name!r}: its answers for {unknown.sum()} of {len(logits)} images "
                "are not finite: look at task.normalize, or export it again"
            )
        return logits


def _written(logits: Logits) -> str:
    return f"({', '.join(['n', *map(str, logits.shape[1:])])})"
