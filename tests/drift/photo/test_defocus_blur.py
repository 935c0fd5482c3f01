import numpy as np
import pytest

from raydrift.drift.photo.defocus_blur import DefocusBlur, disk_kernel
from raydrift.images.scenes import draw_scene

IMAGE = draw_scene("boat", seed=0, index=0, height=61, width=90)


def test_it_is_what_matlab_prints() -> None:
    """``fspecial("disk", 1)`` and ``fspecial("disk", 2)`` of MATLAB's image processing toolbox."""
    one = [[0.0251, 0.1453, 0.0251], [0.1453, 0.3183, 0.1453], [0.0251, 0.1453, 0.0251]]
    np.testing.assert_allclose(disk_kernel(1), one, atol=1e-4)
    row = [0.0170, 0.0381, 0.0170]
    np.testing.assert_allclose(disk_kernel(2)[0], [0, *row, 0], atol=1e-4)


@pytest.mark.parametrize("radius", [0.6, 1.7, 5, 9.99])
def test_a_weight_is_the_area_that_the_disk_covers(radius: float) -> None:
    kernel = disk_kernel(radius)
    middle = len(kernel) // 2
    fine = (np.arange(len(kernel) * 100) + 0.5) / 100 - middle - 0.5
    inside = fine[:, None] ** 2 + fine[None, :] ** 2 <= radius**2
    covered = inside.reshape(len(kernel), 100, len(kernel), 100).mean(axis=(1, 3))
    np.testing.assert_allclose(kernel, covered / covered.sum(), atol=5e-4)


def test_a_disk_inside_a_pixel_changes_nothing() -> None:
    for radius in (0.0, 0.3, 0.5):
        assert (DefocusBlur().apply(IMAGE, radius=radius) == IMAGE).all()


def test_the_border_is_reflected() -> None:
    wide = np.pad(IMAGE, ((9, 9), (9, 9), (0, 0)), "reflect")
    whole = DefocusBlur().apply(wide, radius=7.5)[9:-9, 9:-9]
    off = np.abs(DefocusBlur().apply(IMAGE, radius=7.5).astype(int) - whole)
    # OpenCV filters by a Fourier transform, which rounds otherwise at another size.
    assert off.max() <= 1
    assert np.count_nonzero(off) <= 3
