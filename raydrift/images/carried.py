"""A decoded image through a pipe: a header as JSON, then its arrays as they lie in memory."""

import json
import struct
from dataclasses import asdict
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from raydrift.images.decoded import Decoded
from raydrift.images.pixels import ColourSpace
from raydrift.images.value_range import Values

_SIZE: Final = struct.Struct("<Q")
_ARRAYS: Final = ("pixels", "mask", "points")


def send(pipe: IO[bytes], data: bytes) -> None:
    """Writes some bytes that ``receive`` knows the end of."""
    pipe.write(_SIZE.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """Reads what ``send`` wrote.

    Raises:
        EOFError: The pipe ends before.
    """
    (size,) = _SIZE.unpack(_exactly(pipe, _SIZE.size))
    return _exactly(pipe, size)


def send_decoded(pipe: IO[bytes], decoded: Decoded) -> None:
    """Writes a decoded image."""
    arrays = {name: getattr(decoded, name) for name in _ARRAYS}
    there = {name: np.ascontiguousarray(one) for name, one in arrays.items() if one is not None}
    header = {
        "arrays": {name: [one.dtype.str, one.shape] for name, one in there.items()},
        "space": decoded.space,
        "label": decoded.label,
        "facts": dict(decoded.facts),
        "remarks": decoded.remarks,
        "values": decoded.values and asdict(decoded.values),
        "profile": decoded.profile,
        "size": decoded.size,
    }
    send(pipe, json.dumps(header).encode())
    for array in there.values():
        pipe.write(array.data)
    pipe.flush()


def receive_decoded(pipe: IO[bytes]) -> Decoded:
    """Reads what ``send_decoded`` wrote; its arrays can be written to.

    Raises:
        EOFError: The pipe ends before.
    """
    header: dict[str, Any] = json.loads(receive(pipe))
    arrays: dict[str, Any] = {
        name: _array(pipe, dtype, tuple(shape)) for name, (dtype, shape) in header["arrays"].items()
    }
    values = header["values"]
    return Decoded(
        **arrays,
        space=ColourSpace(header["space"]),
        label=header["label"],
        facts=header["facts"],
        remarks=tuple(header["remarks"]),
        values=values and Values(**values),
        profile=header["profile"],
        size=header["size"] and tuple(header["size"]),
    )


def _array(pipe: IO[bytes], dtype: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    array = np.empty(shape, dtype)
    if array.nbytes and pipe.readinto(array.data.cast("B")) < array.nbytes:  # type: ignore[attr-defined]
        raise EOFError
    return array


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
