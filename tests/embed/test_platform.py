"""Which machines make the same embeddings: shown on one, with its instructions turned down."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import torch

from raydrift.embed.platform import instructions

PROGRAM = """
import hashlib, json
import numpy as np
from raydrift.embed.resnet import Embedder
from raydrift.embed.weights import find_weights
from raydrift.settings import EmbeddingSettings

pixels = np.resize(np.arange(253, dtype=np.uint8), (8, 224, 224, 3))
embed = Embedder(find_weights("random", 0), EmbeddingSettings(weights="random"), "cpu", 1)
found = hashlib.sha256(embed(pixels).tobytes()).hexdigest()
print(json.dumps([embed.platform(224, 224), found]))
"""

X86 = {"architecture": "x86_64", "avx": True, "avx2": True, "fma3": True}
CORE = {f"avx512_{name}": True for name in ("f", "bw", "dq", "vl")}
AMX = {f"amx_{name}": True for name in ("tile", "int8", "bf16")}


@pytest.mark.parametrize(
    ("capabilities", "limit", "name"),
    [
        ({"architecture": "x86_64"}, "", "SSE41"),
        (X86, "", "AVX2"),
        (X86 | {"fma3": False}, "", "AVX"),
        (X86 | CORE, "", "AVX512_CORE"),
        (X86 | CORE | {"avx512_bf16": True}, "", "AVX512_CORE_BF16"),
        (X86 | CORE | {"avx512_bf16": True} | AMX, "", "AVX512_CORE_AMX"),
        (X86 | CORE | {"avx512_bf16": True}, "AVX2", "AVX2"),
        (X86 | CORE | {"avx512_bf16": True}, "avx512_core_vnni", "AVX512_CORE"),
        (X86 | CORE | {"avx512_bf16": True}, "ALL", "AVX512_CORE_BF16"),
        (X86, "AVX512_CORE", "AVX2"),
        ({"architecture": "aarch64"}, "", "aarch64"),
    ],
)
def test_the_class_is_onednns(capabilities: dict[str, Any], limit: str, name: str) -> None:
    assert instructions(capabilities, limit) == name


def made(**environment: str) -> tuple[str, str]:
    """The kind of machine, and a digest of some embeddings."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    kind, found = json.loads(done.stdout)
    return kind, found


@pytest.mark.slow
@pytest.mark.skipif(not torch.cpu.get_capabilities().get("avx2"), reason="of x86-64 with AVX2")
def test_other_instructions_make_other_embeddings_and_are_of_another_kind() -> None:
    kind, embeddings = made()
    version = torch.__version__.partition("+")[0]
    assert kind.startswith(f"cpu AVX2, torch {version}, ")
    assert made(ONEDNN_MAX_CPU_ISA="AVX2") == (kind, embeddings)
    older, others = made(ONEDNN_MAX_CPU_ISA="AVX")
    assert older.startswith(f"cpu AVX, torch {version}, ")
    assert others != embeddings
    plain, without = made(ATEN_CPU_CAPABILITY="default")
    assert without != embeddings
    assert plain != kind, "what the name does not tell, the checksum does"
