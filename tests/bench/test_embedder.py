"""The network alone: what it counts, and what it says of a GPU that fails."""

from collections.abc import Callable

import numpy as np
import pytest

from raydrift.bench import embedder
from raydrift.bench.embedder import measure_embedder
from raydrift.errors import ResourcesError
from raydrift.images.codec import RGB
from raydrift.settings import EmbeddingSettings, ImageSettings

SMALL = ImageSettings(height=8, width=8)


def loading(monkeypatch: pytest.MonkeyPatch, network: Callable[[RGB], object]) -> None:
    monkeypatch.setattr(embedder, "load_embedder", lambda *_: network)


def broken(_: RGB) -> object:
    raise RuntimeError("CUDA error: no kernel image is available.\nCompile with it.")


def test_a_gpu_that_fails_at_the_first_call_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loading(monkeypatch, broken)
    with pytest.raises(ResourcesError) as error:
        measure_embedder(EmbeddingSettings(), "cuda", rounds=1, size=SMALL)
    assert str(error.value) == (
        "the GPU cannot be used for this (CUDA error: no kernel image is available): "
        "use --device cpu"
    )


def test_on_a_cpu_such_an_error_is_a_mistake_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    loading(monkeypatch, broken)
    with pytest.raises(RuntimeError, match="CUDA error"):
        measure_embedder(EmbeddingSettings(), "cpu", rounds=1, size=SMALL)


def test_teraflops_are_of_what_the_networks_layers_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    loading(monkeypatch, lambda pixels: np.zeros((len(pixels), 512)))
    monkeypatch.setattr(embedder, "_rate", lambda *_: 1000.0)
    found = measure_embedder(EmbeddingSettings(), rounds=3, size=SMALL)
    assert (found.images_per_second, found.images) == (1000.0, 64)
    assert found.teraflops == pytest.approx(3.627122688)
