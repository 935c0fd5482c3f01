"""JPEGs that have lost data are refused; those with harmless faults are read."""

import re
from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from PIL import Image

from raydrift.errors import ImageError
from raydrift.images.codec import RGB, decode
from raydrift.settings import ImageSettings
from tests.image_files import file_of

NOISE = np.random.default_rng(0).integers(0, 255, (24, 24, 3), np.uint8)
PICTURE = np.asarray(Image.fromarray(NOISE).resize((320, 320), Image.Resampling.BICUBIC))
SETTINGS = ImageSettings(320, 320)
BROKEN_PROFILE = b"\xff\xe2\0\x10ICC_PROFILE\0\x05\x03"
UNKNOWN_COLOURS = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x07"


ARITHMETIC = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywt"
    "QFdBRkxOUlNSMj5aYVpQYEpRUk//yQALCAAgACABAREA/8wABgAQEAX/2gAIAQEAAD8A+2scFLEfAdmCHogs/XMyADwV"
    "8UPSe5pCO7o3rUg0XNeSi3Bsa7k+Mj0DHsdfnkHK5WyiSC3BLB9s/n9jSh5l4dtoTwpnxDd2EyEiK+2dKvByuQWh45Rf"
    "eoLXjOiHN3yq4PT0+k5gKuzJjmW/+BlvtgeQsw9sqJSCqfHO3wDvADGlLeZEjozoORP01KwyCxY6YPy+P4fYaCydjJDW"
    "L0SCauG8cIxEHtYHX1q3Z0IUrrljYAkoYsdlQPxd/PWUoz54/9k="
)
"""A grey picture of 32 x 32 pixels, as ``cjpeg -arithmetic -quality 60`` writes it."""


ARITHMETIC_OF_ONE_COLOUR = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL"
    "EBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
    "FBQUFBQUFBQUFBQUFBQUFBQUFBT/yQARCACgAKADAREAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/ALFc"
    "opj/2Q=="
)
"""One of 160 x 160 pixels, as ``cjpeg -arithmetic -quality 90 -sample 1x1`` writes it."""


def jpeg(mode: str = "RGB", **options: Any) -> bytes:
    return file_of(Image.fromarray(PICTURE).convert(mode), "JPEG", quality=90, **options)


WHOLE = {
    "baseline": jpeg(),
    "progressive": jpeg(progressive=True),
    "restarts": jpeg(restart_marker_rows=1),
    "short restarts": jpeg(restart_marker_blocks=3),
    "grey": jpeg("L"),
    "inks": jpeg("CMYK"),
}


def middle(data: bytes) -> int:
    start = data.index(b"\xff\xda")
    return start + (len(data) - start) // 2


