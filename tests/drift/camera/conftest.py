"""An image to drift."""

import pytest

from raydrift.images.pixels import RGB
from raydrift.images.scenes import draw_scene


@pytest.fixture(scope="session")
def scene() -> RGB:
    """Of an odd size, uint8."""
    return draw_scene("boat", seed=0, index=0, height=91, width=123)
