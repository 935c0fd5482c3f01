"""Decoding masks in a process of its own, as images are where they may kill it."""

import json
import os
import sys
from dataclasses import asdict

from raydrift.images.decoded import Decoded
from raydrift.images.isolated_decoder import IsolatedDecoder, in_time, limit_memory, serve
from raydrift.images.masks import decode_mask
from raydrift.settings.image import ImageSettings


def decode_mask_in_time(data: bytes, settings: ImageSettings) -> Decoded:
    """Decodes as ``masks.decode_mask``; a decoder that does not end in time ends its process."""
    return in_time(lambda: decode_mask(data, settings))


class IsolatedMaskDecoder(IsolatedDecoder):
    """Takes what ``masks.decode_mask`` takes and gives what it gives, in a child."""

    def _arguments(self, settings: ImageSettings) -> list[str]:
        return ["-m", __name__, json.dumps(asdict(settings))]


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # a decoder that prints something must not be in between
        wanted = ImageSettings(**json.loads(sys.argv[1]))
        limit_memory(wanted.max_memory)
        serve(wanted, sys.stdin.buffer, answers, decode_mask_in_time)
