"""What is taken for a ResNet18's parameters, and what is refused."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from raydrift.embed.state import load_state, resnet18_shapes
from raydrift.embed.weights import Weights, find_weights
from raydrift.errors import WeightsError

State = dict[str, Any]


def test_names_and_shapes_are_torchvisions() -> None:
    theirs = resnet18().state_dict().items()
    found = {name: tuple(x.shape) for name, x in theirs if not name.startswith("fc.")}
    assert list(resnet18_shapes().items()) == list(found.items())


def test_random_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    one = load_state(find_weights("random", 5))
    torch.manual_seed(2)
    same, other = load_state(find_weights("random", 5)), load_state(find_weights("random", 6))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])


@pytest.mark.parametrize("seed", [0, 2**63, 2**64 - 1])
def test_every_seed_gives_random_weights(seed: int) -> None:
    assert load_state(find_weights("random", seed))["conv1.weight"].std() > 0


def test_random_weights_leave_torchs_generator_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    load_state(find_weights("random", 5))
    assert torch.equal(torch.get_rng_state(), before)


def test_random_weights_are_spread_as_those_of_torchvision() -> None:
    drawn, theirs = load_state(find_weights("random", 5)), resnet18().state_dict()
    assert drawn.keys() == {name for name in resnet18_shapes() if "num_batches" not in name}
    for name, values in drawn.items():
        if values.dim() == 4:
            assert values.std().item() == pytest.approx(theirs[name].std().item(), rel=0.05), name
        else:
            assert torch.equal(values, theirs[name]), name


@pytest.fixture(scope="module")
def state() -> State:
    return dict(resnet18().state_dict())


def saved(content: object) -> Weights:
    data = io.BytesIO()
    torch.save(content, data)
    return Weights("some.pt", "digest", data.getvalue())


def without(state: State, ending: str) -> State:
    return {name: value for name, value in state.items() if not name.endswith(ending)}


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state,
        lambda state: state | {"fc.weight": torch.zeros(7, 512), "fc.bias": torch.zeros(7)},
        lambda state: without(without(state, "fc.weight"), "fc.bias"),
        lambda state: dict(reversed(state.items())),
    ],
    ids=["as it is", "seven classes", "no last layer", "another order"],
)
def test_state_dicts_of_a_resnet18_are_accepted(
    state: State, change: Callable[[State], State]
) -> None:
    loaded = load_state(saved(change(state)))
    assert all(torch.equal(loaded[name], state[name]) for name in resnet18_shapes())


def test_weights_older_than_num_batches_tracked_are_accepted_as_by_torchvision(
    state: State,
) -> None:
    """The files that torchvision made before PyTorch 0.4.1 have 102 entries, not 122."""
    old = without(state, "num_batches_tracked")
    assert len(old) == 102
    resnet18().load_state_dict(old)
    loaded = load_state(saved(old))
    assert all(torch.equal(loaded[name], old[name]) for name in old if name in loaded)


@pytest.fixture(scope="module")
def small(state: State) -> State:
    """Names, shapes and types of a ResNet18, all zeros, in a file of a few kilobytes."""
    return {name: torch.zeros((), dtype=x.dtype).expand(x.shape) for name, x in state.items()}


def test_the_small_state_dict_that_is_spoiled_below_is_accepted_as_it_is(small: State) -> None:
    assert len(saved(small).data or b"") < 100_000
    assert not load_state(saved(small))["conv1.weight"].any()


def refusal(weights: Weights) -> str:
    with pytest.raises(WeightsError) as caught:
        load_state(weights)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: {}, "conv1.weight is missing"),
        (lambda state: without(state, "layer4.1.bn2.bias"), "layer4.1.bn2.bias is missing"),
        (lambda state: {"state_dict": state}, "conv1.weight is missing"),
        (lambda state: state | {"bn1.weight": "text"}, "bn1.weight is missing"),
        (
            lambda state: state | {"conv1.weight": torch.zeros(64, 1, 7, 7)},
            "conv1.weight has the shape (64, 1, 7, 7), not (64, 3, 7, 7)",
        ),
        (
            lambda state: state | {"layer5.weight": torch.zeros(1)},
            "layer5.weight is not in a ResNet18",
        ),
        (lambda state: list(state.values()), "it holds a list"),
        (lambda _: torch.zeros(3), "it holds a Tensor"),
    ],
    ids=["empty", "less", "nested", "no tensor", "shape", "more", "list", "tensor"],
)
def test_what_is_not_a_resnet18_is_refused_with_the_reason(
    small: State, change: Callable[[State], object], reason: str
) -> None:
    message = refusal(saved(change(small)))
    assert message == f"weights 'some.pt': not a ResNet18 state dict ({reason})"


class MakesFolder:
    """Unpickled, it runs code: it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.path),)


def unreadable(kind: str, state: State, path: Path) -> Weights:
    contents: dict[str, bytes | None] = {
        "garbage": b"These bytes are no weights at all.",
        "nothing": b"",
        "truncated": (saved(state).data or b"")[:-1000],
        "code": saved(MakesFolder(path)).data,
        "code among weights": saved(state | {"extra": MakesFolder(path)}).data,
        "a whole network": saved(nn.Linear(2, 2)).data,
    }
    return Weights("some.pt", "digest", contents[kind])


KINDS = ["garbage", "nothing", "truncated", "code", "code among weights", "a whole network"]


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_anything_else_are_refused_and_no_code_in_them_runs(
    small: State, tmp_path: Path, kind: str
) -> None:
    message = refusal(unreadable(kind, small, tmp_path / "made"))
    assert message.startswith("weights 'some.pt': not a ResNet18 state dict (")
    assert message.endswith(")")
    assert not (tmp_path / "made").exists()


def test_the_code_of_these_tests_would_run_if_it_were_let(tmp_path: Path) -> None:
    data = saved(MakesFolder(tmp_path / "made")).data or b""
    torch.load(io.BytesIO(data), weights_only=False)
    assert (tmp_path / "made").is_dir()


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_is_plain_text_and_passes_on_no_advice_to_load_unsafely(
    small: State, tmp_path: Path, kind: str
) -> None:
    message = refusal(unreadable(kind, small, tmp_path / "made"))
    assert message.isprintable()
    assert "weights_only" not in message
    assert "can still be loaded" not in message
