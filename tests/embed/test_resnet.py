"""The embedder against plain torchvision, on drawn scenes."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet18
from torchvision.transforms.v2 import Normalize
from torchvision.transforms.v2.functional import resize

from raydrift.codec import decode
from raydrift.embed.resnet import Embedder, load_network, resnet18_shapes
from raydrift.embed.weights import Weights, find_weights
from raydrift.errors import WeightsError
from raydrift.settings import EmbeddingSettings, ImageSettings

Embeddings = npt.NDArray[np.float64]
State = dict[str, Any]

BFLOAT16_ERROR = 0.03
"""Of an embedding's norm. Measured on an AVX-512 CPU, 40 scenes: 0.8 to 1.8 %, median 1.3 %."""


def pixels_of(folder: Path, count: int, height: int = 224, width: int = 224) -> np.ndarray:
    """The first images of all classes in turn."""
    paths = sorted(folder.rglob("*.jpg"), key=lambda path: path.name[::-1])[:count]
    size = ImageSettings(height=height, width=width)
    return np.stack([decode(path.read_bytes(), size) for path in paths])


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As in the engine's workers; more threads wait for each other where cores are few."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pixels(scenes: Path) -> np.ndarray:
    return pixels_of(scenes, 40)


@pytest.fixture(scope="module")
def weights(trained_weights: Path) -> Weights:
    return find_weights(str(trained_weights), 0)


@pytest.fixture(scope="module")
def plain(trained_weights: Path) -> nn.Module:
    """torchvision's network with the same weights, its last layer an identity."""
    network = resnet18()
    network.load_state_dict(torch.load(trained_weights, weights_only=True))
    network.fc = nn.Identity()
    return network.eval()


def scaled(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def embedded(network: nn.Module, images: Tensor) -> Embeddings:
    return network(images).double().numpy()


def embed(weights: Weights, pixels: np.ndarray, **settings: Any) -> Embeddings:
    """Embeds on the CPU, in batches of 32 unless the settings say otherwise."""
    return Embedder(weights, EmbeddingSettings(compute=True, **settings), device="cpu")(pixels)


def error(found: Embeddings, wanted: Embeddings) -> float:
    """The largest distance of two embeddings of an image, relative to the norm of the second."""
    distances = np.linalg.norm(found - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
    return float(distances.max())


@pytest.fixture(scope="module")
def forty(weights: Weights, pixels: np.ndarray) -> Embeddings:
    return embed(weights, pixels)


def test_an_embedding_is_512_float64(forty: Embeddings) -> None:
    assert (forty.shape, forty.dtype) == ((40, 512), np.float64)
    assert np.isfinite(forty).all()
    assert len(np.unique(forty, axis=0)) == 40


def test_no_images_have_no_embeddings(weights: Weights) -> None:
    none = embed(weights, np.empty((0, 224, 224, 3), np.uint8))
    assert (none.shape, none.dtype) == ((0, 512), np.float64)


def test_embeddings_are_those_of_plain_torchvision(
    plain: nn.Module, pixels: np.ndarray, forty: Embeddings
) -> None:
    assert error(forty[::3], embedded(plain, scaled(pixels[::3]))) < 1e-5


@pytest.mark.parametrize("chosen", [slice(3, 8), slice(39, 40)])
def test_an_embedding_has_the_same_bits_whichever_images_come_with_it(
    weights: Weights, pixels: np.ndarray, forty: Embeddings, chosen: slice
) -> None:
    assert np.array_equal(embed(weights, pixels[chosen]), forty[chosen])


@pytest.mark.parametrize("batch_size", [1, 7])
def test_the_batch_size_hardly_matters(
    weights: Weights, pixels: np.ndarray, forty: Embeddings, batch_size: int
) -> None:
    few = slice(0, 9)
    assert error(embed(weights, pixels[few], batch_size=batch_size), forty[few]) < 1e-6


def test_normalize_is_torchvisions(weights: Weights, plain: nn.Module, pixels: np.ndarray) -> None:
    few = pixels[:8]
    normalize = Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    found = embed(weights, few, batch_size=8, normalize=True)
    assert error(found, embedded(plain, normalize(scaled(few)))) < 1e-5
    assert error(found, embed(weights, few, batch_size=8)) > 0.1


@pytest.mark.parametrize(("height", "width"), [(64, 96), (240, 320), (224, 160), (500, 224)])
def test_images_of_another_size_are_resized_as_torchvision_does(
    weights: Weights, plain: nn.Module, scenes: Path, height: int, width: int
) -> None:
    images = pixels_of(scenes, 3, height, width)
    resized = resize(scaled(images), [224, 224], antialias=True)
    assert error(embed(weights, images, batch_size=3), embedded(plain, resized)) < 1e-5


def test_resizing_comes_before_normalizing(
    weights: Weights, plain: nn.Module, scenes: Path
) -> None:
    images = pixels_of(scenes, 3, 64, 96)
    normalize = Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    wanted = normalize(resize(scaled(images), [224, 224], antialias=True))
    found = embed(weights, images, batch_size=3, normalize=True)
    assert error(found, embedded(plain, wanted)) < 1e-5


def test_bfloat16_is_close_to_float32(
    weights: Weights, pixels: np.ndarray, forty: Embeddings
) -> None:
    found = embed(weights, pixels[:8], batch_size=8, precision="bfloat16")
    assert (found.shape, found.dtype) == ((8, 512), np.float64)
    assert 0 < error(found, forty[:8]) < BFLOAT16_ERROR


def test_the_pixels_are_left_alone(weights: Weights, pixels: np.ndarray) -> None:
    few = pixels[:2].copy()
    embed(weights, few, batch_size=2, normalize=True)
    assert np.array_equal(few, pixels[:2])


def test_pixels_that_may_not_be_written_to_are_taken_without_a_warning(
    weights: Weights, pixels: np.ndarray, forty: Embeddings
) -> None:
    frozen = pixels[:32].copy()
    frozen.flags.writeable = False
    assert np.array_equal(embed(weights, frozen), forty[:32])


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_as_many_as_asked_for(threads: int) -> None:
    Embedder(find_weights("random", 0), EmbeddingSettings(), device="cpu", threads=threads)
    assert torch.get_num_threads() == threads
    torch.set_num_threads(1)


def parameters_of(weights: Weights) -> dict[str, Tensor]:
    return load_network(weights).state_dict()


def test_random_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    one = parameters_of(find_weights("random", 5))
    torch.manual_seed(2)
    same, other = parameters_of(find_weights("random", 5)), parameters_of(find_weights("random", 6))
    assert one.keys() == resnet18_shapes().keys()
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])


