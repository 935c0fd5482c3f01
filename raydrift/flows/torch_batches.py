"""The batches of a flow as tensors of PyTorch."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from raydrift.errors import SettingsError
from raydrift.flows.flow_batch import FlowBatch

Device = torch.device | str | None
Scale = float | Sequence[float]

_WHITE = 255.0


@dataclass(frozen=True, eq=False)
class TorchBatch:
    """Some augmented images as tensors.

    Attributes:
        images: float32 of shape (n, 3, height, width), channels last in memory: pixels from 0 to 1,
            less the mean, divided by the deviation.
        labels: int64 of shape (n,).
        masks: Of shape (n, height, width); None: there are none.
        told: What else is known of the batch: ids, paths, classes, what was done.
    """

    images: Tensor
    labels: Tensor
    masks: Tensor | None
    told: FlowBatch

    def __len__(self) -> int:
        """How many images it has."""
        return len(self.labels)


def torch_batches(
    batches: Generator[FlowBatch],
    device: Device,
    mean: Scale,
    std: Scale,
    reach: Callable[[int | None], None],
) -> Generator[TorchBatch]:
    """Sends batches to a device, each while the one before it is used.

    Args:
        batches: What to send.
        device: Where to; None: the CPU.
        mean: What is subtracted from pixels of 0 to 1: one number, or one a channel.
        std: What they are divided by then.
        reach: Is told the place of each batch that is given away, and None at the end.
    """
    where = torch.device("cpu" if device is None else device)
    scale = _Scale(mean, std, where)
    sent: tuple[Tensor, Tensor, Tensor | None, FlowBatch] | None = None
    with closing(batches):
        for batch in batches:
            coming = _sent(batch, where)
            if sent is not None:
                reach(sent[-1].place)
                yield scale.scaled(*sent)
            sent = coming
    if sent is not None:
        reach(sent[-1].place)
        yield scale.scaled(*sent)
    reach(None)


class _Scale:
    """Makes numbers of pixels, on the device."""

    def __init__(self, mean: Scale, std: Scale, where: torch.device) -> None:
        average = torch.as_tensor(mean, dtype=torch.float32, device=where)
        deviation = torch.as_tensor(std, dtype=torch.float32, device=where)
        if not bool((deviation > 0).all()):
            raise SettingsError(f"std is {std}: give numbers above 0, one or one a channel")
        self._factor = (1 / (_WHITE * deviation)).reshape(1, -1, 1, 1)
        self._minus = (average / deviation).reshape(1, -1, 1, 1)

    def scaled(
        self, pixels: Tensor, labels: Tensor, masks: Tensor | None, told: FlowBatch
    ) -> TorchBatch:
        images = pixels.permute(0, 3, 1, 2).float() * self._factor - self._minus
        return TorchBatch(images, labels, masks, told)


def _sent(batch: FlowBatch, where: torch.device) -> tuple[Tensor, Tensor, Tensor | None, FlowBatch]:
    """Puts a batch on its way."""
    masks = None if batch.masks is None else _tensor(batch.masks, where)
    return _tensor(batch.images, where), _tensor(batch.labels, where), masks, batch


def _tensor(array: npt.NDArray[Any], where: torch.device) -> Tensor:
    """An array on a device; from pinned memory to a GPU nobody waits for it."""
    # A tensor of memory that is not for writing would be a trap: it is copied.
    tensor = torch.from_numpy(array if array.flags.writeable else array.copy())
    if where.type != "cuda":
        return tensor.to(where)
    return tensor.pin_memory().to(where, non_blocking=True)
