import numpy as np

from raydrift.drift.photo.pixelate import Pixelate
from raydrift.images.scenes import draw_scene

IMAGE = draw_scene("boat", seed=0, index=0, height=60, width=90)


def test_each_large_pixel_is_the_mean_of_those_that_it_covers() -> None:
    pixelated = Pixelate().apply(IMAGE, share=0.1)
    blocks = IMAGE.reshape(6, 10, 9, 10, 3).mean(axis=(1, 3))
    expected = blocks.repeat(10, axis=0).repeat(10, axis=1)
    assert np.abs(pixelated - expected).max() < 1  # Pillow rounds for rows, and again for columns


def test_all_pixels_stay_where_all_rows_and_columns_do() -> None:
    assert (Pixelate().apply(IMAGE, share=1.0) == IMAGE).all()


def test_one_pixel_is_left_at_least() -> None:
    one = Pixelate(least=0).apply(IMAGE, share=0.0)
    assert (one == one[0, 0]).all()
