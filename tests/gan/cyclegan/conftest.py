"""Photographs of two domains, and one thread."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.conftest import SHARED


@pytest.fixture(scope="session")
def unpaired() -> Path:
    """250 photographs of clothes in ``a``, 250 others in ``b`` with a tint that is known."""
    folder = SHARED.parent / "gan" / "data" / "unpaired"
    if not folder.is_dir():
        pytest.skip(f"no photographs at {folder}")
    return folder


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums in one order, whatever the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def double_precision() -> Iterator[None]:
    """Networks and images in float64."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
