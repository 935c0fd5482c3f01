"""The kind of machine that pixels are made on, as far as their bytes depend on it."""

import platform
from functools import cache

import cv2


@cache
def pixel_platform() -> str:
    """The architecture, and on x86-64 whether OpenCV uses AVX2.

    OpenCV's rotation, blur and hue use fused multiplications there, and come out one grey level
    apart in a few pixels of a million without them. All machines of one kind make the same bytes.
    What OpenCV was told not to use (``OPENCV_CPU_DISABLE``) does not count as there.
    """
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if machine != "x86_64":
        return machine
    # As in "SSE *SSE4.1 *AVX2 *AVX512-SKX?"; the question mark says that it is not used.
    used = {name.lstrip("*") for name in cv2.getCPUFeaturesLine().split()}
    return f"{machine} {'with' if 'AVX2' in used else 'without'} AVX2"
