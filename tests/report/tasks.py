"""Findings of models whose answers a test can know, without a model."""

from collections.abc import Sequence

import numpy as np

from raydrift.report.task_findings import TaskFindings, find_task_scores
from raydrift.settings import TaskSettings
from raydrift.tasks.classification import Answers
from raydrift.tasks.files import TaskFile, TaskKind
from raydrift.tasks.task import Task


def answers_of(labels: np.ndarray, right: int, classes: int) -> Answers:
    """The first so many are right, each with a logit of 2, the others name the next class."""
    predicted = np.where(np.arange(len(labels)) < right, labels, (labels + 1) % classes)
    return Answers.of(2 * np.eye(classes, dtype=np.float32)[predicted], labels)


def findings_of(
    right: Sequence[int],
    levels: Sequence[float],
    divergences: Sequence[float] | None = None,
    classes: Sequence[str] = ("cat", "dog"),
    samples: int = 100,
    drop: float = 0.1,
    model: str = "m.pt2",
) -> TaskFindings:
    """Of so many images this many are right, of the originals first and then at each level."""
    labels = np.arange(samples) % len(classes)
    file = TaskFile(model, TaskKind.PROGRAM, None, "0123456789abcdef", b"")
    task = Task(file, TaskSettings(model, drop=drop), tuple(range(len(classes))))
    batch = [answers_of(labels, one, len(classes)) for one in right]
    found = levels if divergences is None else divergences
    return find_task_scores(task, tuple(classes), [batch], levels, found, seed=1)
