"""The network alone, without Ray: on a CPU as a worker has it, or on a GPU."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.table import Table

from raydrift.bench.tables import MedianAndRange, two_columns
from raydrift.embed.layers import flops_per_image
from raydrift.embed.weights import find_weights
from raydrift.errors import ResourcesError, SettingsError
from raydrift.images.codec import RGB
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.image import ImageSettings

if TYPE_CHECKING:
    from raydrift.embed.resnet import Embedder

_IMAGES: Final = {"cpu": 64, "cuda": 1024}  # of one call
_LEAST_S: Final = 1.0


@dataclass(frozen=True)
class EmbedderFigures:
    """How fast the network is.

    Attributes:
        device: ``cpu`` (one thread, as a worker has it) or ``cuda``.
        name: The GPU's name, if the driver tells.
        precision: ``float32`` or ``bfloat16``.
        batch_size: Images that pass the network at once.
        images: How many images one call has.
        rounds: How many rounds of calls there are, of a second at least.
        images_per_second: The median over the rounds.
        least: The slowest round's.
        most: The fastest round's.
        teraflops: At the 3.6 GFLOP that an image takes; a multiplication and an addition are two.
        first_call_seconds: Loading the network and the first call.
    """

    device: str
    name: str
    precision: str
    batch_size: int
    images: int
    rounds: int
    images_per_second: float
    least: float
    most: float
    teraflops: float
    first_call_seconds: float
    what: str = "embedder"

    def table(self) -> Table:
        """The figures as people read them."""
        rate = MedianAndRange(self.images_per_second, self.least, self.most)
        rows = [
            ("images/s", rate.shown(1)),
            ("TFLOP/s", f"{self.teraflops:.3f}"),
            ("first call", f"{self.first_call_seconds:.2f} s"),
        ]
        device = f"{self.device} ({self.name})" if self.name else self.device
        return two_columns(f"{device}, {self.precision}, batches of {self.batch_size}", rows)


def measure_embedder(
    settings: EmbeddingSettings,
    device: str = "cpu",
    rounds: int = 5,
    size: ImageSettings | None = None,
) -> EmbedderFigures:
    """Times the network on random uint8 pixels, from this process's memory and back to it.

    Args:
        settings: Precision and weights.
        device: ``cpu`` or ``cuda``.
        rounds: How often, for a second each.
        size: The size of the images; None: 224 × 224.

    Raises:
        SettingsError: There is no such device.
        ResourcesError: There is no GPU, or torch cannot use it.
        WeightsError: The weights cannot be found.
    """
    size = size or ImageSettings()
    _check(device)
    shape = (_IMAGES[device], size.height, size.width, 3)
    pixels: RGB = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    pixels.flags.writeable = False  # as they come from Ray's object store
    with _failing_as_resources(device):
        start = time.perf_counter()
        network = load_embedder(settings, device)
        network(pixels)
        first = time.perf_counter() - start
        rates = [_rate(network, pixels) for _ in range(rounds)]
    from raydrift.embed.resnet import BATCH_SIZE

    return EmbedderFigures(
        device=device,
        name=_gpu_name() if device == "cuda" else "",
        precision=settings.precision,
        batch_size=BATCH_SIZE[device],
        images=len(pixels),
        rounds=rounds,
        images_per_second=median(rates),
        least=min(rates),
        most=max(rates),
        teraflops=median(rates) * flops_per_image() / 1e12,
        first_call_seconds=first,
    )


def load_embedder(settings: EmbeddingSettings, device: str) -> "Embedder":
    """Loads the network as a worker does; on a CPU it has one thread.

    Raises:
        WeightsError: The weights cannot be found.
    """
    weights = find_weights(settings.weights, seed=0)
    from raydrift.embed.resnet import Embedder

    return Embedder(weights, settings, device, threads=1 if device == "cpu" else None)


@contextmanager
def _failing_as_resources(device: str) -> Iterator[None]:
    """Says what torch raises where there is no CUDA, or at any later call of it, in one line."""
    try:
        yield
    except (AssertionError, RuntimeError) as error:
        if device == "cpu":
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise ResourcesError(
            f"the GPU cannot be used for this ({reason}): use --device cpu"
        ) from None


def _check(device: str) -> None:
    if device not in _IMAGES:
        raise SettingsError(f"device is {device!r}: choose from: {', '.join(_IMAGES)}")


def _rate(network: "Embedder", pixels: RGB) -> float:
    calls, start = 0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < _LEAST_S:
        network(pixels)
        calls += 1
    return calls * len(pixels) / seconds


def _gpu_name() -> str:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    command = [tool, "--query-gpu=name", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.partition("\n")[0].strip()
