"""Raw files of cameras: what is read, what is refused, and that LibRaw gives no memory away."""

import re
import warnings
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raydrift.errors import ImageError, PipelineError, SettingsError
from raydrift.images.raw import rawpy_there
from raydrift.images.raw.camera_file import _EXIF, read_camera_file
from raydrift.images.raw.decoder import _FILLS, RawDecoder, _is_filled
from raydrift.images.raw.mosaic import decoded_mosaic
from raydrift.settings import ImageSettings, RawSettings
from tests.raw_files import (
    BLACK,
    CFAS,
    WHITE,
    dng,
    hollow,
    linear_dng,
    lossless,
    noise,
    raw_file,
    with_tag,
)

IMAGE, RAW = ImageSettings(), RawSettings()
MOSAIC = noise(65, 97)


@pytest.fixture(scope="module")
def decoder() -> Iterator[RawDecoder]:
    with closing(RawDecoder(RAW)) as found:
        yield found


def refused(decoder: RawDecoder, data: bytes, image: ImageSettings = IMAGE) -> str:
    """Why a file is refused, twice alike."""
    reasons = set()
    for _ in range(2):
        with pytest.raises(ImageError) as caught:
            decoder(data, image)
        assert caught.value.stage == "decode"
        reasons.add(caught.value.reason)
    (reason,) = reasons
    assert "\n" not in reason
    return reason


@pytest.mark.parametrize("cfa", CFAS)
def test_all_four_patterns_have_black_by_place(decoder: RawDecoder, cfa: str) -> None:
    found = decoder(dng(MOSAIC, cfa), IMAGE)
    assert found.kind == "uint16 mosaic"
    np.testing.assert_array_equal(found.pixels, MOSAIC)
    assert (found.facts["cfa"], found.facts["white"]) == (cfa, WHITE)
    assert found.facts["black"] == list(BLACK)
    assert found.facts["white_balance"] == pytest.approx([2, 1, 1.5], abs=1e-3)
    assert found.facts["model"] == "Test 1"
    assert found.remarks == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_exifs(decoder: RawDecoder, orientation: int) -> None:
    found = decoder(dng(MOSAIC, orientation=orientation), IMAGE)
    assert found.facts["orientation"] == orientation
    assert found.pixels.shape == MOSAIC.shape


def test_every_flip_of_libraw_has_its_orientation() -> None:
    assert sorted(_EXIF) == list(range(8))
    assert sorted(_EXIF.values()) == list(range(1, 9))


def test_lossless_jpeg_is_read(decoder: RawDecoder) -> None:
    found = decoder(dng(MOSAIC, packed=lossless(MOSAIC)), IMAGE)
    np.testing.assert_array_equal(found.pixels, MOSAIC)


def test_a_camera_that_stored_no_balance_gives_that_of_daylight(decoder: RawDecoder) -> None:
    found = decoder(raw_file("canon_d30.crw"), IMAGE)
    assert found.pixels.shape == (1448, 2176)
    assert found.facts["white_balance"] is None
    assert found.facts["daylight"] == pytest.approx([2.10, 1, 1.06], abs=0.01)
    assert found.facts["black"] == [127, 128, 128, 128]


def test_the_levels_of_the_settings_go_first() -> None:
    found = read_camera_file(dng(MOSAIC), IMAGE, RawSettings(black=7, white=5000))
    assert (found.facts["black"], found.facts["white"]) == ([7.0] * 4, 5000)


def test_a_file_of_another_pattern_than_asked_for_is_refused() -> None:
    with pytest.raises(ImageError, match=r"filters are GRBG, raw.cfa is RGGB: leave raw.cfa out"):
        read_camera_file(dng(MOSAIC, "GRBG"), IMAGE, RawSettings(cfa="RGGB"))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b"no raw file" * 50, "LibRaw cannot read it: unsupported file format or not raw file"),
        (hollow(), "a part of the mosaic is missing: it is no lossless JPEG"),
        (hollow(1000, 1000), "a part of the mosaic is missing: it is no lossless JPEG"),
        (
            dng(MOSAIC, packed=lossless(MOSAIC)[:4000] + bytes(1000)),
            "a part of the mosaic is missing: it ends in zeros",
        ),
        (
            dng(np.where(np.arange(65)[:, None] < 40, MOSAIC, 0).astype(np.uint16)),
            "a part of the mosaic is missing: its last row is zeros",
        ),
        (dng(MOSAIC, black=(4000,) * 4), "its black level, 4000, is not below white, 4000: set .*"),
        (with_tag(dng(MOSAIC), 262, 34892), "its colour filters are .*: only R, G and B are read"),
        (linear_dng(), "it has no mosaic: its camera has stored finished colours .*"),
    ],
)
def test_what_is_no_whole_mosaic_is_refused_twice_alike(
    decoder: RawDecoder, data: bytes, told: str
) -> None:
    assert re.fullmatch(told, refused(decoder, data))


