"""How far each transform of a camera moves pixels, on photographs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from raydrift.drift import drift_image
from raydrift.images.codec import decode
from raydrift.images.pixels import RGB
from raydrift.settings import ImageSettings
from raydrift.transforms import ImageTransform, TransformInfo, plain_transforms
from raydrift.transforms.catalogue import published

PHOTOS = Path(__file__).parents[4] / "shared" / "data" / "photos"
ISP = [ImageTransform(one) for one in plain_transforms() if one.startswith("isp")]
DRAWS = 3  # of each photograph

MEASURED: dict[str, tuple[float, float, float]] = {
    "isp_black_level": (2.8, 11.6, 20.3),
    "isp_white_balance": (1.4, 7.4, 14.7),
    "isp_gamma": (2.8, 13.7, 26.4),
    "isp_sharpen": (1.6, 7.6, 13.6),
    "isp_denoise": (0.0, 5.9, 11.2),
    "isp_demosaic": (1.2, 5.9, 10.7),
    "isp_exposure": (2.9, 8.2, 34.3),
    "isp_noise": (2.0, 5.3, 19.1),
    "isp_bits": (0.0, 0.1, 3.5),
}
"""Mean changes in grey levels at 0.1, 0.5 and 1, which a prototype gave on other photographs."""


@pytest.fixture(scope="module")
def change() -> Callable[[str, float], float]:
    """The mean change that a transform makes, in grey levels."""
    paths = sorted(path for path in PHOTOS.rglob("*") if path.is_file())[::23][:14]
    if not paths:
        pytest.skip(f"no photographs at {PHOTOS}")
    photos = [decode(path.read_bytes(), ImageSettings()) for path in paths]

    def measured(transform: str, level: float) -> float:
        chain = [TransformInfo(ImageTransform(transform), level)]
        return float(
            np.mean(
                [
                    np.abs(drift_image(photo, chain, seed=seed, sample_id=i)[0] - photo.astype(int))
                    for i, photo in enumerate(photos)
                    for seed in range(DRAWS)
                ]
            )
        )

    return measured


@pytest.mark.parametrize("transform", ISP)
def test_a_higher_level_changes_more(
    change: Callable[[str, float], float], transform: ImageTransform
) -> None:
    levels = (0.1, 0.5, 1.0)
    found = [change(transform, level) for level in levels]
    assert found == sorted(found)
    assert found[-1] > 3
    for level, expected in zip((0.1, 0.5, 1.0), MEASURED.get(transform, ()), strict=False):
        assert found[levels.index(level)] == pytest.approx(expected, rel=0.26, abs=0.75)


@pytest.mark.parametrize("transform", ISP)
def test_only_what_jumps_says_so_begins_with_a_jump(scene: RGB, transform: ImageTransform) -> None:
    chain = [TransformInfo(transform, 1e-6)]
    drifted, _ = drift_image(scene, chain, seed=0, sample_id=0)
    if (drifted != scene).any():
        assert 0.0 in published(transform).jumps()