def refusal(data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        decode(data, SETTINGS)
    assert caught.value.stage == "decode"
    return caught.value.reason


def off(image: RGB, other: RGB) -> float:
    return float(np.abs(image.astype(int) - other).mean())


LOST = {
    "a part": lambda data, at: data[:at] + data[at + 3000 :],
    "all after the middle": lambda data, at: data[:at] + b"\xff\xd9",
    "the last third": lambda data, at: data[: len(data) * 2 // 3] + b"\xff\xd9",
    "a part that is zeros": lambda data, at: data[:at] + bytes(3000) + data[at + 3000 :],
    "a part that is noise": lambda data, at: (
        data[:at]
        + np.random.default_rng(1).integers(0, 255, 3000, np.uint8).tobytes()
        + data[at + 3000 :]
    ),
    "all after the middle, which is zeros": lambda data, at: (
        data[:at] + bytes(len(data) - at - 2) + b"\xff\xd9"
    ),
    "the end": lambda data, at: data[:-2],
}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("name", WHOLE)
def test_one_that_lost_data_is_refused_though_its_end_is_there(name: str, lost: str) -> None:
    data = WHOLE[name]
    assert refusal(LOST[lost](data, middle(data))).startswith("the file is damaged: ")


@pytest.mark.parametrize("name", ["restarts", "short restarts"])
def test_restart_markers_and_intervals_that_are_lost_are_missed(name: str) -> None:
    data = WHOLE[name]
    first = data.index(b"\xff\xd3", data.index(b"\xff\xda"))
    second = data.index(b"\xff\xd4", first)
    assert "before marker 0xd4" in refusal(data[:first] + data[first + 2 :])
    assert "found marker 0xd4 instead of RST3" in refusal(data[:first] + data[second:])


def test_scans_that_are_missing_are_missed_though_libjpeg_does_not() -> None:
    data = WHOLE["progressive"]
    starts = [found.start() for found in re.finditer(rb"\xff\xda", data)]
    assert len(starts) > 5
    for start in starts[1:]:
        reason = refusal(data[:start] + b"\xff\xd9")
        assert reason == "the file is damaged: some of its scans are missing"


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_ends_in_a_scan_header_is_refused(name: str) -> None:
    data = WHOLE[name]
    for found in re.finditer(rb"\xff\xda", data):
        for end in range(found.start(), found.start() + 14):
            refusal(data[:end])


@pytest.mark.parametrize("lost", [4, 5, 8, 10, 12, 16, 20, 60, 100, 140])
def test_arithmetic_code_that_is_cut_off_is_missed_though_libjpeg_does_not(lost: int) -> None:
    decode(ARITHMETIC, SETTINGS)
    reason = refusal(ARITHMETIC[: -2 - lost] + b"\xff\xd9")
    assert reason == "the file is damaged: premature end of data segment"


def test_arithmetic_code_of_one_colour_is_left_out() -> None:
    """Its end is zeros, of which encoders leave out more than of other pictures."""
    pixels = decode(ARITHMETIC_OF_ONE_COLOUR, SETTINGS)
    assert np.ptp(pixels.reshape(-1, 3), axis=0).max() == 0


HARMLESS = {
    "bytes before the end": lambda data: data[:-2] + b"left over " * 30 + data[-2:],
    "zeros before the end": lambda data: data[:-2] + bytes(1000) + data[-2:],
    "bytes after the end": lambda data: data + b"left over",
    "bytes after the start": lambda data: data[:2] + b"left over" + data[2:],
    "a broken profile": lambda data: data[:2] + BROKEN_PROFILE + data[2:],
    "colours of an unknown kind": lambda data: data[:2] + UNKNOWN_COLOURS + data[2:],
    "an unknown version": lambda data: data.replace(b"JFIF\0\1", b"JFIF\0\7"),
    "fill bytes": lambda data: data[:2] + b"\xff" * 7 + data[2:],
}


CASES = [
    (name, fault)
    for name in WHOLE
    for fault in HARMLESS
    if (name, fault) != ("inks", "colours of an unknown kind")  # it says whether inks are inverted
]


@pytest.mark.parametrize(("name", "fault"), CASES)
def test_a_harmless_fault_does_not_matter(name: str, fault: str) -> None:
    expected = decode(WHOLE[name], SETTINGS)
    assert off(decode(HARMLESS[fault](WHOLE[name]), SETTINGS), expected) == 0


@pytest.mark.parametrize(("name", "fault"), CASES)
def test_nor_does_it_hide_one_that_matters(name: str, fault: str) -> None:
    data = HARMLESS[fault](WHOLE[name])
    at = middle(WHOLE[name])
    assert refusal(data[:at] + b"\xff\xd9").startswith("the file is damaged: ")


def test_a_few_bytes_between_restart_intervals_are_harmless() -> None:
    data = WHOLE["restarts"]
    place = data.index(b"\xff\xd3", data.index(b"\xff\xda"))
    assert off(decode(data[:place] + b"abcd" + data[place:], SETTINGS), PICTURE) < 4


@pytest.mark.parametrize(
    ("marker", "precision", "reason"),
    [
        (0xC1, 12, "a JPEG of 12 bits a channel cannot be read: convert it"),
        (0xC3, 8, "a lossless JPEG cannot be read: convert it to PNG"),
        (0xC5, 8, "a hierarchical JPEG cannot be read: convert it"),
    ],
)
def test_what_libjpeg_does_not_decode_is_named(marker: int, precision: int, reason: str) -> None:
    data = bytearray(WHOLE["baseline"])
    place = data.index(b"\xff\xc0")
    data[place + 1], data[place + 4] = marker, precision
    assert refusal(bytes(data)) == reason
