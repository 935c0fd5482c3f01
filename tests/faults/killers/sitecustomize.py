"""What a decoder with a fatal bug does: with this folder on PYTHONPATH, some JPEGs kill."""

import os
import resource
import signal
from typing import Any

import simplejpeg
from PIL import Image

_decode_jpeg_header = simplejpeg.decode_jpeg_header
_open = Image.open


def _die_of(data: bytes) -> None:
    if b"kills its reader" in data:
        os._exit(66)
    if b"eats memory" in data:
        bytearray(2**30)
        if resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY:
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does where memory ends


def _decode_or_die(data: bytes, *arguments: Any, **options: Any) -> Any:
    _die_of(data)
    return _decode_jpeg_header(data, *arguments, **options)


def _open_or_die(file: Any, *arguments: Any, **options: Any) -> Any:
    if hasattr(file, "getvalue"):
        _die_of(file.getvalue())
    return _open(file, *arguments, **options)


simplejpeg.decode_jpeg_header = _decode_or_die
Image.open = _open_or_die