def test_the_cut_file_is_refused(decoder: RawDecoder) -> None:
    assert refused(decoder, raw_file("cut_leica_m10.dng")) == "the file is cut off"


@pytest.mark.parametrize("tenths", [0, 1, 3, 5, 8, 9])
def test_cut_at_any_place_it_is_refused(decoder: RawDecoder, tenths: int) -> None:
    for data in (dng(MOSAIC), dng(MOSAIC, packed=lossless(MOSAIC)), raw_file("canon_d30.crw")):
        refused(decoder, data[: len(data) * tenths // 10 + 30])


def test_a_declared_size_is_believed_by_nobody(decoder: RawDecoder) -> None:
    """64 kB that declare 98 MB: by what fits into bytes, by pixels, and by memory."""
    small = noise(100, 320)
    packed = dng(small, packed=lossless(small))
    data = with_tag(with_tag(packed, 257, 7000, "<I"), 256, 7000, "<I")
    assert len(data) < 2**16
    assert "decoding it takes about 5" in refused(decoder, data)
    with closing(RawDecoder(RAW)) as roomy:
        told = f"{len(data)} bytes cannot hold 7000 x 7000 pixels"
        assert refused(roomy, data, ImageSettings(max_memory=2**31)) == told
    few = ImageSettings(max_pixels=48_000_000)
    told = "49000000 pixels are more than max_pixels = 48000000"
    with closing(RawDecoder(RAW)) as another:
        assert refused(another, data, few) == told
    with pytest.raises(ImageError, match=r"decoding it takes about .* image.max_memory"):
        read_camera_file(dng(noise(1000, 1000)), ImageSettings(max_memory=2**24), RAW)


def test_memory_as_it_was_never_becomes_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it not for the strips, two fills of new memory would tell."""
    data = hollow()
    monkeypatch.setenv("PYTHONPATH", "")
    with closing(_Unchecked(RAW)) as first, closing(_Unchecked(RAW, _FILLS[1])) as second:
        one, other = first.mosaic(data), second.mosaic(data)
        assert (one == 0x5A5A).all()
        assert (other == 0xA6A6).all()
        assert refused(first, data) == "a part of the mosaic is missing in the file"
        flat = np.full((32, 32), 0x5A5A, np.uint16)
        kept = first(dng(flat, white=65_535), IMAGE)  # a picture that has this very number
        np.testing.assert_array_equal(kept.pixels, flat)


class _Unchecked(RawDecoder):
    """Its children do not look at strips."""

    _CHILD = (
        "import sys, runpy; import raydrift.images.raw.parts as parts; "
        "parts.check_parts = lambda data: {}; "
        "runpy.run_module('raydrift.images.raw.decoder', run_name='__main__', alter_sys=False)"
    )

    def _arguments(self, image: ImageSettings) -> list[str]:
        return ["-c", self._CHILD, super()._arguments(image)[-1]]

    def mosaic(self, data: bytes) -> np.ndarray:
        from raydrift.images.isolated_decoder import IsolatedDecoder

        return IsolatedDecoder.__call__(self, data, IMAGE).pixels


@given(st.integers(0, 40), st.integers(1, 20), st.integers(0, 2))
def test_a_run_of_the_fill_is_seen_wherever_it_is(place: int, length: int, row: int) -> None:
    mosaic = np.zeros((3, 64), np.uint16)
    mosaic[row, place : place + length] = 0x5A5A
    facts = {"black": [0.0] * 4, "white": 65_535.0}
    assert _is_filled(decoded_mosaic(mosaic, facts)) == (length >= 8)


@settings(max_examples=60)
@given(st.data())
def test_any_damage_is_a_mosaic_or_one_line(decoder: RawDecoder, data: st.DataObject) -> None:
    whole = DAMAGED
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        first = decoder(bytes(changed), IMAGE)
    except ImageError:
        refused(decoder, bytes(changed))
        return
    second = decoder(bytes(changed), IMAGE)
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert first.facts == second.facts


DAMAGED = dng(noise(22, 24))


def test_without_rawpy_it_is_said_before_anything_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawpy_there, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"need rawpy: pip install 'raydrift\[raw\]'$"):
        rawpy_there.check_rawpy(RAW)
    rawpy_there.check_rawpy(
        RawSettings(files="png", cfa="RGGB", gains="drone", matrix="drone")
    )  # which does not need it
    with pytest.raises(PipelineError, match="on every node"):
        RawDecoder(RAW)


def test_nothing_warns(decoder: RawDecoder) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoder(dng(MOSAIC), IMAGE)
