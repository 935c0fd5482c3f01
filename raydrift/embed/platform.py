"""The kind of machine that embeddings are made on, as far as their bytes depend on it."""

import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

_ISAS: Final[Mapping[str, tuple[str, ...]]] = {
    "SSE41": (),
    "AVX": ("avx",),
    "AVX2": ("avx2", "fma3"),
    "AVX512_CORE": ("avx512_f", "avx512_bw", "avx512_dq", "avx512_vl"),
    "AVX512_CORE_BF16": ("avx512_bf16",),
    "AVX512_CORE_AMX": ("amx_tile", "amx_int8", "amx_bf16"),
}
"""oneDNN's classes of x86-64 processors in rising order, and what each needs of torch's list."""

_LIMITS: Final[Mapping[str, str]] = {
    **{name: name for name in _ISAS},
    "AVX2_VNNI": "AVX2",
    "AVX2_VNNI_2": "AVX2",
    "AVX512_CORE_VNNI": "AVX512_CORE",
    "AVX512_CORE_FP16": "AVX512_CORE_BF16",
}
"""What ``ONEDNN_MAX_CPU_ISA`` may say that is a limit."""


def instructions(capabilities: Mapping[str, Any], limit: str) -> str:
    """The class that oneDNN puts this processor into, as ``AVX512_CORE_BF16``.

    Elsewhere than on x86-64 it is the name of the architecture.

    Args:
        capabilities: As ``torch.cpu.get_capabilities`` has them.
        limit: What ``ONEDNN_MAX_CPU_ISA`` says; empty: nothing.
    """
    if capabilities["architecture"] != "x86_64":
        return str(capabilities["architecture"])
    limit = _LIMITS.get(limit.upper(), "")
    found = "SSE41"
    for name, needed in _ISAS.items():
        if not all(capabilities.get(one) for one in needed):
            break
        found = name
        if name == limit:
            break
    return found


def embedding_platform(
    device: torch.device, kind: torch.dtype, embeddings: npt.NDArray[np.float64]
) -> str:
    """Device, instructions and torch's version, and a checksum of what came out on them.

    The checksum tells apart what the names do not: libraries below torch, and processors for which
    oneDNN or cuDNN chooses another way.

    Args:
        device: Where the network runs.
        kind: The numbers that it reckons in.
        embeddings: Those of images that are the same everywhere.

    Returns:
        Such as ``cpu AVX2, torch 2.15.0, 5e2a90cc``.
    """
    if device.type == "cuda":
        name = "cuda " + ".".join(map(str, torch.cuda.get_device_capability(device)))
    else:
        limit = os.environ.get("ONEDNN_MAX_CPU_ISA", os.environ.get("DNNL_MAX_CPU_ISA", ""))
        isa = instructions(torch.cpu.get_capabilities(), limit)
        if kind == torch.float32 and isa.startswith("AVX512"):
            isa = "AVX2"  # sums in the same order: the same bytes
        name = f"cpu {isa}"
    version = torch.__version__.partition("+")[0]
    checksum = sha256(np.ascontiguousarray(embeddings).tobytes()).hexdigest()[:8]
    return f"{name}, torch {version}, {checksum}"
