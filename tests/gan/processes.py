"""Functions that run on several processes, which know each other as those of a training do."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing

from raydrift.gan.replicas import Replicas

Work = Callable[[Replicas], Any]


def on_workers(work: Work, folder: Path, world: int = 2) -> list[Any]:
    """What a function gives on each of several processes, in the order of their ranks.

    Args:
        work: A function of a module; what it gives, ``torch.load`` takes with ``weights_only``.
        folder: An empty one.
        world: How many processes there are; each has one thread.
    """
    torch.multiprocessing.spawn(_run, (work, folder, world), nprocs=world)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(world)]


def _run(rank: int, work: Work, folder: Path, world: int) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder / 'store'}",
        rank=rank,
        world_size=world,
        timeout=timedelta(seconds=120),
    )
    try:
        torch.save(work(Replicas(rank, world)), folder / f"{rank}.pt")
    finally:
        dist.destroy_process_group()
