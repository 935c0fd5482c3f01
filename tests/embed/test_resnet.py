"""The embedder against plain torchvision, on drawn scenes."""

from collections.abc import Iterator
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

from raydrift.embed.resnet import BATCH_SIZE, Embedder, _BatchBuffers
from raydrift.embed.weights import Weights, find_weights
from raydrift.errors import PipelineError
from raydrift.images.codec import decode
from raydrift.settings import EmbeddingSettings, ImageSettings

Embeddings = npt.NDArray[np.float64]

BFLOAT16_ERROR = 0.03
"""Of an embedding's norm."""


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
    """Embeds on the CPU."""
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


@pytest.mark.parametrize("chosen", [slice(3, 8), slice(39, 40), slice(0, 40, 7)])
def test_an_embedding_has_the_same_bits_whichever_images_come_with_it(
    weights: Weights, pixels: np.ndarray, forty: Embeddings, chosen: slice
) -> None:
    assert np.array_equal(embed(weights, pixels[chosen]), forty[chosen])


def test_an_embedding_has_the_same_bits_whatever_was_embedded_before(
    weights: Weights, pixels: np.ndarray, forty: Embeddings
) -> None:
    """What fills up a batch are images of before: noise here, then nine of the forty."""
    embedder = Embedder(weights, EmbeddingSettings(), device="cpu")
    noise = np.random.default_rng(0).integers(0, 256, (17, 224, 224, 3), np.uint8)
    embedder(noise)
    assert np.array_equal(embedder(pixels[20:29]), forty[20:29])
    assert np.array_equal(embedder(pixels[:2]), forty[:2])


@pytest.mark.parametrize("position", range(BATCH_SIZE["cpu"]))
def test_an_embedding_has_the_same_bits_at_every_place_of_a_batch(
    weights: Weights, pixels: np.ndarray, forty: Embeddings, position: int
) -> None:
    batch = np.roll(pixels[: BATCH_SIZE["cpu"]], position, axis=0)
    assert np.array_equal(embed(weights, batch)[position], forty[0])


def test_one_embedder_takes_images_of_several_sizes(
    weights: Weights, pixels: np.ndarray, forty: Embeddings, scenes: Path
) -> None:
    embedder = Embedder(weights, EmbeddingSettings(), device="cpu")
    small = pixels_of(scenes, 3, 64, 96)
    assert np.array_equal(embedder(small), embed(weights, small))
    assert np.array_equal(embedder(pixels[:3]), forty[:3])


def test_large_images_come_in_smaller_batches(
    weights: Weights, scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = pixels_of(scenes, 3, 64, 96)
    wanted = embed(weights, images)
    shapes: list[tuple[int, ...]] = []
    forward = Embedder._embed

    def recording(self: Embedder, pixels: Tensor) -> Tensor:
        shapes.append(tuple(pixels.shape))
        return forward(self, pixels)

    monkeypatch.setattr(Embedder, "_embed", recording)
    monkeypatch.setattr("raydrift.embed.resnet._PIXELS_AT_ONCE", 2 * 64 * 96 + 1)
    assert error(embed(weights, images), wanted) < 1e-6
    assert shapes == [(2, 64, 96, 3)] * 2
    shapes.clear()
    monkeypatch.setattr("raydrift.embed.resnet._PIXELS_AT_ONCE", 1)  # less than one image
    assert error(embed(weights, images), wanted) < 1e-6
    assert shapes == [(1, 64, 96, 3)] * 3


def test_the_buffers_of_one_size_are_gone_before_those_of_another_are_made(
    weights: Weights, scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[int] = []

    class Counted(_BatchBuffers):
        living = 0

        def __init__(self, *arguments: Any) -> None:
            alive.append(Counted.living)
            Counted.living += 1
            super().__init__(*arguments)

        def __del__(self) -> None:
            Counted.living -= 1

    monkeypatch.setattr("raydrift.embed.resnet._BatchBuffers", Counted)
    embedder = Embedder(weights, EmbeddingSettings(), device="cpu")
    for height in (32, 64, 32):
        embedder(pixels_of(scenes, 1, height, 96))
    assert alive == [0, 0, 0]


@pytest.mark.parametrize(("dtype", "shape"), [(np.uint16, (2, 32, 32, 3)), (np.uint8, (2, 32, 32))])
def test_pixels_of_another_kind_are_an_error(weights: Weights, dtype: Any, shape: Any) -> None:
    embedder = Embedder(weights, EmbeddingSettings(), device="cpu")
    with pytest.raises(PipelineError, match=r"the network takes uint8 RGB .*, not uint"):
        embedder(np.zeros(shape, dtype))


def test_normalize_is_torchvisions(weights: Weights, plain: nn.Module, pixels: np.ndarray) -> None:
    few = pixels[:8]
    normalize = Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    found = embed(weights, few, normalize=True)
    assert error(found, embedded(plain, normalize(scaled(few)))) < 1e-5
    assert error(found, embed(weights, few)) > 0.1


@pytest.mark.parametrize(("height", "width"), [(64, 96), (240, 320), (224, 160), (500, 224)])
def test_images_of_another_size_are_resized_as_torchvision_does(
    weights: Weights, plain: nn.Module, scenes: Path, height: int, width: int
) -> None:
    images = pixels_of(scenes, 3, height, width)
    resized = resize(scaled(images), [224, 224], antialias=True)
    assert error(embed(weights, images), embedded(plain, resized)) < 1e-5


def test_resizing_comes_before_normalizing(
    weights: Weights, plain: nn.Module, scenes: Path
) -> None:
    images = pixels_of(scenes, 3, 64, 96)
    normalize = Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    wanted = normalize(resize(scaled(images), [224, 224], antialias=True))
    found = embed(weights, images, normalize=True)
    assert error(found, embedded(plain, wanted)) < 1e-5


@pytest.mark.slow
def test_bfloat16_is_within_3_percent_of_float32(weights: Weights, photos: Path) -> None:
    """On an AVX-512 CPU and all 328 photographs: median 1.3 %, largest 2.9 %."""
    paths = sorted(photos.rglob("*.*"))[::8]
    images = np.stack([decode(path.read_bytes(), ImageSettings()) for path in paths])
    found, wanted = embed(weights, images, precision="bfloat16"), embed(weights, images)
    assert (found.shape, found.dtype) == ((len(images), 512), np.float64)
    assert 0 < error(found, wanted) < BFLOAT16_ERROR


def test_the_pixels_are_left_alone(weights: Weights, pixels: np.ndarray) -> None:
    few = pixels[:2].copy()
    embed(weights, few, normalize=True)
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
