"""Where the network's weights come from. Nothing here needs torch unless it has to download."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from raydrift.errors import WeightsError, reason
from raydrift.paths import StoragePath, redacted

IMAGENET_FILE: Final = "resnet18-f37072fd.pth"
"""The file of torchvision's ``ResNet18_Weights.DEFAULT`` in torch's cache."""

RESNET34_FILE: Final = "resnet34-b627a593.pth"
"""That of ``ResNet34_Weights.DEFAULT``. How its SHA-256 begins is in a file's name."""

IMAGENET_URL: Final = f"https://download.pytorch.org/models/{IMAGENET_FILE}"
_DOWNLOAD_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True)
class Weights:
    """A ResNet18's weights, ready to be sent to the processes that embed.

    Attributes:
        name: ``imagenet``, ``random`` or the path they were read from.
        digest: SHA-256 of the file, or ``random-SEED``.
        data: The file's bytes; None: drawn from ``seed``.
        seed: The seed of random weights.
    """

    name: str
    digest: str
    data: bytes | None
    seed: int = 0


def find_weights(
    name: str,
    seed: int,
    options: Mapping[str, Any] | None = None,
    file: str = IMAGENET_FILE,
) -> Weights:
    """Finds weights by name.

    Args:
        name: ``imagenet``, ``random``, or the path or URI of a state dict.
        seed: The seed of random weights.
        options: How a remote file is reached (``StoragePath.of``).
        file: Which of torchvision's files is ``imagenet``.

    Raises:
        WeightsError: The file is not there, or torchvision's cannot be downloaded.
    """
    if name == "random":
        return Weights(name, f"random-{seed}", None, seed)
    if name == "imagenet":
        path = imagenet_path(file)
        if not path.is_file():
            _download(path)
        data = path.read_bytes()
        return Weights(name, sha256(data).hexdigest(), data)
    try:
        data = StoragePath.of(name, options).read_bytes()
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"weights {redacted(name)!r}: {redacted(reason(error))}: "
            "give imagenet, random or the path of a state dict"
        ) from None
    return Weights(redacted(name), sha256(data).hexdigest(), data)


def imagenet_path(file: str = IMAGENET_FILE) -> Path:
    """Where torch keeps the file of torchvision's weights: ``$TORCH_HOME/hub/checkpoints``."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return Path(home).expanduser() / "hub" / "checkpoints" / file


def _download(path: Path) -> None:
    from torch.hub import download_url_to_file

    title = path.name.partition("-")[0].replace("resnet", "ResNet")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _socket_timeout(_DOWNLOAD_TIMEOUT_S):
            digest = path.stem.rpartition("-")[2]
            url = IMAGENET_URL.replace(IMAGENET_FILE, path.name)
            download_url_to_file(url, str(path), digest, progress=False)
    except (OSError, HTTPException, RuntimeError) as error:
        raise WeightsError(
            f"torchvision's {title} weights cannot be downloaded ({_one_line(error)}): "
            f"use --weights PATH, --weights random, or put {path.name} into {path.parent}"
        ) from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
