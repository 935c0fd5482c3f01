"""The network of an actor that embeds."""

import socket
import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ray

from raydrift.engine.data.shard_work import ShardJob
from raydrift.images.pixels import Array
from raydrift.storage.made_on import check_made_on

if TYPE_CHECKING:
    from raydrift.embed.resnet import Embedder


class LazyEmbedder:
    """Loads the network at the first shard.

    Weights that are not a network's are then an error row, not a dead actor. Threads take turns.

    Args:
        job: What workers are told.
        weights: A reference to the weights.
        on_gpu: Whether the actor has a GPU.
        beside: Says what the kind of machine is known by beside the network's embeddings.

    Attributes:
        platform: The kind of machine that this is, once the network is there.
    """

    def __init__(
        self,
        job: ShardJob,
        weights: Any,
        on_gpu: bool,
        beside: Callable[[], str] | None = None,
    ) -> None:
        self._job = job
        self._weights = weights
        self._device = None if on_gpu else "cpu"
        self._threads = None if on_gpu else 1
        self._embedder: Embedder | None = None
        self._beside = beside
        self._lock = Lock()
        self.platform = ""

    def __call__(self, pixels: Array) -> tuple[npt.NDArray[np.float64], float]:
        """Embeds images, see ``Embedder``.

        Returns:
            The embeddings, and the seconds that the network took.

        Raises:
            PipelineError: It is on another kind of machine than the run was begun on.
            WeightsError: The weights are not those of the network.
        """
        with self._lock:
            network, clock = self._ready(), time.perf_counter()
            return network(pixels), time.perf_counter() - clock

    def _ready(self) -> "Embedder":
        """The network, on a kind of machine that makes the bytes of the run."""
        if self._embedder is None:
            from raydrift.embed.resnet import Embedder

            weights = ray.get(self._weights)
            settings = self._job.settings.embedding
            self._embedder = Embedder(weights, settings, self._device, self._threads)
            image = self._job.settings.image
            self.platform = self._embedder.platform(image.height, image.width)
            if self._beside is not None:
                self.platform += f", {self._beside()}"
        check_made_on(self._job.made_on, {"embeddings": self.platform}, socket.gethostname())
        return self._embedder
