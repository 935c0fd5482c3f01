"""Decoding in a child process: the same pixels, and images that kill cost a child and no more."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from raydrift.errors import ImageError
from raydrift.images import isolated_decoder
from raydrift.images.codec import decode
from raydrift.images.isolated_decoder import IsolatedDecoder, decode_in_time
from raydrift.images.profiles import NOT_APPLIED
from raydrift.settings import ImageSettings
from tests.image_files import file_of
from tests.images.made_profiles import ADOBE, rgb_profile

SETTINGS = ImageSettings(height=48, width=64)
DEADLY = Path(__file__).parents[1] / "faults" / "killers"


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
        pixels = decoder(image, SETTINGS).pixels
        assert pixels.flags.writeable
        np.testing.assert_array_equal(pixels, decode(image, SETTINGS))


def test_other_settings_start_another_child(decoder: IsolatedDecoder, images: list[bytes]) -> None:
    for settings in (SETTINGS, ImageSettings(height=32, width=32), SETTINGS):
        assert decoder(images[0], settings).pixels.shape == (settings.height, settings.width, 3)


@pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff", bytes(100_000)])
def test_what_decode_rejects_is_rejected_in_the_same_words(
    decoder: IsolatedDecoder, images: list[bytes], data: bytes
) -> None:
    with pytest.raises(ImageError) as here:
        decode(data, SETTINGS)
    with pytest.raises(ImageError) as there:
        decoder(data, SETTINGS)
    assert (there.value.stage, there.value.reason) == (here.value.stage, here.value.reason)
    assert decoder(images[0], SETTINGS).pixels.shape == (48, 64, 3)


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
        np.testing.assert_array_equal(
            decoder(images[1], SETTINGS).pixels, decode(images[1], SETTINGS)
        )


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_something_else_killed_costs_no_image(
    decoder: IsolatedDecoder, images: list[bytes], kill: signal.Signals
) -> None:
    decoder(images[0], SETTINGS)
    assert decoder._child is not None
    os.kill(decoder._child.pid, kill)
    decoder._child.wait(10)
    np.testing.assert_array_equal(decoder(images[1], SETTINGS).pixels, decode(images[1], SETTINGS))


def test_the_working_directory_is_not_where_the_child_finds_its_code(
    decoder: IsolatedDecoder, images: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a stranger')")
    monkeypatch.chdir(tmp_path)
    assert decoder(images[0], SETTINGS).pixels.shape == (48, 64, 3)


def test_a_child_that_cannot_be_started_is_no_fault_of_the_image(
    decoder: IsolatedDecoder, images: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(RuntimeError, match=r"no process to decode in could be started \(it ended"):
        decoder(images[0], SETTINGS)


def test_an_answer_that_nobody_waited_for_is_not_given_to_the_next_image(
    decoder: IsolatedDecoder, images: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(isolated_decoder, "receive_decoded", interrupted)
        with pytest.raises(KeyboardInterrupt):
            decoder(images[0], SETTINGS)
    np.testing.assert_array_equal(decoder(images[1], SETTINGS).pixels, decode(images[1], SETTINGS))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such clock")
def test_a_decoder_that_does_not_end_ends_with_its_process() -> None:
    code = (
        "import time; from raydrift.images import isolated_decoder as module; "
        "from raydrift.settings import ImageSettings; module.SLOWEST_S = 0.2; "
        "module.decode_image = lambda data, settings: time.sleep(60); "
        "module.decode_in_time(b'', ImageSettings())"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=50)
    assert done.returncode == -signal.SIGALRM


def test_the_clock_stops_when_the_image_is_decoded(images: list[bytes]) -> None:
    decode_in_time(images[0], SETTINGS)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts memory in this way")
def test_the_child_may_not_take_more_memory_than_an_image_may() -> None:
    code = (
        "import numpy; from raydrift.images.isolated_decoder import limit_memory; "
        "limit_memory(2**28); numpy.ones(2**27, numpy.uint8); print('half of it'); "
        "numpy.ones(2**29, numpy.uint8)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert done.stdout == "half of it\n"
    assert "MemoryError" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts memory in this way")
def test_an_image_that_takes_more_memory_is_rejected_and_the_next_one_is_decoded(
    decoder: IsolatedDecoder, images: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(DEADLY)  # a decoder that takes 1 GiB where an image says so
    with pytest.raises(ImageError) as error:
        decoder(images[0] + b"eats memory", SETTINGS)
    assert str(error.value) == "decode: decoding it takes more memory than there is"
    np.testing.assert_array_equal(decoder(images[1], SETTINGS).pixels, decode(images[1], SETTINGS))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG2000", "TIFF"])
def test_an_image_that_takes_what_it_may_is_decoded(kind: str, decoder: IsolatedDecoder) -> None:
    """The child's bound is no tighter than what is looked at before an image is decoded."""
    data = file_of(np.zeros((1500, 1500, 3), np.uint8), kind)
    with pytest.raises(ImageError) as error:
        decode(data, ImageSettings(max_memory=1))
    needed = int(error.value.reason.split()[4])
    decoder(data, ImageSettings(max_memory=needed))


def test_the_name_of_a_profile_comes_with_the_pixels(decoder: IsolatedDecoder) -> None:
    profile = rgb_profile("like Adobe RGB", ADOBE, 2.2)
    data = file_of(np.zeros((8, 8, 3), np.uint8), "PNG", icc_profile=profile)
    assert decoder(data, ImageSettings(8, 8, profile="convert")).profile == "like Adobe RGB"
    assert decoder(data, ImageSettings(8, 8)).remarks == (NOT_APPLIED,)
