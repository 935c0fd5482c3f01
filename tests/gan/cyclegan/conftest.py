"""Photographs of two domains."""

from pathlib import Path

import pytest

from tests.conftest import SHARED


@pytest.fixture(scope="session")
def unpaired() -> Path:
    """250 photographs of clothes in ``a``, 250 others in ``b`` with a tint that is known."""
    folder = SHARED.parent / "gan" / "data" / "unpaired"
    if not folder.is_dir():
        pytest.skip(f"no photographs at {folder}")
    return folder
