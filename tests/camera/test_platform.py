"""The same bytes on all machines of one kind, shown on one with instructions turned down.

What OpenCV has for AVX-512 is turned down with the rest where the machine has it. Intel's library
inside OpenCV chooses by itself, so it is turned down apart from that.
"""

import json
import os
import platform
import subprocess
import sys
from functools import cache

import pytest

PROGRAM = """
import hashlib, json, sys
import cv2, numpy as np
from dataclasses import replace
from raydrift.camera import *
from raydrift.drift.pixels import as_levels
from raydrift.drift.platform import pixel_platform

cv2.setNumThreads(int(sys.argv[1]))
y, x, channel = np.mgrid[:301, :403, :3]
photo = ((x * y // 7 + 31 * x * channel + 5 * y + 100 * (x > y)) % 256).astype(np.uint8)
digests = {}
for camera in (REFERENCE, DRONE):
    raw = unprocess(photo, camera)
    normals = np.linspace(-3, 3, raw.size, dtype=np.float32).reshape(raw.shape)
    raw = quantised(noisy(raw, SensorNoise(1e-3, 1e-5), normals, camera.black_level), 13.3)
    for view in VIEWS:
        rendering = replace(Rendering.by(replace(camera, view=view)), gamma=1.9, demosaic_share=0.7)
        picture = render(raw, rendering)
        for kind, pixels in (("float32", picture), ("uint8", as_levels(255 * picture))):
            name = f"{view.demosaicer} {kind}"
            digests.setdefault(name, hashlib.sha256()).update(pixels)
larger = downsampled(render(unprocess(photo, DRONE, 2), Rendering.by(DRONE)), 2)
digests["larger float32"] = hashlib.sha256(larger)
found = {name: digest.hexdigest()[:16] for name, digest in digests.items()}
print(json.dumps([pixel_platform(), found]))
"""

GOLDEN = {
    "x86_64 with AVX2": {
        "bi float32": "855abfdac55063fd",
        "bi uint8": "9b0aae9c40749a42",
        "ma float32": "7e087fe7cac48cc5",
        "ma uint8": "151e88201dcdf196",
        "me float32": "2acdb50a7d709a40",
        "me uint8": "001541646632dd17",
        "larger float32": "e33a008631727fa9",
    },
    "x86_64 without AVX2": {
        "bi float32": "9ac3dc8272c6d96d",
        "bi uint8": "2cb26cdd93226fb3",
        "ma float32": "73622e6f553df7c3",
        "ma uint8": "4510058087e3f53a",
        "me float32": "2574fb2851ee635b",
        "me uint8": "6300f13bbc10479a",
        "larger float32": "db03b77b7ca4bff2",
    },
}
"""How the SHA-256 of what is made begins, by the kind of machine."""

OTHERS = [
    {"OPENCV_CPU_DISABLE": "AVX512-SKX"},
    {"OPENCV_IPP": "disabled"},
    {"OPENCV_IPP": "sse42"},
    {"NPY_DISABLE_CPU_FEATURES": "X86_V4"},
    {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"},
]


@cache
def made(threads: int = 1, **turned_down: str) -> tuple[str, dict[str, str]]:
    """The kind of machine, and digests of what the camera makes."""
    own = {"OPENCV_CPU_DISABLE": "", "NPY_DISABLE_CPU_FEATURES": ""}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(threads)],
        env=os.environ | own | turned_down,
        capture_output=True,
        text=True,
        check=True,
    )
    kind, found = json.loads(done.stdout)
    return kind, found


def test_the_bytes_are_as_they_were() -> None:
    kind, found = made()
    if kind not in GOLDEN:
        pytest.skip(f"nobody has written down what {kind} makes")
    assert found == GOLDEN[kind]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="of x86-64 alone")
def test_without_avx2_they_are_too() -> None:
    kind, found = made(OPENCV_CPU_DISABLE="AVX2")
    assert kind == "x86_64 without AVX2"
    assert found == GOLDEN[kind]


def test_threads_change_nothing() -> None:
    assert made(threads=1) == made(threads=4)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="of x86-64 alone")
@pytest.mark.parametrize("turned_down", OTHERS, ids=str)
def test_later_instructions_change_nothing(turned_down: dict[str, str]) -> None:
    assert made(**turned_down) == made()
