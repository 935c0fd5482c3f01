"""Contrast by its formula, brightness and saturation by Python's own HSV."""

import colorsys

import numpy as np
import pytest

from raydrift.drift.corruptions import corrupt
from raydrift.drift.corruptions.colour import brightness, contrast, saturate


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Any colours, greys of every level, black, white and full colours."""
    found = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    found[0] = np.arange(0, 240, 4)[:, None]
    found[1, :6] = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 1), (1, 1, 0)]
    return found


def plain(picture: np.ndarray, name: str, severity: int) -> np.ndarray:
    return corrupt(picture, name, severity, np.random.default_rng(0))


def by_hsv(picture: np.ndarray, change: object) -> np.ndarray:
    """Each pixel there and back; ``change`` takes hue, saturation and value."""
    found = [
        colorsys.hsv_to_rgb(*change(*colorsys.rgb_to_hsv(*pixel)))  # type: ignore[operator]
        for pixel in (picture.reshape(-1, 3) / 255).tolist()
    ]
    return np.array(found).reshape(picture.shape) * 255


@pytest.mark.parametrize(("severity", "factor"), [*enumerate((0.75, 0.5, 0.4, 0.3, 0.15), 1)])
def test_contrast(picture: np.ndarray, severity: int, factor: float) -> None:
    x = picture / 255
    means = np.mean(x, axis=(0, 1), keepdims=True)
    wanted = np.clip((x - means) * factor + means, 0, 1) * 255
    assert np.abs(plain(picture, "contrast", severity) - wanted).max() < 0.501


@pytest.mark.parametrize(("severity", "added"), [*enumerate((0.05, 0.1, 0.15, 0.2, 0.3), 1)])
def test_brightness(picture: np.ndarray, severity: int, added: float) -> None:
    wanted = by_hsv(picture, lambda h, s, v: (h, s, min(v + added, 1)))
    assert np.abs(plain(picture, "brightness", severity) - wanted).max() < 0.501


@pytest.mark.parametrize(
    ("severity", "factor", "added"),
    [(1, 0.3, 0), (2, 0.1, 0), (3, 1.5, 0), (4, 2, 0.1), (5, 2.5, 0.2)],
)
def test_saturate(picture: np.ndarray, severity: int, factor: float, added: float) -> None:
    wanted = by_hsv(picture, lambda h, s, v: (h, min(s * factor + added, 1), v))
    found = plain(picture, "saturate", severity)
    assert np.abs(found - wanted).max() < 0.501
    reddish = found[0, 5:, 0] > found[0, 5:, 1]  # greys above black, whose hue counts as red
    assert reddish.all() == (severity > 3)


def test_of_nothing_nothing_changes(picture: np.ndarray) -> None:
    np.testing.assert_array_equal(contrast(picture, None, 1.0), picture)
    np.testing.assert_array_equal(brightness(picture, None, 0.0), picture)
    np.testing.assert_array_equal(saturate(picture, None, (1.0, 0.0)), picture)
