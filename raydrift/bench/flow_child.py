"""A process that times flows of one generator, each time that it is asked to.

It reads a line of JSON for each: the settings of the generator. It prints one for each: the seconds
to the first batch, and the images a second of an epoch, by the clock and by the CPU.
"""

import contextlib
import io
import json
import sys
import time
from importlib import import_module
from typing import Any

import cv2


def main(generator: str, folder: str, height: int, width: int, batch_size: int) -> None:
    """Answers until there are no more lines.

    Args:
        generator: ``MODULE:CLASS``; a class of Keras' API.
        folder: Class folders of images.
        height: Of the images in batches, pixels.
        width: Likewise.
        batch_size: Images a batch.
    """
    cv2.setNumThreads(1)
    module, _, name = generator.partition(":")
    kind = getattr(import_module(module), name)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        settings = json.loads(line)
        with contextlib.redirect_stdout(io.StringIO()):
            figures = _timed(kind(**settings), folder, (height, width), batch_size)
        print(json.dumps(figures), flush=True)


def _timed(generator: Any, folder: str, size: tuple[int, int], batch_size: int) -> dict[str, float]:
    begun = time.perf_counter()
    flow = generator.flow_from_directory(
        folder, target_size=size, batch_size=batch_size, seed=1, interpolation="nearest"
    )
    next(flow)
    first = time.perf_counter() - begun
    for _ in range(len(flow) - 1):  # an epoch to get warm
        next(flow)
    clock, cpu = time.perf_counter(), time.process_time()
    for _ in range(len(flow)):
        next(flow)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    if hasattr(flow, "close"):
        flow.close()
    return {"first_s": first, "by_clock": flow.n / clock, "by_cpu": flow.n / cpu}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
