"""What a decoder with a fatal bug does: with this folder on PYTHONPATH, some JPEGs kill."""

import os
import resource
import signal
from typing import Any

import simplejpeg

_decode_jpeg_header = simplejpeg.decode_jpeg_header


def _decode_or_die(data: bytes, *arguments: Any, **options: Any) -> Any:
    if b"kills its reader" in data:
        os._exit(66)
    if b"eats memory" in data:
        bytearray(2**30)
        if resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY:
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does where memory ends
    return _decode_jpeg_header(data, *arguments, **options)


simplejpeg.decode_jpeg_header = _decode_or_die
