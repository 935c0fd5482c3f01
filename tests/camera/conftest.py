"""Numbers of the published pipeline, and real mosaics."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from raydrift.camera import DRONE, MICROSCOPY, Camera

RAW = Path(__file__).parents[3] / "shared" / "raw"

Arrays = Mapping[str, np.ndarray]


@pytest.fixture(scope="session")
def oracle() -> Arrays:
    """What the published code made: mosaics, and each stage of them."""
    path = RAW / "oracle.npz"
    if not path.is_file():
        pytest.skip(f"no published numbers at {path}")
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def cameras() -> Mapping[str, Camera]:
    """The published cameras, by their names there."""
    return {"micro": MICROSCOPY, "drone": DRONE}


@pytest.fixture(scope="session")
def drone_tile() -> np.ndarray:
    """A tile of Raw-Drone in 8 bits, RGGB."""
    path = RAW / "files" / "rawdrone_256_rggb_u8.png"
    if not path.is_file():
        pytest.skip(f"no mosaic at {path}")
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[:, :, 0]
