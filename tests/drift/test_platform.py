"""Which machines make the same pixels: shown on one, with OpenCV's instructions turned down."""

import json
import os
import platform
import subprocess
import sys

import pytest

from raydrift.transforms import ImageTransform

PROGRAM = """
import hashlib, json
import numpy as np
from raydrift.drift import drift_image
from raydrift.drift.platform import pixel_platform
from raydrift.images.scenes import draw_scene
from raydrift.transforms import TransformInfo, plain_transforms

found = {}
image = draw_scene("boat", 0, 0, 224, 224)
for name in plain_transforms():
    total = hashlib.sha256()
    for sample_id in range(20):
        chain = [TransformInfo(name, 0.5)]
        total.update(drift_image(image, chain, seed=1, sample_id=sample_id)[0])
    found[name] = total.hexdigest()
print(json.dumps([pixel_platform(), found]))
"""


PHOTO = "rotate shear affine hue gaussian_blur motion_blur defocus_blur".split()  # noqa: SIM905
MAY_DIFFER = {*PHOTO, *(one for one in ImageTransform if one.startswith("isp"))}


def made(disabled: str) -> tuple[str, dict[str, str]]:
    """The kind of machine, and a digest of the pixels of each transform."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"OPENCV_CPU_DISABLE": disabled, "NPY_DISABLE_CPU_FEATURES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    kind, found = json.loads(done.stdout)
    return kind, found


@pytest.mark.skipif(platform.machine() != "x86_64", reason="of x86-64 alone")
def test_without_avx2_the_pixels_are_of_another_kind() -> None:
    kind, pixels = made("")
    if kind == "x86_64 without AVX2":
        pytest.skip("this machine has no AVX2")
    assert kind == "x86_64 with AVX2"
    assert made("AVX512-SKX") == (kind, pixels), "later instructions make the same bytes"
    older, others = made("AVX2")
    assert older == "x86_64 without AVX2"
    different = {name for name in pixels if pixels[name] != others[name]}
    assert {"rotate"} <= different <= MAY_DIFFER
