"""The intervals of a calibration on real embeddings of photographs: how often they hold."""

from pathlib import Path

import numpy as np
import pytest

from raydrift.drift import drift_image
from raydrift.images.codec import decode
from raydrift.metrics import other_mean_interval
from raydrift.metrics.kl import kl_softmax_pairs
from raydrift.metrics.samples import Rows
from raydrift.settings import EmbeddingSettings, ImageSettings
from raydrift.transforms import ImageTransform, TransformInfo

Twins = tuple[Rows, Rows]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def twins(photos: Path, trained_weights: Path) -> Twins:
    """Embeddings of 328 photographs, and of them at a level whose KL divergence is about 0.5."""
    from raydrift.embed.resnet import Embedder
    from raydrift.embed.weights import find_weights

    embedder = Embedder(find_weights(str(trained_weights), 0), EmbeddingSettings(), threads=1)
    level = [TransformInfo(ImageTransform.DEFAULT, 0.65)]
    paths = sorted(path for path in photos.glob("*/*") if path.is_file())
    found = []
    for start in range(0, len(paths), 32):
        part = enumerate(paths[start : start + 32], start)
        images = [(number, decode(path.read_bytes(), ImageSettings())) for number, path in part]
        drifted = [drift_image(image, level, seed=42, sample_id=one)[0] for one, image in images]
        found.append((embedder(np.stack([one for _, one in images])), embedder(np.stack(drifted))))
    return np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])


@pytest.mark.parametrize("others", [32, 256])
def test_the_mean_of_256_photographs_and_of_others_is_held_in_95_of_100(
    twins: Twins, others: int
) -> None:
    """Samples are drawn from the photographs with replacement, as from as many as one likes."""
    kl = kl_softmax_pairs(*twins)
    rng, cases = np.random.default_rng(others), 1000
    values = rng.choice(kl, (cases, 256))
    means = rng.choice(kl, (cases, others)).mean(axis=1)
    held = {}
    for name, count in (("mean", None), ("others", others)):
        parts = np.array_split(values, cases // 50)
        low, high = np.concatenate(
            [other_mean_interval(part, count, number=place) for place, part in enumerate(parts)]
        ).T
        truth = kl.mean() if count is None else means
        held[name] = float(((low <= truth) & (truth <= high)).mean())
        half = (high - low).mean() / 2 / kl.mean()
        print(f"{name} of {count}: ±{half:.1%} of {kl.mean():.3f}, holds in {held[name]:.1%}")
        if count is None:
            print(f"  which holds the others' in {((low <= means) & (means <= high)).mean():.1%}")
    error = 3 * np.sqrt(0.05 * 0.95 / cases)
    assert held["mean"] == pytest.approx(0.95, abs=error)
    assert held["others"] == pytest.approx(0.95, abs=error)
