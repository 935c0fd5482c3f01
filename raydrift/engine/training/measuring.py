"""What works have in common that measure: held-out images, the network that looks, collapses."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from raydrift.embed.resnet import Embedder
from raydrift.embed.weights import Weights
from raydrift.engine.training.mapped import MappedPictures
from raydrift.gan.measures import COLLAPSED, Measure
from raydrift.gan.measuring import Embed, RememberedEmbedding
from raydrift.gan.trainer import Pixels
from raydrift.images.resize import resize
from raydrift.metrics.samples import Rows
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.image import ImageSettings

MOST_HELD_OUT: Final = 1000
_LEAST_HELD_OUT: Final = 2
_MOST_BYTES: Final = 2**28  # of the training images that generated ones are compared with


def held_images(
    pictures: MappedPictures, image: ImageSettings, most: int = MOST_HELD_OUT
) -> Pixels:
    """Held-out images at the size of the network, (n, height, width, channels).

    Args:
        pictures: All of them, class by class.
        image: The size.
        most: So many at most; of more, some of every class.
    """
    return _spread(pictures, image, most)


def training_images(pictures: MappedPictures, image: ImageSettings) -> Pixels:
    """Training images at the size of the network: at most 256 MiB, some of every class."""
    channels = pictures.take(np.array([0])).shape[-1]
    return _spread(pictures, image, max(1, _MOST_BYTES // (image.height * image.width * channels)))


def at_size(pixels: Pixels, image: ImageSettings) -> Pixels:
    """Images at the size of the network.

    Args:
        pixels: uint8 of shape (n, h, w, channels).
        image: The size.
    """
    if pixels.shape[1:3] == (image.height, image.width):
        return pixels
    made = np.empty((len(pixels), image.height, image.width, pixels.shape[3]), np.uint8)
    for place, one in zip(made, pixels, strict=True):
        grey = one.shape[2] == 1
        resized = resize(one[..., 0] if grey else one, image.height, image.width)
        place[...] = resized[..., None] if grey else resized
    return made


def looking(weights: Weights | None, settings: EmbeddingSettings, device: str) -> Embed | None:
    """The network that looks at images; it has seen those that come at every save.

    Args:
        weights: Its weights; None: there is none.
        settings: Its precision and normalisation.
        device: Where it is.
    """
    if weights is None:
        return None
    embedder = Embedder(weights, settings, device)

    def embed(pixels: Pixels) -> Rows:
        rgb = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels
        return embedder(rgb)

    return RememberedEmbedding(embed)


def held_notes(held: Mapping[str, int]) -> list[str]:
    """Sentences on domains of which too few images are held out.

    Args:
        held: How many are, by the names of domains.
    """
    few = [f"{count} of {name}" for name, count in held.items() if count < _LEAST_HELD_OUT]
    if not few:
        return []
    return [
        f"generated images are not measured, since too few images are held out ({', '.join(few)}): "
        f"give more images, or a larger train.held_out"
    ]


def is_collapsed(measures: Sequence[Measure]) -> bool:
    """Whether the diversity of generated images is below 5 % of that of real ones."""
    return any(one.name.startswith("diversity_") and one.value < COLLAPSED for one in measures)


def _spread(pictures: MappedPictures, image: ImageSettings, most: int) -> Pixels:
    """Some of the pictures, evenly spaced: they lie in the order of their paths."""
    count = min(len(pictures), most)
    return at_size(pictures.take(np.arange(count) * len(pictures) // max(count, 1)), image)
