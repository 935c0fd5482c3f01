"""``elastic`` against scipy's resampling, of the same draws."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from raydrift.drift.corruptions import corrupt, draws_of
from raydrift.drift.corruptions.elastic import elastic
from raydrift.drift.normals import random_bits

CONSTANTS = (
    (0, 0, 2.56),
    (1.6, 6.4, 2.24),
    (2.56, 1.92, 1.92),
    (3.2, 1.28, 1.6),
    (3.2, 0.96, 0.96),
)
"""Pixels: published as shares of 32."""


def by_scipy(picture: np.ndarray, severity: int) -> np.ndarray:
    """The published steps, the affine one too, for squares."""
    strength, sigma, most = CONSTANTS[severity - 1]
    rng, side = draws_of(3, "elastic", severity, 5), len(picture)
    middle, half = side // 2, side // 3
    before = middle + half * np.array([[1, 1], [1, -1], [-1, -1]])
    after = before + rng.uniform(-most, most, (3, 2))
    there = np.column_stack([after, np.ones(3)])
    back = np.linalg.solve(there, before)  # from where a pixel comes
    y, x = np.mgrid[:side, :side].astype(float)
    source_x, source_y = (x * a + y * b + c for a, b, c in back.T)
    image = resampled(picture.astype(float), source_y, source_x, "mirror")
    if not strength:
        return image
    dx, dy = (
        strength
        * ndimage.gaussian_filter(
            (random_bits(rng, (side, side)) + 0.5) * 2 / 65536 - 1,
            sigma,
            mode="reflect",
            truncate=3,
        )
        for _ in range(2)
    )
    return resampled(image, y + dy, x + dx, "reflect")


def resampled(image: np.ndarray, y: np.ndarray, x: np.ndarray, mode: str) -> np.ndarray:
    channels = [
        ndimage.map_coordinates(image[..., channel], [y, x], order=1, mode=mode)
        for channel in range(3)
    ]
    return np.stack(channels, axis=-1)


@pytest.mark.parametrize("side", [32, 64, 225])
@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_it_is_the_published_one(severity: int, side: int) -> None:
    picture = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    picture = cv2.GaussianBlur(picture, (0, 0), 1.0)  # far from noise, as photographs are
    found = corrupt(picture, "elastic", severity, draws_of(3, "elastic", severity, 5))
    assert np.abs(found - by_scipy(picture, severity)).max() < 0.55


def test_the_middle_of_any_picture_moves_least() -> None:
    """Of a slant alone; the mean of many pictures, of both shapes."""
    for height, width in ((40, 120), (120, 40)):
        y, x = np.mgrid[:height, :width]
        ramp = np.repeat((x + y)[..., None], 3, axis=2).astype(np.uint8)
        moved = np.mean(
            [
                np.abs(elastic(ramp, np.random.default_rng(n), (0, 0, 3.0)).astype(float) - ramp)
                for n in range(40)
            ],
            axis=(0, 3),
        )
        middle = moved[height // 2 - 5 : height // 2 + 5, width // 2 - 5 : width // 2 + 5].mean()
        assert middle < moved.mean()


def test_of_nothing_nothing_changes() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (33, 47, 3), dtype=np.uint8)
    found = elastic(picture, np.random.default_rng(1), (0, 0, 0.0))
    np.testing.assert_array_equal(found, picture)
