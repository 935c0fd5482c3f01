"""The network in its two forms: of oneDNN's fused operators, and of torch's plain ones."""

import pytest
import torch
from torch import Tensor
from torchvision.models import resnet18

from raydrift.embed.network import Network
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


def test_the_images_are_left_alone(state: State, images: Tensor) -> None:
    before = images.clone()
    embedded(state, images)
    assert torch.equal(images, before)
