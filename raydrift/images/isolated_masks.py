"""Decoding masks in a process of its own, as images are where they may kill it."""

import json
import sys

from raydrift.images.decoded import Decoded
from raydrift.images.isolated_decoder import IsolatedDecoder, answer_parent, in_time
from raydrift.images.masks import decode_mask
from raydrift.settings.image import ImageSettings


def decode_mask_in_time(data: bytes, settings: ImageSettings) -> Decoded:
    """Decodes as ``masks.decode_mask``; a decoder that does not end in time ends its process."""
    return in_time(lambda: decode_mask(data, settings))


class IsolatedMaskDecoder(IsolatedDecoder):
    """Takes what ``masks.decode_mask`` takes and gives what it gives, in a child."""

    module = __name__


if __name__ == "__main__":
    answer_parent(ImageSettings(**json.loads(sys.argv[1])), decode_mask)
