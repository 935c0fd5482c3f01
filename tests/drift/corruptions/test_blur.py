"""Blur against scipy, by which the published pictures were made."""

import numpy as np
import pytest
from scipy import ndimage

from raydrift.drift.corruptions import corrupt
from raydrift.drift.corruptions.blur import gaussian_blur, zoom_blur

SIGMAS = (0.4, 0.6, 0.7, 0.8, 1.0)
FACTORS = (1.06, 1.11, 1.16, 1.21, 1.26)
COUNTS = (7, 12, 16, 21, 26)
"""How many factors ``numpy.arange`` makes of those: it rounds twice beyond the end."""


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def plain(picture: np.ndarray, name: str, severity: int) -> np.ndarray:
    return corrupt(picture, name, severity, np.random.default_rng(0))


def zoomed(picture: np.ndarray, factor: float) -> np.ndarray:
    """As published, for squares."""
    side = len(picture)
    kept = int(np.ceil(side / factor))
    top = (side - kept) // 2
    part = picture[top : top + kept, top : top + kept]
    found = ndimage.zoom(part, (factor, factor, 1), order=1)
    trim = (len(found) - side) // 2
    return found[trim : trim + side, trim : trim + side]


@pytest.mark.parametrize(("severity", "sigma"), [*enumerate(SIGMAS, 1)])
def test_gaussian_blur_is_scipys_with_a_repeated_border(severity: int, sigma: float) -> None:
    picture = noise(40, 57)
    wanted = ndimage.gaussian_filter(
        picture.astype(float), (sigma, sigma, 0), mode="nearest", truncate=4
    )
    found = plain(picture, "gaussian_blur", severity)
    assert np.abs(found - wanted).max() < 0.501


@pytest.mark.parametrize("side", [32, 57, 224])
@pytest.mark.parametrize(("severity", "most"), [*enumerate(FACTORS, 1)])
def test_zoom_blur_is_the_mean_of_scipys_zooms(severity: int, most: float, side: int) -> None:
    picture = noise(side, side)
    factors = np.arange(1, most, 0.01)
    assert len(factors) == COUNTS[severity - 1]
    original = picture.astype(float)
    wanted = (original + sum(zoomed(original, factor) for factor in factors)) / (len(factors) + 1)
    found = plain(picture, "zoom_blur", severity)
    assert np.abs(found - wanted).max() < 0.51


def test_a_picture_that_is_no_square_is_zoomed_about_its_middle() -> None:
    """The mean of rows depends on the rows alone, and that of columns on the columns."""
    rows = noise(24, 24)[:, :1].repeat(70, axis=1)
    square = noise(24, 24)[:, :1].repeat(24, axis=1)
    wide, found = (plain(one, "zoom_blur", 5) for one in (rows, square))
    np.testing.assert_array_equal(wide[:, :24], found)
    np.testing.assert_array_equal(
        plain(rows.transpose(1, 0, 2).copy(), "zoom_blur", 5), wide.transpose(1, 0, 2)
    )


def test_what_is_flat_stays_to_the_border() -> None:
    picture = np.full((19, 44, 3), (3, 130, 255), np.uint8)
    for severity in range(1, 6):
        for name in ("gaussian_blur", "zoom_blur"):
            np.testing.assert_array_equal(plain(picture, name, severity), picture)


def test_of_nothing_nothing_changes() -> None:
    picture = noise(31, 20)
    np.testing.assert_array_equal(gaussian_blur(picture, None, 0.0), picture)
    np.testing.assert_array_equal(zoom_blur(picture, None, 1.005), picture)
