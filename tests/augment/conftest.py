"""What the published libraries make of three photographs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ORACLE = Path(__file__).parents[3] / "shared" / "flows" / "oracle.npz"

Arrays = Mapping[str, np.ndarray]


@pytest.fixture(scope="session")
def oracle() -> Arrays:
    """The arrays that keras-preprocessing 1.1.2 (kp112) and Keras 3 (keras3) made."""
    if not ORACLE.is_file():
        pytest.skip(f"no published numbers at {ORACLE}")
    with np.load(ORACLE) as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def tell(oracle: Arrays) -> dict[str, Any]:
    """The settings that they were made with, by name."""
    found: dict[str, Any] = json.loads(str(oracle["tell"]))
    return found


@pytest.fixture(scope="session")
def image(oracle: Arrays) -> np.ndarray:
    """A photograph, float32, 24 x 32."""
    return oracle["images"][0].astype(np.float32)
