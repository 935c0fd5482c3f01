"""Decoding to Pillow's pixels in a process of its own, where an image may kill its decoder."""

import json
import sys
from dataclasses import asdict, dataclass

from raydrift.errors import ImageError
from raydrift.images.as_pillow import NEAREST, decode
from raydrift.images.decoded import Decoded
from raydrift.images.isolated_decoder import IsolatedDecoder, answer_parent
from raydrift.settings.image import ImageSettings


@dataclass(frozen=True)
class PillowRules:
    """What ``as_pillow.decode`` is told of all files."""

    color_mode: str = "rgb"
    target_size: tuple[int, int] | None = None
    interpolation: str = NEAREST
    keep_aspect_ratio: bool = False


class IsolatedPillow(IsolatedDecoder):
    """Gives the pixels of ``as_pillow.decode``, in a child.

    Of its settings, ``max_memory`` counts alone.

    Args:
        rules: What all files become.
    """

    module = __name__

    def __init__(self, rules: PillowRules) -> None:
        super().__init__()
        self._rules = rules

    def _arguments(self, settings: ImageSettings) -> list[str]:
        told = {"image": asdict(settings), "rules": asdict(self._rules)}
        return ["-m", self.module, json.dumps(told)]


def _decoded(data: bytes, rules: PillowRules) -> Decoded:
    try:
        return Decoded(decode(data, **vars(rules)))
    except MemoryError:
        raise ImageError("decode", "decoding it takes more memory than there is") from None


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    size = told["rules"]["target_size"]
    rules = PillowRules(**{**told["rules"], "target_size": size and tuple(size)})
    answer_parent(ImageSettings(**told["image"]), lambda data, _: _decoded(data, rules))
