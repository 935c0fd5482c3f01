"""Parameters that were drawn for images, as tensors, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


def tensors_of(
    rows: Sequence[Mapping[str, Any]],
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> dict[str, Tensor]:
    """Parameters of several images side by side.

    Args:
        rows: Of each image the parameters by name, as ``provenance.parquet`` has them: numbers, or
            rows of numbers. All have the same names.
        dtype: Of the tensors.
        device: Where they are.

    Returns:
        By name a leaf that gradients can be asked for, (n,), or (n, 3, 3) of a matrix.

    >>> tensors_of([{"black": 0.01}, {"black": -0.02}], torch.float64)["black"]
    tensor([ 0.0100, -0.0200], dtype=torch.float64)
    """
    return {
        name: torch.tensor([row[name] for row in rows], dtype=dtype, device=device)
        for name in rows[0]
    }


def rows_of(parameters: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """The parameters of each image as plain numbers, as ``tensors_of`` takes them."""
    plain = {name: values.detach().tolist() for name, values in parameters.items()}
    images = len(next(iter(plain.values()), []))
    return [{name: values[image] for name, values in plain.items()} for image in range(images)]


def write_rows(parameters: Mapping[str, Tensor], rows: Sequence[Mapping[str, Any]]) -> None:
    """Puts plain numbers into parameters, in place: an optimiser goes on with them."""
    with torch.no_grad():
        for name, values in parameters.items():
            values.copy_(torch.tensor([row[name] for row in rows], dtype=values.dtype))
