"""What the kernels of a run take without the rest: decoding, drift and PNG."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

import cv2

from raydrift.bench.inputs import load_repeated
from raydrift.drift import drift_image
from raydrift.errors import ImageError
from raydrift.images.codec import decode
from raydrift.images.png_writer import encode_png
from raydrift.settings.generate import GenerateSettings

_IMAGES: Final = 512
_ROUNDS: Final = 3


def kernel_seconds(settings: GenerateSettings, count: int, processes: int) -> float:
    """What the kernels of a run take for an image on one core, on the mean.

    As many processes as the run has workers do it at once, each with all of the images, so that
    they share caches and memory as the workers do. The best of a few rounds counts: others of the
    machine's work would only make the run look better.

    Args:
        settings: The run's settings; its transforms are applied to every image.
        count: How many images are looked at, at most 512.
        processes: How many work at once.
    """
    spawn = multiprocessing.get_context("spawn")
    work = partial(_mean, replace(settings, storage_options={}))
    counts = [min(count, _IMAGES)] * processes
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        found = [list(pool.map(work, counts)) for _ in range(_ROUNDS)]
    return min(sum(means) / len(means) for means in found)


def _mean(settings: GenerateSettings, count: int) -> float:
    cv2.setNumThreads(1)
    catalog = load_repeated(settings.input, count)
    paths = list(dict.fromkeys(catalog.table["path"].to_pylist()))
    files = [catalog.root.at(path).read_bytes(settings.image.max_bytes) for path in paths]
    seconds, done = 0.0, 0
    for sample_id, data in enumerate(files):
        start = time.perf_counter()
        with suppress(ImageError):
            image = decode(data, settings.image)
            drifted, _ = drift_image(
                image,
                settings.transforms,
                seed=settings.seed,
                sample_id=sample_id,
                profile=settings.profile,
            )
            encode_png(drifted)
            seconds, done = seconds + time.perf_counter() - start, done + 1
    return seconds / max(done, 1)
