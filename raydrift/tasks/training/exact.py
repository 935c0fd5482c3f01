"""The same numbers each time that something is computed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from raydrift.errors import PipelineError


@contextmanager
def exact_numbers(device: torch.device) -> Iterator[None]:
    """The same numbers each time: one thread; on a GPU no TF32, and what is deterministic."""
    threads = torch.get_num_threads()
    if device.type != "cuda":
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at its first use
    before = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    tf32 = torch.backends.cuda.matmul.allow_tf32
    exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with torch.cuda.device(device), exact:
            yield
    except torch.OutOfMemoryError:
        raise PipelineError(
            "the network and its images do not fit into the memory of a GPU: give a smaller batch "
            "or a smaller --image-size"
        ) from None
    finally:
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.use_deterministic_algorithms(before, warn_only=warned)
