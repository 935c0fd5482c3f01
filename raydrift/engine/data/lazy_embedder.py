"""The network of an actor that embeds."""

import socket
from typing import TYPE_CHECKING, Any

import ray

from raydrift.engine.data.shard_work import ShardJob
from raydrift.storage.made_on import check_made_on

if TYPE_CHECKING:
    from raydrift.embed.resnet import Embedder


class LazyEmbedder:
    """Loads the network at the first shard.

    Weights that are not a network's are then an error row, not a dead actor.
    """

    def __init__(self, job: ShardJob, weights: Any, on_gpu: bool) -> None:
        self._job = job
        self._weights = weights
        self._device = None if on_gpu else "cpu"
        self._threads = None if on_gpu else 1
        self._embedder: Embedder | None = None
        self.platform = ""

    def ready(self) -> "Embedder":
        """The network, on a kind of machine that makes the bytes of the run.

        Raises:
            PipelineError: It is on another kind.
            WeightsError: The weights are not those of the network.
        """
        if self._embedder is None:
            from raydrift.embed.resnet import Embedder

            weights = ray.get(self._weights)
            settings = self._job.settings.embedding
            self._embedder = Embedder(weights, settings, self._device, self._threads)
            image = self._job.settings.image
            self.platform = self._embedder.platform(image.height, image.width)
        check_made_on(self._job.made_on, {"embeddings": self.platform}, socket.gethostname())
        return self._embedder
