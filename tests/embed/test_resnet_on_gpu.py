"""The embedder on a GPU: the same numbers, however the copies and the recorded network overlap."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from raydrift.embed.resnet import BATCH_SIZE, Embedder
from raydrift.embed.weights import find_weights
from raydrift.settings import EmbeddingSettings

pytestmark = pytest.mark.gpu

SEVERAL = 3 * BATCH_SIZE["cuda"] + 5
"""Images of three whole batches and a part: both buffers are used twice."""


@pytest.fixture(scope="module")
def pixels() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (SEVERAL, 224, 224, 3), np.uint8)


def embedder(device: str = "cuda", **settings: Any) -> Embedder:
    return Embedder(find_weights("random", 0), EmbeddingSettings(**settings), device=device)


def error(found: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> float:
    distances = np.linalg.norm(found - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
    return float(distances.max())


@pytest.mark.parametrize("normalize", [False, True])
def test_float32_is_the_cpus_to_5_digits(pixels: npt.NDArray[np.uint8], normalize: bool) -> None:
    """TF32 would be wrong in the fourth."""
    wanted = embedder("cpu", normalize=normalize)(pixels[::16])
    assert error(embedder(normalize=normalize)(pixels)[::16], wanted) < 1e-5


def test_bfloat16_is_close_to_float32(pixels: npt.NDArray[np.uint8]) -> None:
    found, wanted = embedder(precision="bfloat16")(pixels), embedder()(pixels)
    assert 0 < error(found, wanted) < 0.03


def test_images_of_another_size_are_resized(pixels: npt.NDArray[np.uint8]) -> None:
    images = np.ascontiguousarray(pixels[:9, :64, :96])
    assert error(embedder()(images), embedder("cpu")(images)) < 1e-5


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_an_embedding_has_the_same_bits_in_any_company(
    pixels: npt.NDArray[np.uint8], precision: str
) -> None:
    one, other = embedder(precision=precision), embedder(precision=precision)
    wanted = one(pixels)
    for _ in range(3):
        assert np.array_equal(one(pixels), wanted)
    assert np.array_equal(other(pixels), wanted)
    assert np.array_equal(one(pixels[-7:]), wanted[-7:])
    assert np.array_equal(one(pixels[::-1]), wanted[::-1])


@pytest.mark.parametrize("size", [96, 1400])
def test_an_embedding_does_not_depend_on_its_place_in_the_batch(
    pixels: npt.NDArray[np.uint8], size: int
) -> None:
    """cuDNN may compute some places of a bfloat16 batch in another way; images may be large."""
    image = np.resize(pixels[0], (size, size, 3))
    places = np.broadcast_to(image, (2 * BATCH_SIZE["cuda"], *image.shape))
    found = embedder(precision="bfloat16")(places)
    assert np.array_equal(found, np.broadcast_to(found[0], found.shape))


def test_no_images_have_no_embeddings(pixels: npt.NDArray[np.uint8]) -> None:
    assert embedder()(pixels[:0]).shape == (0, 512)
