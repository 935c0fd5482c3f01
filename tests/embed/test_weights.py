"""Where weights come from: a name, a path, torch's cache, or a download that fails."""

import gc
import os
import socket
import subprocess
import sys
import threading
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from raydrift.embed.weights import (
    IMAGENET_FILE,
    IMAGENET_URL,
    Weights,
    find_weights,
    imagenet_path,
)
from raydrift.errors import WeightsError
from raydrift.paths import StoragePath


def refusal(name: str) -> str:
    with pytest.raises(WeightsError) as caught:
        find_weights(name, 0)
    return str(caught.value)


def test_random_weights_are_their_seed() -> None:
    assert find_weights("random", 7) == Weights("random", "random-7", None, 7)
    assert find_weights("random", 8).digest == "random-8"


def test_weights_of_a_path_are_its_bytes_whatever_the_seed(tmp_path: Path) -> None:
    path = tmp_path / "some.pt"
    path.write_bytes(b"bytes of any kind")
    wanted = Weights(str(path), sha256(b"bytes of any kind").hexdigest(), b"bytes of any kind")
    assert find_weights(str(path), 0) == find_weights(str(path), 1) == wanted


def test_weights_may_lie_behind_fsspec() -> None:
    place = StoragePath.of(f"memory://{uuid4().hex}/some.pt")
    place.write_bytes(b"abc")
    assert find_weights(place.uri, 0).data == b"abc"
    place.delete()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/nowhere/some.pt", "No such file or directory"),
        (os.path.dirname(__file__), "Is a directory"),
        (
            "odd://place/some.pt",
            "odd://place/some.pt: unknown scheme odd://: "
            "give a local path, s3://, gs:// or a scheme that fsspec knows",
        ),
    ],
)
def test_weights_that_are_not_there_are_refused(name: str, reason: str) -> None:
    assert refusal(name) == (
        f"weights {name!r}: {reason}: give imagenet, random or the path of a state dict"
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which torch would keep the weights; it is not made yet."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"TORCH_HOME": "/a", "XDG_CACHE_HOME": "/b"}, "/a/hub/checkpoints"),
        ({"TORCH_HOME": "~/a"}, "/home/me/a/hub/checkpoints"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/torch/hub/checkpoints"),
        ({}, "/home/me/.cache/torch/hub/checkpoints"),
    ],
)
def test_the_cache_is_where_torch_has_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], path: str
) -> None:
    import torch.hub
    from torchvision.models import ResNet18_Weights

    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", "/home/me")
    assert imagenet_path() == Path(path) / "resnet18-f37072fd.pth"
    assert imagenet_path().parent == Path(torch.hub.get_dir()) / "checkpoints"
    assert ResNet18_Weights.DEFAULT.url == IMAGENET_URL


def test_what_is_in_the_cache_is_used_without_torch(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / IMAGENET_FILE).write_bytes(b"weights")
    code = (
        "import sys\n"
        "from raydrift.embed.weights import find_weights\n"
        "found = find_weights('imagenet', 0)\n"
        "print(found.name, found.data, found.digest, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    digest = sha256(b"weights").hexdigest()
    assert done.stdout == f"imagenet b'weights' {digest} False\n"


@contextmanager
def server(answer: bytes | None) -> Iterator[int]:
    """A port of this machine that answers every request so; None: nobody listens there."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    if answer is None:
        listener.close()
        yield port
        return

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield port
    finally:
        thread.join()
        listener.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "<urlopen error [Errno 111] Connection refused>"),
        (b"HTTP/1.0 404 Gone away\r\n\r\n", "HTTP Error 404: Gone away"),
        (
            b"HTTP/1.0 200 OK\r\n\r\n<html>Log in to this network</html>",
            'invalid hash value (expected "f37072fd", got "'
            + sha256(b"<html>Log in to this network</html>").hexdigest()
            + '")',
        ),
        (b"", "Remote end closed connection without response"),
        (b"220 mail.example.com ESMTP\r\n", "220 mail.example.com ESMTP"),
    ],
    ids=["no network", "not found", "another page", "nothing", "no HTTP"],
)
def test_weights_that_cannot_be_downloaded_are_refused_with_all_remedies(
    cache: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes | None, reason: str
) -> None:
    monkeypatch.setattr(urllib.request, "_opener", None)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with server(answer) as port:
        url = f"http://127.0.0.1:{port}/{IMAGENET_FILE}"
        monkeypatch.setattr("raydrift.embed.weights.IMAGENET_URL", url)
        message = refusal("imagenet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # urllib leaves the connection of an HTTP error to the collector
    assert message == (
        f"torchvision's ResNet18 weights cannot be downloaded ({reason}): "
        f"use --weights PATH, --weights random, or put {IMAGENET_FILE} into {cache}"
    )
    assert list(cache.iterdir()) == []
    assert socket.getdefaulttimeout() is None


def test_credentials_in_a_uri_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raydrift.paths.retries.ATTEMPTS", 1)
    message = refusal("s3://key:s3cret@no-bucket/w.pt?endpoint_override=127.0.0.1:9&scheme=http")
    assert message.startswith("weights 's3://***@no-bucket/w.pt?endpoint_override=127.0.0.1:9&")
    assert "s3cret" not in message
    assert "\n" not in message


def test_a_cache_that_cannot_be_made_is_told_with_the_remedies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "file"))
    message = refusal("imagenet")
    assert message.startswith("torchvision's ResNet18 weights cannot be downloaded ([Errno 20] ")
    assert "use --weights PATH, --weights random, or put resnet18-f37072fd.pth into" in message
