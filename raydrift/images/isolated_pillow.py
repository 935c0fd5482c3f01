"""Decoding to Pillow's pixels in a process of its own, where an image may kill its decoder."""

import json
import sys
from dataclasses import asdict, dataclass

import numpy as np

from raydrift.errors import ImageError
from raydrift.images.as_pillow import NEAREST, decode
from raydrift.images.decoded import Decoded
from raydrift.images.isolated_decoder import IsolatedDecoder, answer_parent
from raydrift.images.pixels import Array, ColourSpace
from raydrift.settings.image import ImageSettings


@dataclass(frozen=True)
class PillowRules:
    """What ``as_pillow.decode`` is told of all files."""

    color_mode: str = "rgb"
    target_size: tuple[int, int] | None = None
    interpolation: str = NEAREST
    keep_aspect_ratio: bool = False


class IsolatedPillow(IsolatedDecoder):
    """Decodes as ``as_pillow.decode``, in a child; ``pixels`` is what to call.

    What comes through the pipe is a sample, as every decoder gives it: arrays of all other shapes
    and dtypes come as their bytes.

    Args:
        rules: What all files become.
    """

    module = __name__

    def __init__(self, rules: PillowRules) -> None:
        super().__init__()
        self._rules = rules

    def pixels(self, data: bytes) -> Array:
        """The pixels of a file; one that kills its decoder is an error, too.

        Raises:
            ImageError: It cannot be decoded.
        """
        sent = self(data, ImageSettings())  # of which the bound on memory counts alone
        shape = tuple(sent.facts["shape"])
        pixels: Array = sent.pixels.reshape(-1).view(sent.facts["dtype"]).reshape(shape)
        return pixels

    def _arguments(self, settings: ImageSettings) -> list[str]:
        told = {"image": asdict(settings), "rules": asdict(self._rules)}
        return ["-m", self.module, json.dumps(told)]


def _sent(data: bytes, rules: PillowRules) -> Decoded:
    try:
        pixels = decode(data, **vars(rules))
        facts = {"dtype": pixels.dtype.str, "shape": list(pixels.shape)}
        plain = np.ascontiguousarray(pixels).reshape(1, -1).view(np.uint8)
        return Decoded(plain, space=ColourSpace.GREY, facts=facts)
    except MemoryError:
        raise ImageError("decode", "decoding it takes more memory than there is") from None


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    size = told["rules"]["target_size"]
    rules = PillowRules(**{**told["rules"], "target_size": size and tuple(size)})
    answer_parent(ImageSettings(**told["image"]), lambda data, _: _sent(data, rules))
