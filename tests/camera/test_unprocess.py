from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from raydrift.camera import (
    CFA,
    DRONE,
    MICROSCOPY,
    REFERENCE,
    Camera,
    Rendering,
    downsampled,
    render,
    unprocess,
)
from raydrift.camera.matrices import scaled_columns
from raydrift.camera.planes import interleaved, mixed
from raydrift.camera.tone import encoded
from raydrift.camera.unprocess import camera_rgb
from raydrift.drift.pixels import as_levels
from raydrift.errors import PipelineError, SettingsError

COLOURS = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)


@pytest.mark.parametrize("camera", [REFERENCE, DRONE, MICROSCOPY])
def test_without_a_mosaic_there_and_back_is_0_grey_levels(camera: Camera) -> None:
    matrix = scaled_columns(camera.colour_matrix, camera.white_balance)
    back = encoded(mixed(camera_rgb(COLOURS, camera), matrix), camera.gamma)
    assert (as_levels(255 * interleaved(back)) == COLOURS).all()


@pytest.mark.parametrize("cfa", CFA)
@pytest.mark.parametrize("grey", [0, 1, 100, 255])
def test_grey_comes_back_as_it_was(cfa: CFA, grey: int) -> None:
    photo = np.full((7, 9, 3), grey, np.uint8)
    camera = replace(DRONE, cfa=cfa)
    raw = unprocess(photo, camera)
    assert (raw.dtype, raw.shape) == (np.float32, (7, 9))
    assert (as_levels(255 * render(raw, Rendering.by(camera))) == photo).all()


def test_black_is_the_black_level_and_white_is_one_by_the_gain_above_it() -> None:
    black, white = (
        unprocess(np.full((2, 2, 3), level, np.uint8), REFERENCE).ravel() for level in (0, 255)
    )
    assert black.tolist() == [0.0625] * 4
    expected = [0.0625 + 1 / gain for gain in (2.1, 1, 1, 1.7)]
    assert white == pytest.approx(expected, abs=1e-6)


def signal_to_noise(photos: Iterator[np.ndarray], oversample: int) -> float:
    """The median, in dB."""
    rendering, found = Rendering.by(DRONE), []
    for photo in photos:
        raw = unprocess(photo, DRONE, oversample)
        assert raw.shape == (224 * oversample, 224 * oversample)
        back = as_levels(255 * downsampled(render(raw, rendering), oversample))
        found.append(10 * np.log10(255**2 / np.mean((back.astype(float) - photo) ** 2)))
    return float(np.median(found))


def some_photos(folder: Path) -> Iterator[np.ndarray]:
    """As sharp as pixels get: made smaller without averaging."""
    for path in sorted(folder.rglob("*.[jJ][pP]*[gG]"))[::8]:
        photo = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        yield cv2.resize(photo, (224, 224), interpolation=cv2.INTER_LINEAR)


@pytest.mark.parametrize(("oversample", "expected"), [(1, 24), (2, 33)])
def test_what_a_mosaic_costs(photos: Path, oversample: int, expected: float) -> None:
    found = signal_to_noise(some_photos(photos), oversample)
    assert found == pytest.approx(expected, abs=1)


def test_a_matrix_without_an_inverse_is_refused() -> None:
    camera = Camera(colour_matrix=((1, 0, 0), (1, 0, 0), (0, 0, 1)))
    with pytest.raises(SettingsError, match="give one with an inverse"):
        unprocess(COLOURS, camera)


def test_photographs_are_8_bit_rgb() -> None:
    with pytest.raises(PipelineError, match="unprocess takes uint8 RGB"):
        unprocess(COLOURS.astype(np.float32), DRONE)  # type: ignore[arg-type]
