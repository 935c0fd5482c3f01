"""Several processes that train one network: each has a share of every batch."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from raydrift.errors import SettingsError


@dataclass(frozen=True)
class Replicas:
    """This process among those that train together; alone unless told otherwise.

    All networks begin alike on all of them, and every one applies the mean of all gradients, so
    they stay alike.

    Attributes:
        rank: Which one this process is, from 0.
        world: How many there are.
    """

    rank: int = 0
    world: int = 1

    def share(self, batch: int) -> slice:
        """This process' part of a batch.

        Args:
            batch: Images of the whole batch, a multiple of ``world``.

        Raises:
            SettingsError: It is no multiple.

        >>> Replicas(1, 2).share(8)
        slice(4, 8, None)
        """
        if batch % self.world:
            raise SettingsError(
                f"train.batch_size is {batch}, which {self.world} workers cannot share equally: "
                f"give a multiple of {self.world}"
            )
        own = batch // self.world
        return slice(self.rank * own, (self.rank + 1) * own)

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a value over all processes, without a gradient."""
        value = value.detach()
        if self.world == 1:
            return value
        total = value.clone()
        dist.all_reduce(total)
        return total / self.world

    def gather(self, value: Tensor) -> Tensor:
        """The parts of all processes in one, in the order of their ranks, without a gradient.

        Args:
            value: This process' part, of the same shape on all of them.

        Returns:
            All parts, one after the other along the first dimension.
        """
        value = value.detach()
        if self.world == 1:
            return value
        value = value.contiguous()
        parts = [torch.empty_like(value) for _ in range(self.world)]
        dist.all_gather(parts, value)
        return torch.cat(parts)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Gives every parameter the mean of the gradients that it has on all processes."""
        if self.world == 1:
            return
        gradients = [one.grad for one in parameters if one.grad is not None]
        flat = torch.cat([one.reshape(-1) for one in gradients])
        dist.all_reduce(flat)
        flat /= self.world
        for gradient, mean in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(mean.view_as(gradient))
