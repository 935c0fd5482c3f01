"""Decodes what comes in at stdin, and tells what came of it and how much memory it took.

A process of its own: what crashes it or eats its memory does no harm to the tests.
"""

import json
import resource
import struct
import sys
from pathlib import Path

import numpy as np

from raydrift.errors import ImageError
from raydrift.images.codec import decode
from raydrift.settings import ImageSettings

MOST_MEMORY = 8 * 2**30  # only so that the machine survives


def peak_kib() -> int:
    """The most memory that this process had in use since the last reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def outcome(data: bytes, settings: ImageSettings) -> dict[str, object]:
    """What ``decode`` makes of some bytes."""
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = peak_kib()
    told: dict[str, object] = {}
    try:
        image = decode(data, settings)
        told["image"] = [isinstance(image, np.ndarray), image.shape, str(image.dtype)]
    except ImageError as error:
        told["error"] = [error.stage, error.reason]
    except BaseException as error:
        told["unforeseen"] = repr(error)
    told["mib"] = (peak_kib() - before) / 1024
    return told


def main() -> None:
    """Answers until stdin ends; the argument is ``max_pixels``."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    settings = ImageSettings(24, 16, max_pixels=int(sys.argv[1]), profile="convert")
    while size := sys.stdin.buffer.read(4):
        data = sys.stdin.buffer.read(*struct.unpack("<I", size))
        print(json.dumps(outcome(data, settings)), flush=True)


if __name__ == "__main__":
    main()
