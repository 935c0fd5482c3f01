"""The table of readers: each has its guards, and another one takes a file and a line."""

import importlib
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest
from imagecodecs import png_decode
from PIL import Image

from raydrift.engine.data.gathered import PixelStack, PngColumn
from raydrift.engine.data.rows import as_row, pixels_of, table_of
from raydrift.errors import ImageError, PipelineError
from raydrift.images import readers
from raydrift.images.codec import decode, decode_image
from raydrift.images.isolated_decoder import IsolatedDecoder
from raydrift.images.pixels import ColourSpace, Sample
from raydrift.images.readers import READERS
from raydrift.images.scenes import draw_scene
from raydrift.settings import ImageSettings
from tests.image_files import file_of
from tests.tiff_files import tiff_of

SCENE = draw_scene("house", seed=0, index=0, height=48, width=72)
SETTINGS = ImageSettings(48, 72)
WITH_MOSAICS = Path(__file__).parent / "with_mosaics"

OF_THE_READERS = {
    "JPEG": file_of(SCENE, "JPEG"),
    "TIFF": tiff_of(SCENE.astype(np.uint16) * 257, 2),
    "Pillow's formats": file_of(SCENE, "PNG"),
}
"""A file for each reader that decodes."""

REFUSED = {
    "camera raw": (b"FUJIFILMCCD-RAW 0201", "a camera's raw file (Fujifilm RAF): read it"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC images cannot be decoded here: convert"),
}
"""A file for each reader that only says what it is, and its words."""


def test_each_reader_has_an_example_here() -> None:
    assert {one.name for one in READERS} == OF_THE_READERS.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", OF_THE_READERS)
def test_a_file_is_read_by_the_reader_of_its_format(name: str) -> None:
    data = OF_THE_READERS[name]
    first = next(one for one in READERS if one.recognises(data))
    assert first.name == name
    decoded = first.read(data, SETTINGS)
    assert decoded is not None
    assert (decoded.kind, decoded.pixels.shape) == ("uint8 srgb", (48, 72, 3))
    np.testing.assert_array_equal(decoded.pixels, decode(data, SETTINGS))


@pytest.mark.parametrize("name", OF_THE_READERS)
def test_each_looks_at_pixels_memory_and_the_files_end_before_it_decodes(name: str) -> None:
    data = OF_THE_READERS[name]
    for settings, told in (
        (ImageSettings(max_pixels=3455), "3456 pixels are more than max_pixels = 3455"),
        (ImageSettings(max_memory=2**24), "bytes, more than image.max_memory = 16777216"),
    ):
        with pytest.raises(ImageError, match=told):
            decode(data, settings)
    with pytest.raises(ImageError):
        decode(data[: len(data) // 2], SETTINGS)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(name: str) -> None:
    start, words = REFUSED[name]
    with pytest.raises(ImageError) as caught:
        decode(start + bytes(100), SETTINGS)
    assert caught.value.reason.startswith(words)


def test_a_jpeg_that_libjpeg_does_not_read_goes_on_to_pillow() -> None:
    inks = Image.fromarray(SCENE).convert("CMYK")
    data = file_of(inks, "JPEG")
    jpeg = next(one for one in READERS if one.name == "JPEG")
    assert jpeg.read(data, SETTINGS) is None
    np.testing.assert_array_equal(
        decode(data, SETTINGS), np.asarray(Image.open(BytesIO(data)).convert("RGB"))
    )


def test_a_tiff_that_pillow_reads_as_well_goes_on_to_pillow() -> None:
    data = file_of(SCENE, "TIFF")
    tiff = next(one for one in READERS if one.name == "TIFF")
    assert tiff.read(data, SETTINGS) is None
    np.testing.assert_array_equal(decode(data, SETTINGS), SCENE)


class TestAnotherReader:
    """Of 16-bit mosaics, with a mask, points and facts: ``with_mosaics``."""

    MOSAIC = np.random.default_rng(0).integers(0, 4096, (20, 30), np.uint16)
    SIZE = ImageSettings(16, 24)

    @pytest.fixture
    def module(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
        """Here and in child processes."""
        monkeypatch.syspath_prepend(WITH_MOSAICS)
        module = importlib.import_module("mosaic_reader")
        monkeypatch.setattr(readers, "READERS", (module.MOSAIC, *READERS))
        return module

    @pytest.fixture
    def data(self, module: ModuleType) -> bytes:
        content: bytes = module.written(self.MOSAIC)
        return content

    def check(self, sample: Sample) -> None:
        assert (sample.kind, sample.space) == ("uint16 mosaic", ColourSpace.MOSAIC)
        np.testing.assert_array_equal(sample.pixels, self.MOSAIC[:16, :24])
        assert sample.mask is not None
        assert sample.mask.dtype == np.bool_
        np.testing.assert_array_equal(sample.mask, self.MOSAIC[:16, :24] > 2047)
        assert sample.points is not None
        assert sample.points.tolist() == [[0.5, 1.5]]
        assert sample.facts == {"black": 64, "white": 4095, "pattern": ["RG", "GB"]}

    def test_is_asked_first_and_the_others_are_as_before(self, data: bytes) -> None:
        decoded = decode_image(data, self.SIZE)
        self.check(decoded)
        assert decoded.remarks == ("came from a sensor",)
        jpeg = OF_THE_READERS["JPEG"]
        assert decode_image(jpeg, self.SIZE).kind == "uint8 srgb"

    def test_its_images_come_whole_out_of_the_isolated_decoder(self, data: bytes) -> None:
        with closing(IsolatedDecoder()) as decoder:
            decoded = decoder(data, self.SIZE)
            self.check(decoded)
            assert decoded.remarks == ("came from a sensor",)
            for array in (decoded.pixels, decoded.mask, decoded.points):
                assert array is not None
                assert array.flags.writeable
            with pytest.raises(ImageError, match="the file is cut off"):
                decoder(data[:-1], self.SIZE)
            jpeg = OF_THE_READERS["JPEG"]
            np.testing.assert_array_equal(decoder(jpeg, SETTINGS).pixels, decode(jpeg, SETTINGS))

    def test_its_pixels_come_back_from_a_row_and_from_pngs(self, data: bytes) -> None:
        stack, pngs = PixelStack(3), PngColumn(3)
        for place in (0, 2):
            pixels = decode_image(data, self.SIZE).pixels
            stack.put(place, pixels)
            pngs.add(pixels)
            if place == 0:
                pngs.add(None)
        row = as_row(pa.table({"sample_id": [5, 6, 7]}), stack.finish((16, 24, 3)))
        back = pixels_of(row)
        assert (back.dtype, back.shape) == (np.uint16, (3, 16, 24))
        wanted = self.MOSAIC[:16, :24]
        np.testing.assert_array_equal(back, [wanted, np.zeros_like(wanted), wanted])
        assert table_of(row)["sample_id"].to_pylist() == [5, 6, 7]
        first, none, last = pngs.finish().to_pylist()
        assert none is None
        for png in (first, last):
            np.testing.assert_array_equal(png_decode(png), wanted)

    def test_its_guards_are_its_own(self, data: bytes) -> None:
        with pytest.raises(ImageError, match="600 pixels are more than max_pixels = 599"):
            decode_image(data, ImageSettings(16, 24, max_pixels=599))
        with pytest.raises(ImageError, match="the file is cut off"):
            decode_image(data[:-1], self.SIZE)

    def test_who_wants_rgb_says_so(self, data: bytes) -> None:
        with pytest.raises(PipelineError) as caught:
            decode(data, self.SIZE)
        assert str(caught.value) == (
            "decode() takes uint8 srgb pixels, not uint16 mosaic: give images that are read as such"
        )
