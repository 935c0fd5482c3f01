"""What a sample may be, and what it says where it cannot be."""

from typing import Any

import numpy as np
import pytest

from raydrift import ColourSpace, Sample
from raydrift.errors import PipelineError
from raydrift.images.pixels import check_rgb, rgb_of

RGB = np.zeros((4, 6, 3), np.uint8)
FLAT = np.zeros((4, 6), np.uint16)


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        (Sample(RGB), "uint8 srgb"),
        (Sample(RGB.astype(np.float32), space=ColourSpace.LINEAR), "float32 linear"),
        (Sample(FLAT, space=ColourSpace.GREY), "uint16 grey"),
        (Sample(FLAT, space=ColourSpace.MOSAIC), "uint16 mosaic"),
    ],
)
def test_its_kind_is_its_dtype_and_its_colour_space(sample: Sample, kind: str) -> None:
    assert sample.kind == kind


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"pixels": FLAT},
            "srgb pixels are uint16 (4, 6): give uint8, uint16 or float32 of shape "
            "(height, width, 3)",
        ),
        (
            {"pixels": RGB, "space": ColourSpace.MOSAIC},
            "mosaic pixels are uint8 (4, 6, 3): give uint8, uint16 or float32 of shape "
            "(height, width)",
        ),
        (
            {"pixels": RGB.astype(float)},
            "srgb pixels are float64 (4, 6, 3): give uint8, uint16 or float32 of shape "
            "(height, width, 3)",
        ),
        (
            {"pixels": RGB, "mask": np.zeros((6, 4), np.uint8)},
            "the mask is uint8 (6, 4): give bool, uint8, int16, uint16 or float32 of shape (4, 6)",
        ),
        (
            {"pixels": RGB, "mask": np.zeros((4, 6), np.int64)},
            "the mask is int64 (4, 6): give bool, uint8, int16, uint16 or float32 of shape (4, 6)",
        ),
        (
            {"pixels": RGB, "points": np.zeros((5, 3))},
            "the points are float64 (5, 3): give float64 of shape (n, 2)",
        ),
        (
            {"pixels": RGB, "facts": {"black": (64, 64)}},
            "fact 'black' is tuple: give a number, a text, or a list or dict of them",
        ),
        (
            {"pixels": RGB, "facts": {"matrix": np.eye(3)}},
            "fact 'matrix' is ndarray: give a number, a text, or a list or dict of them",
        ),
    ],
)
def test_what_cannot_be_is_an_error_that_says_what_can(values: dict[str, Any], told: str) -> None:
    with pytest.raises(TypeError) as caught:
        Sample(**values)
    assert str(caught.value) == told


def test_who_takes_uint8_rgb_gets_nothing_else() -> None:
    assert rgb_of(Sample(RGB), "a preview") is RGB
    with pytest.raises(PipelineError, match="a preview takes uint8 srgb pixels, not uint8 linear"):
        rgb_of(Sample(RGB, space=ColourSpace.LINEAR), "a preview")
    check_rgb(RGB[None], "the network")
    for wrong in (RGB[None].astype(np.uint16), RGB[:, :, :2], RGB[:, :, 0]):
        with pytest.raises(PipelineError, match=r"the network takes uint8 RGB .*, not uint"):
            check_rgb(wrong, "the network")
