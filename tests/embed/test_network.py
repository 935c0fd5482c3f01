"""The network in its two forms: of oneDNN's fused operators, and of torch's plain ones."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torchvision.models import resnet18

from raydrift.embed.network import Network, _fuses
from raydrift.embed.state import State, load_state
from raydrift.embed.weights import find_weights

CPU = torch.device("cpu")
SCALE = torch.tensor([1.0, 0.5, 0.25], dtype=torch.float64)


@pytest.fixture(scope="module")
def state() -> State:
    """Random weights, and batch normalisations that do something."""
    generator = torch.Generator().manual_seed(1)
    state = load_state(find_weights("random", 0))
    for name, values in state.items():
        if values.dim() == 1:
            spread = torch.rand(values.shape, generator=generator) * 0.4
            state[name] = values + spread - 0.2
    return state


@pytest.fixture(scope="module")
def images() -> Tensor:
    generator = torch.Generator().manual_seed(2)
    images = torch.rand((3, 3, 224, 224), generator=generator)
    return images.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def embedded(state: State, images: Tensor, kind: torch.dtype = torch.float32) -> Tensor:
    return Network(state, SCALE, CPU, kind, batch=4)(images.to(kind))


@torch.inference_mode()
def torchvisions(state: State, images: Tensor) -> Tensor:
    network = resnet18()
    network.fc = torch.nn.Identity()
    network.load_state_dict(state, strict=False)
    return network.eval()(images * SCALE.float().view(1, 3, 1, 1))


def error(found: Tensor, wanted: Tensor) -> float:
    return float(((found - wanted).norm(dim=1) / wanted.norm(dim=1)).max())


@pytest.mark.parametrize("plain", [False, True], ids=["as it comes", "plain"])
def test_it_is_torchvisions_with_all_normalisations_and_the_scale_folded_in(
    state: State, images: Tensor, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if plain:
        monkeypatch.setattr("raydrift.embed.network._fuses", lambda *_: False)
    found = embedded(state, images)
    assert (found.shape, found.dtype) == ((3, 512), torch.float32)
    assert error(found, torchvisions(state, images)) < 1e-5


@pytest.mark.parametrize("plain", [False, True], ids=["as it comes", "plain"])
def test_bfloat16_gives_float32_at_the_end(
    state: State, images: Tensor, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if plain:
        monkeypatch.setattr("raydrift.embed.network._fuses", lambda *_: False)
    found = embedded(state, images, torch.bfloat16)
    assert (found.shape, found.dtype) == ((3, 512), torch.float32)
    assert 0 < error(found, torchvisions(state, images)) < 0.03


def refuse(*_: object) -> Tensor:
    raise RuntimeError("not supported on this processor")


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "operators",
    [
        object(),
        SimpleNamespace(_is_mkldnn_bf16_supported=lambda: True, _reorder_convolution_weight=refuse),
        SimpleNamespace(
            _is_mkldnn_bf16_supported=lambda: True,
            _reorder_convolution_weight=lambda weight, *_: weight,
            _convolution_pointwise=lambda images, *_: images,
            _convolution_pointwise_=refuse,
        ),
    ],
    ids=["not there", "refusing weights", "refusing a call"],
)
def test_without_the_fused_operators_it_is_the_plain_network(
    state: State,
    images: Tensor,
    kind: torch.dtype,
    operators: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("raydrift.embed.network._fuses", lambda *_: False)
        wanted = embedded(state, images, kind)
    monkeypatch.setattr(torch.ops, "mkldnn", operators)
    assert torch.equal(embedded(state, images, kind), wanted)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_where_the_fused_operators_work_they_are_taken(kind: torch.dtype) -> None:
    if torch.cpu.get_capabilities()["architecture"] != "x86_64":
        pytest.skip("oneDNN's operators are for x86")
    if kind == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this processor has no bfloat16")
    assert _fuses(CPU, kind)


def test_the_images_are_left_alone(state: State, images: Tensor) -> None:
    before = images.clone()
    embedded(state, images)
    assert torch.equal(images, before)
