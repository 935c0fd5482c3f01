"""Each kernel alone, on one core."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from rich.table import Table

from raydrift.bench.embedder import load_embedder
from raydrift.bench.inputs import load_repeated
from raydrift.bench.tables import two_columns
from raydrift.camera import (
    REFERENCE,
    Demosaicer,
    Denoising,
    Sharpening,
    View,
    develop,
    unprocess,
)
from raydrift.drift import drift_sample
from raydrift.errors import CatalogError, ImageError
from raydrift.images.codec import RGB, decode, encode_png
from raydrift.images.pixels import Sample, Twin
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.image import ImageSettings
from raydrift.transforms import TransformInfo, plain_transforms

_IMAGES: Final = 64
_EMBEDDED: Final = 32  # images a call
_LEVEL: Final = 0.5


@dataclass(frozen=True)
class KernelFigures:
    """What the kernels take.

    Attributes:
        images: How many were looked at.
        milliseconds: An image, by kernel: the median over images and rounds.
    """

    images: int
    milliseconds: dict[str, float]
    what: str = "kernels"

    def table(self) -> Table:
        """The figures as people read them."""
        rows = [(name, f"{value:.3f} ms") for name, value in self.milliseconds.items()]
        return two_columns(f"an image on one core, medians over {self.images} images", rows)


def measure_kernels(
    source: str,
    settings: ImageSettings,
    embedding: EmbeddingSettings | None = None,
    rounds: int = 5,
) -> KernelFigures:
    """Times decoding, each transform at level 0.5, the camera, encoding, and the network.

    The kernels take turns, so that a machine that is slow for a while is slow for all of them.

    Args:
        source: A folder of images; up to 64 of them are used.
        settings: The wanted size.
        embedding: The network's settings; None: it is left out.
        rounds: How often.

    Raises:
        CatalogError: There is no such folder, or nothing in it can be decoded.
        WeightsError: The network's weights cannot be found.
    """
    files, images = _decodable(source, settings)
    calls: dict[str, list[Callable[[], object]]] = {
        "decode": [partial(decode, data, settings) for data in files]
    }
    twins = [Twin(np.ascontiguousarray(image[:, ::-1]), "mirrored", 0) for image in images]
    samples = [Sample(image, twin=twin) for image, twin in zip(images, twins, strict=True)]
    for transform in plain_transforms(with_twins=True):
        info = TransformInfo(transform, _LEVEL)
        calls[str(info)] = [
            partial(drift_sample, one, [info], seed=0, sample_id=i) for i, one in enumerate(samples)
        ]
    mosaics = [unprocess(image, REFERENCE) for image in images]
    calls["unprocess"] = [partial(unprocess, image, REFERENCE) for image in images]
    for demosaicer in Demosaicer:
        view = View(demosaicer, Sharpening.UNSHARP, Denoising.GAUSSIAN)
        calls[f"develop:{view}"] = [partial(_developed, mosaic, view) for mosaic in mosaics]
    calls["encode_png"] = [partial(encode_png, image) for image in images]
    batches = dict.fromkeys(calls, 1)
    if embedding is not None:
        network, size = load_embedder(embedding, "cpu"), _EMBEDDED
        calls["embed"] = [partial(network, np.resize(images, (size, *images[0].shape)))]
        batches["embed"] = size
    taken: dict[str, list[float]] = {name: [] for name in calls}
    with _one_thread():
        for round_ in range(rounds + 1):
            for name, own in calls.items():
                seconds = [_seconds(call) / batches[name] for call in own]
                if round_:  # the first fills tables and caches
                    taken[name] += seconds
    return KernelFigures(len(images), {name: 1000 * median(own) for name, own in taken.items()})


def _decodable(source: str, settings: ImageSettings) -> tuple[list[bytes], list[RGB]]:
    catalog = load_repeated(source, _IMAGES)
    files, images = [], []
    for path in dict.fromkeys(catalog.table["path"].to_pylist()):
        with suppress(ImageError, OSError):
            data = catalog.root.at(path).read_bytes(settings.max_bytes)
            images.append(decode(data, settings))
            files.append(data)
    if not images:
        raise CatalogError(f"input {source} has no image that can be decoded: give another")
    return files, images


def _developed(mosaic: npt.NDArray[np.float32], view: View) -> object:
    return develop(
        mosaic,
        black_level=REFERENCE.black_level,
        white_balance=REFERENCE.white_balance,
        colour_matrix=REFERENCE.colour_matrix,
        view=view,
    )


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
