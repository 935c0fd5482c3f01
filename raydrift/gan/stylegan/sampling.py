"""Images of a trained generator, each of a latent of its own."""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import torch

from raydrift import seeds
from raydrift.gan.stylegan.generator import Generator
from raydrift.gan.trainer import Pixels


def latents(
    seed: int, class_name: str, numbers: npt.NDArray[np.int64], latent: int
) -> npt.NDArray[np.float32]:
    """The latents of images, which depend on nothing but what is given.

    So one more class, or more images, change no image that was there.

    Args:
        seed: The run's.
        class_name: Of the images; with the number it says which latent.
        numbers: The images' numbers in their class, from 0, of shape (n,).
        latent: The length of a latent.

    Returns:
        Of N(0, 1), float32 of shape (n, latent).
    """
    key = class_key(class_name)
    rows = [
        seeds.generator(seed, seeds.GAN_LATENT, int(number), epoch=key).standard_normal(
            latent, dtype=np.float32
        )
        for number in numbers
    ]
    return np.array(rows, dtype=np.float32).reshape(len(rows), latent)


def class_key(class_name: str) -> int:
    """A number of 64 bits that stands for a class's name, the same everywhere.

    >>> class_key("cat") == class_key("dog")
    False
    """
    digest = blake2b(class_name.encode("utf-8", "surrogateescape"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


@torch.inference_mode()
def synthesize(
    generator: Generator,
    latents: npt.NDArray[np.float32],
    class_index: int | None = None,
    truncation: float = 1.0,
) -> Pixels:
    """Makes images with constant noise, one image a call, so that none depends on the others.

    Args:
        generator: With trained weights.
        latents: Float32 of shape (n, latent).
        class_index: The class's number in the network; None where it knows no classes.
        truncation: 1: all the variety; 0: the mean image (of the class).

    Returns:
        uint8 of shape (n, height, width, channels).
    """
    device = generator.mapping.w_avg.device
    chosen = None if class_index is None else torch.tensor([class_index], device=device)
    sizes = generator.architecture
    made = np.empty((len(latents), sizes.height, sizes.width, sizes.channels), np.uint8)
    for place, row in enumerate(latents):
        z = torch.from_numpy(row[None].copy()).to(device)
        image = generator(z, chosen, truncation)[0]
        pixels = ((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        made[place] = pixels.permute(1, 2, 0).cpu().numpy()
    return made
