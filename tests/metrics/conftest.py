"""Embeddings of real photographs, drifted at growing levels."""

from pathlib import Path

import numpy as np
import pytest
import torch

from raydrift.drift import drift_image
from raydrift.embed.resnet import Embedder
from raydrift.embed.weights import find_weights
from raydrift.images.codec import decode
from raydrift.settings import EmbeddingSettings, ImageSettings
from raydrift.transforms import ImageTransform, TransformInfo
from tests.metrics.samples import Matrix

LEVELS = (0.0, 0.2, 0.4, 0.6, 1.0)
PHOTOS = 40


@pytest.fixture(scope="session")
def drifted_photos(photos: Path, trained_weights: Path) -> dict[float, Matrix]:
    """By level: the embeddings of the same 40 photographs, row by row."""
    paths = sorted(path for path in photos.rglob("*") if path.is_file())
    images = [
        decode(path.read_bytes(), ImageSettings()) for path in paths[:: len(paths) // PHOTOS]
    ][:PHOTOS]
    threads = torch.get_num_threads()
    embed = Embedder(find_weights(str(trained_weights), 0), EmbeddingSettings(), "cpu", threads=1)
    try:
        return {
            level: embed(
                np.stack(
                    [
                        drift_image(
                            image,
                            [TransformInfo(ImageTransform.DEFAULT, level)],
                            seed=42,
                            sample_id=number,
                        )[0]
                        for number, image in enumerate(images)
                    ]
                )
            )
            for level in LEVELS
        }
    finally:
        torch.set_num_threads(threads)
