"""Raw files are read in a child process, always: LibRaw is not to be trusted with a worker.

Of a file that lacks a part LibRaw returns memory as it was, another picture each time. The child
is started with ``MALLOC_PERTURB_``, by which the C library (glibc) fills new memory with one byte:
such pixels then are one number. Where they are, another child with another byte reads the file
again, and the file is rejected if that gives other pixels.
"""

import json
import sys
from dataclasses import asdict
from typing import Final

import numpy as np

from raydrift.errors import ImageError, PipelineError
from raydrift.images.decoded import Decoded
from raydrift.images.isolated_decoder import IsolatedDecoder, answer_parent
from raydrift.images.raw.camera_file import read_camera_file
from raydrift.images.raw.declared import read_declared
from raydrift.images.raw.rawpy_there import MISSING, lacks_rawpy
from raydrift.settings.image import ImageSettings
from raydrift.settings.raw import RawSettings

_FILLS: Final = (0x5A, 0xA6)
"""What memory is filled with; the variable has its bits turned over."""

_RUN: Final = 8
"""Neighbours in a row that are that number: no picture has them by chance."""


class RawDecoder(IsolatedDecoder):
    """Reads raw files, as ``codec.decode_image`` reads photographs: gives mosaics.

    Args:
        raw: What the files are.
        fill: What byte new memory of its child is filled with.

    Raises:
        PipelineError: rawpy is not installed here, and the files are a camera's.
    """

    module = __name__

    def __init__(self, raw: RawSettings, fill: int = _FILLS[0]) -> None:
        super().__init__()
        self._other: RawDecoder | None = None
        if lacks_rawpy(raw):
            raise PipelineError(f"{MISSING} on every node")
        self._raw = raw
        self._fill = fill

    def __call__(self, data: bytes, settings: ImageSettings) -> Decoded:
        """The mosaic of a file, uint16.

        Raises:
            ImageError: It cannot be used; the reason is the same each time.
        """
        if not data:
            raise ImageError("decode", "the file is empty")
        decoded = super().__call__(data, settings)
        if not self._raw.is_declared and self._fill == _FILLS[0] and _is_filled(decoded):
            if self._other is None:
                self._other = type(self)(self._raw, _FILLS[1])
            again = self._other(data, settings)
            if not np.array_equal(decoded.pixels, again.pixels):
                raise ImageError("decode", "a part of the mosaic is missing in the file")
        return decoded

    def close(self) -> None:
        """Ends its children."""
        super().close()
        if self._other is not None:
            self._other.close()
            self._other = None

    def _arguments(self, settings: ImageSettings) -> list[str]:
        told = {"image": asdict(settings), "raw": asdict(self._raw)}
        return ["-m", self.module, json.dumps(told)]

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"MALLOC_PERTURB_": str(self._fill ^ 0xFF)}


def read_raw(data: bytes, settings: ImageSettings, raw: RawSettings) -> Decoded:
    """Reads a raw file in this process; for the child of ``RawDecoder``, and for declared ones.

    Raises:
        ImageError: It cannot be used.
    """
    try:
        if raw.is_declared:
            return read_declared(data, settings, raw)
        return read_camera_file(data, settings, raw)
    except MemoryError:
        raise ImageError("decode", "decoding it takes more memory than there is") from None


def _is_filled(decoded: Decoded) -> bool:
    """Whether a mosaic has neighbours that are what the memory was filled with."""
    filled = decoded.pixels == 0x0101 * _FILLS[0]
    if np.count_nonzero(filled) < _RUN:
        return False
    width = filled.shape[1] - _RUN + 1
    runs = filled[:, : max(width, 0)].copy()
    for place in range(1, _RUN):
        runs &= filled[:, place : place + width]
    return bool(runs.any())


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    declared = RawSettings(**told["raw"])
    answer_parent(
        ImageSettings(**told["image"]),
        lambda data, settings: read_raw(data, settings, declared),
        silent=True,  # LibRaw prints what it thinks of a file
    )
