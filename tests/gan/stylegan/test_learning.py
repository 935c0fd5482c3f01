"""Small networks learn small sets of images."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from raydrift.embed.resnet import Embedder
from raydrift.embed.weights import find_weights
from raydrift.gan.measures import block_means
from raydrift.gan.stylegan.generator import Generator
from raydrift.gan.stylegan.sampling import latents, synthesize
from raydrift.gan.stylegan.training import StyleGanTrainer
from raydrift.gan.trainer import Pixels
from raydrift.metrics.frechet import frechet_distance
from raydrift.settings.embedding import EmbeddingSettings
from tests.conftest import SHARED
from tests.gan.held import Held
from tests.gan.stylegan.drawn import discs, settings

pytestmark = pytest.mark.usefixtures("one_thread")


def made(trainer: StyleGanTrainer, count: int = 150, class_index: int | None = None) -> Pixels:
    network = trainer.generators()["generator"]
    assert isinstance(network, Generator)
    drawn = latents(7, str(class_index), np.arange(count), network.architecture.latent)
    return synthesize(network, drawn, class_index)


def spread(pixels: Pixels) -> float:
    return float(pixels.std(axis=0).mean())


def redness(pixels: Pixels) -> float:
    """How much more red than blue there is."""
    return float(pixels[..., 0].mean() - pixels[..., 2].mean())


def train(trainer: StyleGanTrainer) -> None:
    while trainer.steps_done < trainer.steps:
        trainer.step()


@pytest.mark.parametrize(
    "given",
    [{}, pytest.param({"precision": "bfloat16"}, marks=pytest.mark.slow)],
    ids=["float32", "bfloat16"],
)
def test_it_learns_discs(given: dict[str, Any]) -> None:
    if given and not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
        pytest.skip("bfloat16 takes minutes without its instructions")
    real = discs(300)
    trainer = StyleGanTrainer(settings(kimg=1.0, **given), Held(real), None, ())
    before = frechet_distance(block_means(real), block_means(made(trainer)))
    train(trainer)
    after = made(trainer)
    assert frechet_distance(block_means(real), block_means(after)) < 0.35 * before
    assert 0.5 < spread(after) / spread(real) < 1.5
    assert np.isfinite(list(trainer.losses().values())).all()
    assert trainer.broken_gradients == 0


def test_it_learns_that_classes_differ() -> None:
    """Red discs and blue ones in one network: the class says which colour comes."""
    red, blue = discs(150, colour=(230, 40, 40)), discs(150, seed=1, colour=(40, 40, 230))
    labels = np.repeat([0, 1], 150)
    pictures = Held(np.concatenate([red, blue]))
    trainer = StyleGanTrainer(settings(kimg=0.5), pictures, labels, ("red", "blue"))
    train(trainer)
    learnt = redness(made(trainer, 60, 0)) - redness(made(trainer, 60, 1))
    assert 0.4 < learnt / (redness(red) - redness(blue)) < 1.6


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_it_learns_trousers(trained_weights: Path) -> None:
    """300 photographs of trousers, as a network for photographs sees them."""
    folder = SHARED.parent / "gan" / "data" / "single" / "class1"
    if not folder.is_dir():
        pytest.skip(f"no photographs at {folder}")
    files = sorted(folder.glob("*.jpg"))
    read = [cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB) for file in files]
    real = np.stack([cv2.resize(one, (16, 16), interpolation=cv2.INTER_AREA) for one in read])
    embedder = Embedder(find_weights(str(trained_weights), 0), EmbeddingSettings(), "cpu", 1)

    def embedded(pixels: Pixels) -> npt.NDArray[np.float64]:
        return embedder(np.stack([cv2.resize(one, (224, 224)) for one in pixels]))

    asked = settings(kimg=12.0, stylegan={"width": 512, "max_channels": 64, "latent": 64})
    trainer = StyleGanTrainer(asked, Held(real), None, ())
    goal = embedded(real)
    before = frechet_distance(goal, embedded(made(trainer)))
    train(trainer)
    after = made(trainer)
    assert frechet_distance(goal, embedded(after)) < 0.5 * before
    assert 0.5 < spread(after) / spread(real) < 1.5
