"""Images of a trained model: the same bytes on every machine of a kind, whoever makes them."""

from typing import cast

import cv2
import numpy as np
import torch
from torch import nn

from raydrift.embed.platform import embedding_platform
from raydrift.gan.cyclegan.translating import translate_pixels
from raydrift.gan.model_content import CYCLEGAN, SEPARATE_KEY
from raydrift.gan.model_file import model_of
from raydrift.gan.stylegan.generator import Generator
from raydrift.gan.stylegan.sampling import latents, synthesize
from raydrift.gan.trainer import Pixels

_PROBE_SEED = 0


class ImageMaker:
    """Makes images with one generator of a model, one at a time.

    An image's bytes do not depend on the images beside it: networks are called with one image, on
    one thread of a CPU, and noise is the generator's constant one.

    Args:
        model: The content of a ``generator.safetensors``.
        network: Which of its generators.
        device: ``cpu`` or ``cuda``.

    Raises:
        SettingsError: It is not a model of raydrift's, or has no such generator.

    Attributes:
        platform: The kind of machine that this is, as far as bytes depend on it.
    """

    def __init__(self, model: bytes, network: str, device: str = "cpu") -> None:
        self._device = torch.device(device)
        if self._device.type == "cpu":
            torch.set_num_threads(1)
        else:
            torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.benchmark = False
            torch.backends.cudnn.allow_tf32 = False
            torch.backends.cuda.matmul.allow_tf32 = False
        self._model = model_of(model, "the model")
        self._description = self._model.description
        self._network = network
        self._made: dict[str, nn.Module] = {}
        classes = self._description.get("classes", ())
        self._classes = {name: place for place, name in enumerate(classes)}
        self.platform = self._platform()

    def translate(self, pixels: Pixels) -> Pixels:
        """Translates an image.

        Args:
            pixels: uint8 of shape (height, width, 3).

        Returns:
            uint8 of the same shape.
        """
        grey = self._description["channels"] == 1
        given = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None] if grey else pixels
        return _rgb(translate_pixels(self._generator(self._network), given[None])[0])

    def synthesize(
        self, seed: int, class_name: str, number: int, truncation: float = 1.0
    ) -> Pixels:
        """Makes the image of a latent.

        Args:
            seed: The run's.
            class_name: Of the image; with the number it says which latent.
            number: The latent's number in its class.
            truncation: See ``StyleGanSettings``.

        Returns:
            uint8 of shape (height, width, 3).
        """
        drawn = latents(seed, class_name, np.array([number]), self._description["latent"])
        separate = self._description.get(SEPARATE_KEY)
        generator = cast(Generator, self._generator(class_name if separate else self._network))
        index = self._classes.get(class_name)
        return _rgb(synthesize(generator, drawn, index, truncation)[0])

    def _generator(self, name: str) -> nn.Module:
        if name not in self._made:
            self._made[name] = self._model.generator(name).to(self._device)
        return self._made[name]

    def _platform(self) -> str:
        """The device, and a checksum of what the network makes of a fixed input."""
        if self._description["kind"] == CYCLEGAN:
            size = (self._description["height"], self._description["width"], 3)
            drawn = np.random.default_rng(_PROBE_SEED).integers(0, 256, size, np.uint8)
            made = self.translate(drawn)
        else:
            names = self._description.get("class_names") or [*self._classes, ""]
            made = self.synthesize(_PROBE_SEED, names[0], 0)
        return embedding_platform(self._device, torch.float32, made.astype(np.float64))


def _rgb(pixels: Pixels) -> Pixels:
    """Three channels, whatever the network has."""
    whole = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels
    return np.ascontiguousarray(whole)
