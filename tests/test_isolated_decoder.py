"""Decoding in a child process: the same pixels, and images that kill cost a child and no more."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from raydrift.codec import decode
from raydrift.errors import ImageError
from raydrift.isolated_decoder import IsolatedDecoder
from raydrift.settings import ImageSettings

SETTINGS = ImageSettings(height=48, width=64)
DEADLY = Path(__file__).parent / "faults" / "killers"


@pytest.fixture
def decoder() -> Iterator[IsolatedDecoder]:
    decoder = IsolatedDecoder()
    yield decoder
    decoder.close()


@pytest.fixture
def images(scenes: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(scenes.glob("boat/*.jpg"))]


def test_the_pixels_are_those_of_decode(decoder: IsolatedDecoder, images: list[bytes]) -> None:
    for image in images:
        pixels = decoder(image, SETTINGS)
        assert pixels.flags.writeable
        np.testing.assert_array_equal(pixels, decode(image, SETTINGS))


def test_other_settings_start_another_child(decoder: IsolatedDecoder, images: list[bytes]) -> None:
    for settings in (SETTINGS, ImageSettings(height=32, width=32), SETTINGS):
        assert decoder(images[0], settings).shape == (settings.height, settings.width, 3)


@pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff", bytes(100_000)])
def test_what_decode_rejects_is_rejected_in_the_same_words(
    decoder: IsolatedDecoder, images: list[bytes], data: bytes
) -> None:
    with pytest.raises(ImageError) as here:
        decode(data, SETTINGS)
    with pytest.raises(ImageError) as there:
        decoder(data, SETTINGS)
    assert (there.value.stage, there.value.reason) == (here.value.stage, here.value.reason)
    assert decoder(images[0], SETTINGS).shape == (48, 64, 3)


def test_an_image_that_kills_is_rejected_and_the_next_one_is_decoded(
    decoder: IsolatedDecoder, images: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(DEADLY)  # a decoder that ends where an image says so
    for _ in range(2):
        with pytest.raises(ImageError) as error:
            decoder(images[0] + b"kills its reader", SETTINGS)
        assert str(error.value) == (
            "decode: killed the process that decoded it (it ended with status 66)"
        )
        np.testing.assert_array_equal(decoder(images[1], SETTINGS), decode(images[1], SETTINGS))


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_something_else_killed_costs_no_image(
    decoder: IsolatedDecoder, images: list[bytes], kill: signal.Signals
) -> None:
    decoder(images[0], SETTINGS)
    assert decoder._child is not None
    os.kill(decoder._child.pid, kill)
    decoder._child.wait(10)
    np.testing.assert_array_equal(decoder(images[1], SETTINGS), decode(images[1], SETTINGS))
