"""What is asked of the user's model, as workers are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raydrift.settings.task import TaskSettings
from raydrift.tasks.files import TaskFile


@dataclass(frozen=True)
class Task:
    """What is asked of a model.

    Attributes:
        file: The model.
        settings: How it is asked.
        labels: The input's distinct labels, rising: label i of them is the model's class i.
    """

    file: TaskFile
    settings: TaskSettings
    labels: tuple[int, ...]

    @property
    def identity(self) -> dict[str, Any]:
        """All that the answers and what is said of them depend on, as plain values."""
        return {
            "model": self.file.digest,
            "architecture": self.file.architecture,
            "normalize": self.settings.written_normalize,
            "batch_size": self.settings.batch_size,
            "drop": self.settings.drop,
            "ignore": self.settings.ignore,
        }

    def names(self, labels: Mapping[str, int]) -> tuple[str, ...]:
        """What the model's classes are called.

        Args:
            labels: Class name to label, as the input has them; names of one label are one class.

        >>> file = TaskFile("m.pt2", "TorchScript", None, "", b"")
        >>> task = Task(file, TaskSettings("m.pt2"), (3, 5))
        >>> task.names({"cat": 5, "dog": 3, "lion": 5})
        ('dog', 'cat, lion')
        """
        return tuple(
            ", ".join(sorted(name for name, label in labels.items() if label == one))
            for one in self.labels
        )
