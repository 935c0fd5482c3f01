"""The numbers of a rendering as tensors: one for all mosaics of a batch, or one for each."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

import torch
from torch import Tensor

from raydrift.camera.checks import SMALLEST
from raydrift.camera.rendering import Rendering
from raydrift.errors import ImageError, SettingsError

_DTYPES: Final = (torch.float32, torch.float64)


def check_mosaics(raw: Tensor) -> None:
    """Makes sure that a tensor is a batch of mosaics.

    Raises:
        ImageError: It is not (n, height, width) of at least 2 × 2, float32 or float64.
    """
    remedy = ""
    if raw.ndim != 3:
        remedy = "give a batch, (n, height, width)"
    elif raw.dtype not in _DTYPES:
        remedy = "give float32 or float64, where 1 is the full scale"
    elif min(raw.shape[1:]) < SMALLEST:
        remedy = f"give at least {SMALLEST} rows and {SMALLEST} columns"
    if remedy:
        kind = str(raw.dtype).removeprefix("torch.")
        raise ImageError("develop", f"the mosaics are {kind} {tuple(raw.shape)}: {remedy}")


def number_of(name: str, value: Any, raw: Tensor) -> Tensor:
    """A parameter as a tensor of the mosaics' dtype, on their device.

    Args:
        name: Of the parameter, for the error.
        value: A number, or a tensor of one for each mosaic.
        raw: The mosaics, (n, height, width).

    Returns:
        (1,) or (n,); gradients go through.

    Raises:
        SettingsError: There are as many as neither.
    """
    number = torch.as_tensor(value, dtype=raw.dtype, device=raw.device).reshape(-1)
    if len(number) not in (1, len(raw)):
        raise SettingsError(
            f"{name} has {len(number)} values for {len(raw)} mosaics: give one, or one for each"
        )
    return number


def numbers_of(name: str, values: Iterable[Any], raw: Tensor) -> Tensor:
    """Several parameters side by side, (1, k) or (n, k), see ``number_of``."""
    each = torch.broadcast_tensors(*(number_of(name, value, raw) for value in values))
    return torch.stack(each, dim=-1)


def is_zero(value: Any) -> bool:
    """Whether a parameter is a plain 0, so that its stage does nothing."""
    return not isinstance(value, Tensor) and value == 0


def together(renderings: Sequence[Rendering]) -> Rendering:
    """The renderings of several mosaics as one, with tensors where they differ.

    Args:
        renderings: One for each mosaic; choices (pattern, demosaicers, median) have to be alike.

    Raises:
        SettingsError: They are not.
    """
    found: dict[str, Any] = {}
    for item in fields(Rendering):
        values = [getattr(one, item.name) for one in renderings]
        alike = all(value == values[0] for value in values)
        if not alike and isinstance(values[0], str | bool):
            raise SettingsError(
                f"{item.name} is {values[0]!s} of one mosaic and another of others: give each its "
                "own batch"
            )
        found[item.name] = values[0] if alike else _side_by_side(values)
    return Rendering(**found)


def _side_by_side(values: Sequence[Any]) -> Any:
    if isinstance(values[0], tuple):
        return tuple(_side_by_side(ones) for ones in zip(*values, strict=True))
    return torch.tensor(values, dtype=torch.float64)


def chosen(rendering: Rendering, index: Tensor) -> Rendering:
    """A rendering of some mosaics of its batch."""
    return Rendering(
        **{item.name: _chosen(getattr(rendering, item.name), index) for item in fields(Rendering)}
    )


def _chosen(value: Any, index: Tensor) -> Any:
    if isinstance(value, tuple):
        return tuple(_chosen(one, index) for one in value)
    if isinstance(value, Tensor) and value.numel() > 1:
        return value[index.to(value.device)]
    return value
