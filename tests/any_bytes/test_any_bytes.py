"""Whatever the bytes, ``decode`` gives an image or an ``ImageError``, in little memory."""

import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from PIL import Image

from tests.any_bytes.files import EDITED, FILES, RANDOM

Values = npt.NDArray[Any]

ROOT = Path(__file__).parents[2]
OF_THE_CODE = re.compile(r"Error\b|no reason|[Aa]ssert|object at 0x|not supported between")
"""What tells whoever has the file nothing."""

MOST_MIB = 64
"""For an image of at most 100,000 pixels."""


class Child:
    """Decodes in another process."""

    def __init__(self, max_pixels: int) -> None:
        self.max_pixels = max_pixels
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.any_bytes.child", str(self.max_pixels)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for data in FILES:  # so that no library is loaded later
            self.decode(data)

    def decode(self, data: bytes) -> dict[str, Any]:
        """What comes of some bytes."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(struct.pack("<I", len(data)) + data)
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            status = self.process.wait()
            self.close()
            self._start()
            raise AssertionError(f"the process ended with status {status}")
        told: dict[str, Any] = json.loads(answer)
        return told

    def close(self) -> None:
        """Ends the process."""
        self.process.communicate()


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    started = Child(max_pixels=100_000)
    yield started
    started.close()


@pytest.fixture(scope="module")
def child_for_large_images() -> Iterator[Child]:
    started = Child(max_pixels=4_000_000)
    yield started
    started.close()


def check(told: dict[str, Any]) -> None:
    """Asserts all that holds for any bytes."""
    assert "unforeseen" not in told
    if "image" in told:
        assert told["image"] == [True, [24, 16, 3], "uint8"]
    else:
        stage, reason = told["error"]
        assert stage == "decode"
        assert reason == " ".join(reason.split()) != ""
        assert not OF_THE_CODE.search(reason), reason
        assert len(reason) < 300
    assert told["mib"] < MOST_MIB


@pytest.mark.parametrize("number", range(len(FILES)))
def test_a_file_as_it_was_is_an_image(number: int, child: Child) -> None:
    told = child.decode(FILES[number])
    assert "image" in told, told
    check(told)


@settings(max_examples=1500)
@given(EDITED)
def test_a_file_after_some_edits(child: Child, data: bytes) -> None:
    check(child.decode(data))


@settings(max_examples=500)
@given(RANDOM)
def test_random_bytes(child: Child, data: bytes) -> None:
    check(child.decode(data))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=100_000)
@given(EDITED | RANDOM)
def test_many_more(child: Child, data: bytes) -> None:
    check(child.decode(data))


@pytest.mark.parametrize(
    ("image", "kind", "bytes_a_pixel"),
    [
        (np.zeros((2000, 2000), np.uint8), "PNG", 2),
        (np.zeros((2000, 2000, 3), np.uint8), "PNG", 5),
        (np.zeros((2000, 2000, 4), np.uint8), "PNG", 9),
        (np.zeros((2000, 2000), np.uint16), "PNG", 13),
        (np.zeros((2000, 2000), np.float32), "TIFF", 17),
    ],
    ids=["grey", "colour", "transparent", "16-bit grey", "32-bit floats"],
)
def test_a_large_image_takes_few_bytes_a_pixel(
    image: Values, kind: str, bytes_a_pixel: int, child_for_large_images: Child
) -> None:
    file = BytesIO()
    Image.fromarray(image).save(file, kind)
    told = child_for_large_images.decode(file.getvalue())
    assert "image" in told
    assert told["mib"] * 2**20 <= bytes_a_pixel * 2000 * 2000
