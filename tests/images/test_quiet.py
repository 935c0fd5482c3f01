"""What libraries think of broken files is not written in the midst of the progress."""

import logging
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from raydrift.errors import ImageError
from raydrift.images.codec import decode
from raydrift.images.quiet import quiet
from raydrift.settings import ImageSettings
from tests.any_bytes.files import FILES, SCENE
from tests.image_files import file_of
from tests.tiff_files import tiff_of

TIFFS = [data for data in FILES if data[:2] in (b"II", b"MM")]


def test_broken_tiffs_are_rejected_without_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for data in TIFFS:
        for _ in range(20):
            broken = bytearray(data)
            for place in rng.integers(8, len(data), 3):
                broken[place] ^= 1 << rng.integers(8)
            with suppress(ImageError):
                decode(bytes(broken), ImageSettings(24, 16, max_pixels=100_000))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "lzma"])
def test_nor_does_libtiff_write_one(compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(file_of(SCENE, "TIFF", compression=compression))
    data[20:60] = bytes(40)
    with pytest.raises(ImageError):
        decode(bytes(data), ImageSettings(24, 16))
    assert capfd.readouterr().err == ""


def test_nor_pillow_with_its_log(caplog: pytest.LogCaptureFixture) -> None:
    data = tiff_of(SCENE, 2, tags={277: [9]})
    with quiet(), pytest.raises(UnidentifiedImageError):
        Image.open(BytesIO(data))
    assert caplog.records == []


def test_loggers_are_left_as_they_were() -> None:
    log = logging.getLogger("tifffile")
    before = log.level
    with quiet():
        assert log.level == logging.CRITICAL
    assert log.level == before