@pytest.mark.parametrize("seed", [0, 2**63, 2**64 - 1])
def test_every_seed_gives_random_weights(seed: int) -> None:
    assert parameters_of(find_weights("random", seed))["conv1.weight"].std() > 0


def test_random_weights_leave_torchs_generator_alone(pixels: np.ndarray) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    found = embed(find_weights("random", 5), pixels[:2], batch_size=2)
    assert np.isfinite(found).all()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_network_is_in_eval_mode(weights: Weights) -> None:
    assert not any(module.training for module in load_network(weights).modules())


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
    loaded = parameters_of(saved(change(state)))
    assert all(torch.equal(loaded[name], state[name]) for name in resnet18_shapes())


def test_weights_older_than_num_batches_tracked_are_accepted_as_by_torchvision(
    state: State,
) -> None:
    """The files that torchvision made before PyTorch 0.4.1 have 102 entries, not 122."""
    old = without(state, "num_batches_tracked")
    assert len(old) == 102
    resnet18().load_state_dict(old)
    loaded = parameters_of(saved(old))
    assert all(torch.equal(loaded[name], old[name]) for name in old if name in loaded)


@pytest.fixture(scope="module")
def small(state: State) -> State:
    """Names, shapes and types of a ResNet18, all zeros, in a file of a few kilobytes."""
    return {name: torch.zeros((), dtype=x.dtype).expand(x.shape) for name, x in state.items()}


def test_the_small_state_dict_that_is_spoiled_below_is_accepted_as_it_is(small: State) -> None:
    assert len(saved(small).data or b"") < 100_000
    assert not parameters_of(saved(small))["conv1.weight"].any()


def refusal(weights: Weights) -> str:
    with pytest.raises(WeightsError) as caught:
        load_network(weights)
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
