"""What keras-preprocessing 1.1.2 and Keras 3 make: the published numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

_FILE = Path(__file__).parents[3] / "shared" / "flows" / "oracle.npz"

LIBRARIES = ("kp112", "keras3")


def keras_numbers() -> tuple[Any, dict[str, Any]]:
    """The arrays by name, and the settings that they were made with."""
    if not _FILE.is_file():
        pytest.skip(f"no numbers of Keras at {_FILE}")
    arrays = np.load(_FILE)
    return arrays, json.loads(str(arrays["tell"]))
