"""The user's model of an actor that measures."""

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import ray

from raydrift.engine.data.shard_work import ShardJob
from raydrift.images.pixels import RGB, Array
from raydrift.tasks.answers import AnyAnswers

if TYPE_CHECKING:
    from raydrift.tasks.scorer import Scorer


class LazyTask:
    """Loads the model when it is first asked, as ``LazyEmbedder`` its network.

    A file that is no model is then an error row, not a dead actor. Threads take turns.

    Args:
        job: What workers are told.
        task: A reference to the ``Task``.
        on_gpu: Whether the actor has a GPU.
    """

    def __init__(self, job: ShardJob, task: Any, on_gpu: bool) -> None:
        self._job = job
        self._task = task
        self._device = None if on_gpu else "cpu"
        self._threads = None if on_gpu else 1
        self._scorer: Scorer | None = None
        self._lock = Lock()

    def __call__(self, pixels: RGB, labels: Sequence[int], masks: Array | None) -> AnyAnswers:
        """Asks about images, see ``Scorer``.

        Raises:
            TaskError: The file is no model, or not one of this task.
        """
        with self._lock:
            return self._ready()(pixels, labels, masks)

    def platform(self) -> str:
        """What the kind of machine is known by, as far as the model's answers depend on it."""
        image = self._job.settings.image
        with self._lock:
            return f"task {self._ready().platform(image.height, image.width)}"

    def _ready(self) -> "Scorer":
        if self._scorer is None:
            from raydrift.tasks.scorer import Scorer

            self._scorer = Scorer(ray.get(self._task), self._device, self._threads)
        return self._scorer
