"""From the pixels of images to their embeddings, on a CPU or a GPU."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from raydrift.embed.layers import INPUT_SIZE
from raydrift.embed.network import Network
from raydrift.embed.platform import embedding_platform
from raydrift.embed.state import load_state
from raydrift.embed.weights import Weights
from raydrift.images.pixels import RGB, check_rgb
from raydrift.schemas import EMBEDDING_SIZE
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.task import IMAGENET

BATCH_SIZE: Final = {"cpu": 8, "cuda": 128}
"""The most images that pass the network at once, by device.

On a CPU what lies between two layers should stay in the cache, and small shards should not be
padded by much; a GPU has to be filled.
"""

_PIXELS_AT_ONCE: Final = 2**27
"""Larger images than 1024 x 1024 come in smaller batches; as float32 these are 1.5 GiB."""

_MEAN, _DEVIATION = IMAGENET

_Forward = Callable[[Tensor], Tensor]


class Embedder:
    """Turns pixels into embeddings.

    An image's embedding depends on the image alone: every call of the network has the same number
    of images, whichever they are, so it does not matter with which ones an image comes. Nor does
    its place among them matter: on a GPU, where cuDNN may compute some places in another way, the
    batch is halved until all places agree.

    Args:
        weights: What ``find_weights`` found.
        settings: Precision and normalisation.
        device: ``cpu`` or a CUDA device; None: the GPU if there is one, else the CPU.
        threads: CPU threads that the network may use; None: as many as torch likes.

    Raises:
        WeightsError: The file is not a ResNet18 state dict.
    """

    def __init__(
        self,
        weights: Weights,
        settings: EmbeddingSettings,
        device: str | None = None,
        threads: int | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._batch = BATCH_SIZE[self._device.type]
        self._type = torch.bfloat16 if settings.precision == "bfloat16" else torch.float32
        # The network sees 0 to 255: its first convolution holds the scale. What is subtracted
        # cannot be folded in, for the zeros around an image are zeros after it.
        scale = torch.full((3,), 1 / 255, dtype=torch.float64)
        self._offset: Tensor | None = None
        if settings.normalize:
            scale /= torch.tensor(_DEVIATION, dtype=torch.float64)
            self._offset = (255 * torch.tensor(_MEAN, device=self._device)).view(1, 3, 1, 1)
        with self._ready():
            state = load_state(weights)
            self._network = Network(state, scale, self._device, self._type, self._batch)
        self._batch_buffers: _BatchBuffers | None = None

    def platform(self, height: int, width: int) -> str:
        """The kind of machine this is, see ``embedding_platform``.

        Args:
            height: The height of the images that will come, pixels.
            width: The width, pixels.
        """
        shape = (self._batch_of(height, width), height, width, 3)
        images = np.resize(np.arange(251, dtype=np.uint8), shape)
        return embedding_platform(self._device, self._type, self(images))

    def __call__(self, pixels: RGB) -> npt.NDArray[np.float64]:
        """Embeds images.

        Args:
            pixels: uint8 RGB of shape (n, height, width, 3).

        Returns:
            float64 of shape (n, 512).

        Raises:
            PipelineError: The pixels are of another kind.
        """
        check_rgb(pixels, "the network")
        height, width = pixels.shape[1:3]
        shape = (self._batch_of(height, width), height, width, 3)
        with self._ready():
            if self._batch_buffers is None or self._batch_buffers.shape[1:] != shape[1:]:
                self._batch_buffers = None  # gives its memory back, before the next one takes some
                self._batch_buffers = self._buffers_for(shape)
            return self._batch_buffers.run(pixels)

    def _batch_of(self, height: int, width: int) -> int:
        """The most images of a size at once: the batch size, or one of its halves."""
        size = self._batch
        while size > 1 and size * height * width > _PIXELS_AT_ONCE:
            size //= 2
        return size

    def _buffers_for(self, shape: tuple[int, int, int, int]) -> "_BatchBuffers":
        """Of the largest batch, no larger than ``shape``, in which all places agree."""
        buffers = _BatchBuffers(self._embed, shape, self._device)
        if self._device.type == "cpu":
            return buffers
        size, *image = shape
        noise = np.random.default_rng(0).integers(0, 256, image, np.uint8)
        alike = buffers.run(np.broadcast_to(noise, shape))
        if size == 1 or np.array_equal(alike, np.broadcast_to(alike[0], alike.shape)):
            return buffers
        del buffers
        return self._buffers_for((size // 2, *shape[1:]))

    def _embed(self, pixels: Tensor) -> Tensor:
        """From uint8 of shape (n, height, width, 3) to float64 of shape (n, 512)."""
        images = pixels.permute(0, 3, 1, 2)  # channels last in memory, as the network wants them
        if images.shape[-2:] != (INPUT_SIZE, INPUT_SIZE):
            wanted = (INPUT_SIZE, INPUT_SIZE)
            images = interpolate(images.float(), wanted, mode="bilinear", antialias=True)
        if self._offset is not None:
            images = images.float() - self._offset
        images = images.to(self._type, memory_format=torch.channels_last)
        return self._network(images).double()

    @contextmanager
    def _ready(self) -> Iterator[None]:
        """On the device, with nothing kept for gradients; on a GPU, float32 is not TF32.

        Not ``inference_mode``: a first CUDA graph recorded in it may be the last one outside it.
        """
        with torch.no_grad():
            if self._device.type != "cuda":
                yield
                return
            exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
            with torch.cuda.device(self._device), exact:
                yield


class _BatchBuffers:
    """The way of images of one size to the device and back.

    There are two buffers, so that a GPU copies a batch while the network sees the one before, and
    the host fills the next. On a CPU the same steps follow each other: torch has streams and events
    for it that do nothing, and a buffer is its own copy.

    Args:
        forward: The network, from a batch's pixels to float64 of shape (n, 512).
        shape: The shape of a batch's pixels.
        device: Where it runs.
    """

    def __init__(
        self, forward: _Forward, shape: tuple[int, int, int, int], device: torch.device
    ) -> None:
        self.shape = shape
        on_gpu = device.type == "cuda"
        self._kind: Any = torch.cuda if on_gpu else torch.cpu
        self._pinned = on_gpu
        self._copies = self._kind.Stream()
        self._buffers = [_Buffer(shape, device) for _ in range(2)]
        self._forward = _Recorded(forward, self._buffers[0].images) if on_gpu else forward

    def run(self, pixels: RGB) -> npt.NDArray[np.float64]:
        """Embeds any number of images; the last batch is filled up with what was there before."""
        count, size = len(pixels), self.shape[0]
        kind = self._kind
        shape = (count, EMBEDDING_SIZE)
        found = torch.empty(shape, dtype=torch.float64, pin_memory=self._pinned)
        for start in range(0, count, size):
            batch = pixels[start : start + size]
            buffer = self._buffers[start // size % 2]
            buffer.free.synchronize()
            buffer.staged.numpy()[: len(batch)] = batch
            with kind.stream(self._copies):
                buffer.images.copy_(buffer.staged, non_blocking=True)
                buffer.filled.record()
            kind.current_stream().wait_event(buffer.filled)
            embeddings = self._forward(buffer.images)[: len(batch)]
            found[start : start + size].copy_(embeddings, non_blocking=True)
            buffer.free.record()
        for buffer in self._buffers:
            buffer.free.synchronize()
        return found.numpy()


class _Buffer:
    """A batch's pixels on the host and on the device.

    ``filled`` happens when they are on the device, ``free`` when their embeddings are on the host.
    """

    def __init__(self, shape: tuple[int, ...], device: torch.device) -> None:
        on_gpu = device.type == "cuda"
        self.staged = torch.zeros(shape, dtype=torch.uint8, pin_memory=on_gpu)
        self.images = self.staged.to(device)
        self.filled, self.free = _event(on_gpu), _event(on_gpu)


def _event(on_gpu: bool) -> Any:
    """Who waits for it sleeps: the core belongs to those who drift."""
    return torch.cuda.Event(blocking=True) if on_gpu else torch.cpu.Event()


class _Recorded:
    """A function of one tensor as a CUDA graph: one launch in the place of dozens.

    Its result lies where the last one lay.
    """

    def __init__(self, function: _Forward, example: Tensor) -> None:
        self._input = example.clone()
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # what is chosen at the first call is not recorded
            function(self._input)
            function(self._input)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=aside):
            self._output = function(self._input)
        torch.cuda.current_stream().wait_stream(aside)

    def __call__(self, argument: Tensor) -> Tensor:
        self._input.copy_(argument)
        self._graph.replay()
        return self._output
