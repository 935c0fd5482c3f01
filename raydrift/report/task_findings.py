"""What the user's model gets right at each level, and where it breaks."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import Any, Final

import numpy as np
import pyarrow as pa

from raydrift import schemas
from raydrift.report.text import level_name, number
from raydrift.tasks.breaking import Breaking
from raydrift.tasks.classification import Answers, ClassificationCounts, ClassificationScores
from raydrift.tasks.task import Task

_AT_ONCE: Final = 2**16  # images that are counted


@dataclass(frozen=True)
class TaskLevel:
    """What the model gets right at a level.

    Attributes:
        level: None: of the originals.
        total: The scores of all images.
        by_class: The scores of each class's images, in the order of the classes.
        interval: The 95 % interval of accuracy; NaN where there is one image.
    """

    level: float | None
    total: ClassificationScores
    by_class: tuple[ClassificationScores, ...]
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
                    "accuracy_interval": [_or_none(end) for end in one.interval],
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
        before, last = self.levels[0].total.accuracy, self.levels[-1]
        low, high = found.level_interval
        if found.level is None:
            begins = "" if low is None else f" (though its 95 % interval begins at {number(low)})"
            return (
                f"The model does not break up to level {level_name(last.level or 0)}{begins}: "
                f"it gets {number(last.total.accuracy)} of the images right there and "
                f"{number(before)} of the originals, and at no level is more than {drop} lost."
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
            f"{said}: there its accuracy has fallen by more than {drop}, from the "
            f"{number(before)} of the originals."
        )

    @property
    def warning(self) -> str | None:
        """What is odd about the answers for the originals; None: nothing."""
        accuracy, classes = self.levels[0].total.accuracy, len(self.classes)
        if classes < 2 or accuracy > 1 / classes:
            return None
        return (
            f"It gets {number(accuracy)} of the originals right, no more than chance: look whether "
            "its classes are in the order of the input's labels, and at task.normalize."
        )


def find_task_scores(
    task: Task,
    classes: tuple[str, ...],
    answers: Sequence[Sequence[Answers]],
    levels: Sequence[float],
    divergences: Sequence[float],
    seed: int,
) -> TaskFindings:
    """Adds up what a model gets right.

    Args:
        task: What was asked of it.
        classes: What its classes are called.
        answers: Of each batch, the answers for the originals and then for each level.
        levels: The levels, rising.
        divergences: The median divergence at each.
        seed: The seed of the bootstrap.
    """
    joined = [Answers.joined(list(parts)) for parts in zip(*answers, strict=True)]
    correct = np.stack([one.correct for one in joined])
    breaking = Breaking.of(correct, levels, divergences, task.settings.drop, seed)
    found = []
    for level, one, ends in zip(
        [None, *levels], joined, breaking.accuracy_interval.tolist(), strict=True
    ):
        counts = _counted(one, len(classes))
        found.append(TaskLevel(level, counts.total, counts.by_class, (ends[0], ends[1])))
    return TaskFindings(task, classes, tuple(found), (0.0, *divergences), breaking)


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
