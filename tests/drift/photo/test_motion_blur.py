import numpy as np
import pytest

from raydrift.drift.photo.motion_blur import MotionBlur, line_kernel
from raydrift.images.scenes import draw_scene

IMAGE = draw_scene("boat", seed=0, index=0, height=61, width=90)


def test_along_a_row_it_is_a_plain_mean() -> None:
    """As ``fspecial("motion", 9, 0)`` prints it."""
    np.testing.assert_allclose(line_kernel(9, 0), [[0] * 9] * 4 + [[1 / 9] * 9] + [[0] * 9] * 4)


def test_at_45_degrees_it_is_what_matlab_prints() -> None:
    """``fspecial("motion", 9, 45)``, from its middle out: distances of √½ from the line."""
    kernel = line_kernel(9, 45)
    side = 1 - np.sqrt(0.5)
    total = 5 + 2 * side * 6 + 2 * (1 - (np.hypot(3, 3) - 4)) + 2 * side
    assert kernel[4, 4] == kernel[3, 5]
    assert kernel[3, 4] / kernel[4, 4] == pytest.approx(side, abs=1e-6)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert total > 5
    assert (kernel == kernel[::-1, ::-1]).all()


@pytest.mark.parametrize("length", [1, 2.5, 8, 30])
@pytest.mark.parametrize("degrees", [-90, -33, 0, 45, 71])
def test_a_weight_is_1_less_the_distance_from_the_line(length: float, degrees: float) -> None:
    kernel = line_kernel(length, degrees)
    middle, half = len(kernel) // 2, (length - 1) / 2
    direction = np.array([np.cos(np.radians(degrees)), -np.sin(np.radians(degrees))])
    steps = np.linspace(-half, half, 4001)[:, None] * direction
    distance = np.array(
        [
            [np.hypot(*(steps - [x - middle, y - middle]).T).min() for x in range(len(kernel))]
            for y in range(len(kernel))
        ]
    )
    expected = np.maximum(1 - distance, 0)
    np.testing.assert_allclose(kernel, expected / expected.sum(), atol=1e-4)


def test_lines_along_the_motion_stay_sharp() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::4] = 255
    assert (MotionBlur().apply(stripes, length=20, degrees=0) == stripes).all()
    across = MotionBlur().apply(stripes, length=20, degrees=90)
    assert across.std() < 10


def test_a_line_of_one_pixel_changes_nothing() -> None:
    for length in (0.0, 1.0):
        assert (MotionBlur().apply(IMAGE, length=length, degrees=20) == IMAGE).all()
