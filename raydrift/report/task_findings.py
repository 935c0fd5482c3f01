"""What the user's model gets right at each level, and where it breaks."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.report.text import level_name, number
from raydrift.tasks.answers import AnyAnswers
from raydrift.tasks.breaking import RESAMPLES_OF_A_TASK, Breaking
from raydrift.tasks.classification import Answers, ClassificationCounts, ClassificationScores
from raydrift.tasks.segmentation import PixelAnswers, SegmentationScores, resampled_iou
from raydrift.tasks.task import Task

Scores = ClassificationScores | SegmentationScores
"""Of images, or of their pixels."""

_Answers = TypeVar("_Answers", Answers, PixelAnswers)

_AT_ONCE: Final = 2**16  # images that are counted


@dataclass(frozen=True)
class TaskLevel:
    """What the model gets right at a level.

    Attributes:
        level: None: of the originals.
        total: The scores of all images.
        by_class: The scores of each class's images, in the order of the classes.
        interval: The 95 % interval of the quality; NaN where there is one image.
    """

    level: float | None
    total: Scores
    by_class: tuple[Scores, ...]
    interval: tuple[float, float]


@dataclass(frozen=True)
class TaskFindings:
    """What the user's model gets right, and where it breaks.

    Attributes:
        task: What was asked of it.
        classes: What its classes are called, in its order.
        levels: The originals, and then each level, rising.
        divergences: The median ``kl_softmax`` of the batches at each, nats; 0 of the originals.
        breaking: Where it breaks.
    """

    task: Task
    classes: tuple[str, ...]
    levels: tuple[TaskLevel, ...]
    divergences: tuple[float, ...]
    breaking: Breaking

    @property
    def is_of_pixels(self) -> bool:
        """Whether the model answers for each pixel."""
        return isinstance(self.levels[0].total, SegmentationScores)

    @property
    def quality(self) -> str:
        """What is held against the drop: ``accuracy``, or ``mean IoU`` where there are masks."""
        return "mean IoU" if self.is_of_pixels else "accuracy"

    @property
    def limit(self) -> float:
        """The quality below which the model is broken."""
        return self.levels[0].total.quality - self.task.settings.drop

    @property
    def title(self) -> str:
        """The quality as a title begins with it."""
        return "Mean IoU" if self.is_of_pixels else "Accuracy"

    @property
    def other_scores(self) -> dict[str, str]:
        """What there is beside the quality: the names of the scores, and what they are called."""
        if self.is_of_pixels:
            return {}
        return {
            "f1": "macro F1",
            "nll": "negative log likelihood, nats",
            "ece": "calibration error",
        }

    def table(self) -> pa.Table:
        """A row a level and class, and one for all of them (``schemas.TASK_SCORES``)."""
        rows = []
        for one in self.levels:
            named = [(None, one.total), *zip(self.classes, one.by_class, strict=True)]
            for name, scores in named:
                plain = {key: _or_none(value) for key, value in asdict(scores).items()}
                rows.append({"level": one.level, "class_name": name, **plain})
        return pa.Table.from_pylist(rows, schema=schemas.TASK_SCORES)

    @property
    def written(self) -> dict[str, Any]:
        """The findings in a few plain values, as ``evaluation.json`` has them."""
        found = self.breaking
        return {
            "model": self.task.file.name,
            "kind": str(self.task.file.kind),
            "classes": list(self.classes),
            "drop": self.task.settings.drop,
            "levels": [
                {
                    "level": one.level,
                    **{key: _or_none(value) for key, value in asdict(one.total).items()},
                    "iou_interval" if self.is_of_pixels else "accuracy_interval": [
                        _or_none(end) for end in one.interval
                    ],
                    "divergence": _or_none(divergence),
                }
                for one, divergence in zip(self.levels, self.divergences, strict=True)
            ],
            "breaks_at": {
                "level": found.level,
                "level_interval": list(found.level_interval),
                "divergence": found.divergence,
                "divergence_interval": list(found.divergence_interval),
            },
        }

    @property
    def sentence(self) -> str:
        """Where the model breaks, in a sentence."""
        drop, found = level_name(self.task.settings.drop), self.breaking
        before, last = self.levels[0].total.quality, self.levels[-1]
        low, high = found.level_interval
        if found.level is None:
            begins = "" if low is None else f" (though its 95 % interval begins at {number(low)})"
            return (
                f"The model does not break up to level {level_name(last.level or 0)}{begins}: "
                f"its {self.quality} is {number(last.total.quality)} there and {number(before)} on "
                f"the originals, and at no level is more than {drop} lost."
            )
        said = f"The model breaks at level {number(found.level)}"
        if low is not None:
            said += f" (95 % interval {_span(low, high, self.levels[-1].level)})"
        said += f", where the median KL divergence of a batch is {number(found.divergence or 0)}"
        first, beyond = found.divergence_interval
        if first is not None and beyond is not None:
            said += f" nats ({number(first)} to {number(beyond)})"
        else:
            said += " nats"
        return (
            f"{said}: there its {self.quality} has fallen by more than {drop}, from the "
            f"{number(before)} of the originals."
        )

    @property
    def warning(self) -> str | None:
        """What is odd about the answers for the originals; None: nothing."""
        total, classes = self.levels[0].total, len(self.classes)
        if isinstance(total, SegmentationScores) or classes < 2 or total.accuracy > 1 / classes:
            return None
        accuracy = total.accuracy
        return (
            f"It gets {number(accuracy)} of the originals right, no more than chance: look whether "
            "its classes are in the order of the input's labels, and at task.normalize."
        )


def find_task_scores(
    task: Task,
    classes: tuple[str, ...],
    answers: Sequence[Sequence[AnyAnswers]],
    levels: Sequence[float],
    divergences: Sequence[float],
    seed: int,
) -> TaskFindings:
    """Adds up what a model gets right.

    Args:
        task: What was asked of it.
        classes: What its classes are called, if it answers for images.
        answers: Of each batch, the answers for the originals and then for each level.
        levels: The levels, rising.
        divergences: The median divergence at each.
        seed: The seed of the bootstrap.
    """
    drop, by_level = task.settings.drop, [*zip(*answers, strict=True)]
    if isinstance(answers[0][0], PixelAnswers):
        of_pixels = [PixelAnswers.joined(_all_of(PixelAnswers, parts)) for parts in by_level]
        counted: list[PixelAnswers | ClassificationCounts] = [*of_pixels]
        breaking = _breaking_of_pixels(of_pixels, levels, divergences, drop, seed)
        classes = _classes_of_pixels(of_pixels[0].both.shape[1])
    else:
        joined = [Answers.joined(_all_of(Answers, parts)) for parts in by_level]
        counted = [_counted(one, len(classes)) for one in joined]
        correct = np.stack([one.correct for one in joined])
        breaking = Breaking.of(correct, levels, divergences, drop, seed)
    ends = breaking.quality_interval.tolist()
    found = (
        TaskLevel(level, one.total, one.by_class, (low, high))
        for level, one, (low, high) in zip([None, *levels], counted, ends, strict=True)
    )
    return TaskFindings(task, classes, tuple(found), (0.0, *divergences), breaking)


def _all_of(kind: type[_Answers], parts: Sequence[AnyAnswers]) -> list[_Answers]:
    """The answers of all batches, which are of one kind: a model has one."""
    return [one for one in parts if isinstance(one, kind)]


def _breaking_of_pixels(
    answers: Sequence[PixelAnswers],
    levels: Sequence[float],
    divergences: Sequence[float],
    drop: float,
    seed: int,
) -> Breaking:
    quality = np.array([one.total.quality for one in answers])
    several = len(answers[0].both) > 1
    drawn = resampled_iou(answers, seed=seed, number=RESAMPLES_OF_A_TASK) if several else None
    return Breaking.of_quality(quality, drawn, levels, divergences, drop)


def _classes_of_pixels(count: int) -> tuple[str, ...]:
    """What the classes of pixels are called; with one there is no other than the foreground."""
    return ("foreground",) if count == 1 else tuple(f"label {label}" for label in range(count))


def _counted(answers: Answers, classes: int) -> ClassificationCounts:
    """The counts of any number of answers, some at a time."""
    count = len(answers.labels)
    parts = (
        ClassificationCounts.of(answers.part(at, at + _AT_ONCE), classes)
        for at in range(0, count, _AT_ONCE)
    )
    return reduce(add, parts)


def _span(low: float, high: float | None, last: float | None) -> str:
    end = f"beyond {level_name(last or 0)}" if high is None else number(high)
    return f"{number(low)} to {end}"


def _or_none(value: float) -> float | None:
    """A number as JSON and Arrow have it: they know no NaN, or know it and null apart."""
    return None if isinstance(value, float) and np.isnan(value) else value
