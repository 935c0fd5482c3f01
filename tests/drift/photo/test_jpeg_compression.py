import cv2
import numpy as np
import pytest

from raydrift.drift.photo.jpeg_compression import JpegCompression
from raydrift.images.scenes import draw_scene

IMAGE = draw_scene("boat", seed=0, index=0, height=61, width=90)


@pytest.mark.parametrize("quality", [1, 5, 37, 75, 95])
def test_it_is_what_opencv_saves_and_reads(quality: int) -> None:
    _, file = cv2.imencode(".jpg", IMAGE[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    expected = cv2.imdecode(file, cv2.IMREAD_COLOR)[:, :, ::-1]
    compressed = JpegCompression().apply(IMAGE, quality=quality)
    assert np.abs(compressed.astype(int) - expected).max() <= 1


def test_the_lower_the_quality_the_farther_from_the_image() -> None:
    off = [
        np.abs(JpegCompression().apply(IMAGE, quality=quality).astype(float) - IMAGE).mean()
        for quality in (95, 50, 20, 5)
    ]
    assert off == sorted(off)


def test_the_quality_falls_from_95_to_the_lowest() -> None:
    rng = np.random.default_rng(0)
    drawn = [JpegCompression(lowest=15).draw(level, rng)["quality"] for level in (1e-9, 0.5, 1)]
    assert drawn == [95, 55, 15]
