"""Tiles of mosaics, and the sizes that are known without decoding."""

from contextlib import closing
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.camera.cfa import CFA
from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import ColourSpace
from raydrift.images.raw.sizes import CameraFileSizes, header_size, tiff_size
from raydrift.images.raw.tiles import tile_of, tile_places
from raydrift.settings import ImageSettings, RawSettings
from tests.image_files import file_of
from tests.raw_files import CFAS, dng, hollow, noise, raw_file

SIDES = st.integers(2, 40)


def mosaic(height: int, width: int) -> Decoded:
    return Decoded(noise(height, width), space=ColourSpace.MOSAIC, facts={"cfa": "RGGB"})


@given(height=SIDES, width=SIDES, half=st.integers(1, 12))
def test_tiles_are_whole_apart_and_all_there_are(height: int, width: int, half: int) -> None:
    size, seen = 2 * half, np.zeros((height, width), int)
    raw = RawSettings(read="tile", tile=size)
    whole = mosaic(height, width)
    places = tile_places(height, width, size)
    for row, column in places.tolist():
        tile = tile_of(whole, row, column, raw)
        np.testing.assert_array_equal(
            tile.pixels, whole.pixels[row : row + size, column : column + size]
        )
        assert not np.shares_memory(tile.pixels, whole.pixels)
        assert (row % 2, column % 2) == (0, 0)  # the pattern is the same in all
        seen[row : row + size, column : column + size] += 1
    assert seen.max(initial=0) <= 1
    assert len(places) == (height // size) * (width // size)


@pytest.mark.parametrize(
    ("row", "column", "raw", "told"),
    [
        (8, 0, {}, "it has 10 x 12 pixels, and no tile at row 8, column 0: it is not as it was .*"),
        (None, None, {}, "its size could not be read when the input was listed"),
        (0, 0, {"shape": (12, 12)}, "it has 10 x 12 pixels, not 12 x 12 as raw.shape says"),
    ],
)
def test_a_tile_that_is_not_there_is_one_line(
    row: int | None, column: int | None, raw: dict[str, object], told: str
) -> None:
    with pytest.raises(ImageError, match=f"^decode: {told}"):
        tile_of(mosaic(10, 12), row, column, RawSettings(read="tile", tile=4, **raw))


class TestSizes:
    def test_of_camera_files_are_those_of_their_mosaics(self) -> None:
        with closing(CameraFileSizes()) as sizes:
            for cfa in CFAS:
                for orientation in (1, 6, 8):
                    file = dng(noise(65, 97), cfa, orientation)
                    assert sizes.size(file, ImageSettings()) == (65, 97)
            assert sizes.size(raw_file("canon_d30.crw"), ImageSettings()) == (1448, 2176)
            assert sizes.size(hollow(), ImageSettings()) == (200, 300)  # what it declares

    def test_of_what_is_no_camera_file_there_are_none(self) -> None:
        with closing(CameraFileSizes()) as sizes:
            for data in (b"", b"no file", dng(noise(60, 80))[:100]):
                with pytest.raises(ImageError):
                    sizes.size(data, ImageSettings())
            assert sizes.size(dng(noise(60, 80)), ImageSettings()) == (60, 80)  # it goes on

    def test_of_declared_mosaics_stand_in_the_header(self) -> None:
        for kind in ("PNG", "PPM"):
            assert header_size(file_of(noise(30, 44), kind)[:200]) == (30, 44)
        file = file_of(noise(30, 44), "TIFF")
        assert header_size(file[:100]) is None
        assert tiff_size(BytesIO(file)) == (30, 44)
        for no_file in (b"", b"P5 what is this", b"\x89PNG\r\n\x1a\n"):
            with pytest.raises(ImageError):
                header_size(no_file)


def test_the_pattern_of_every_tile_is_the_files() -> None:
    """A tile of one colour plane is of the same plane in the whole."""
    planes = np.zeros((12, 16), np.uint16)
    for place, colour in enumerate(CFA("GBRG").colours):
        planes[place // 2 :: 2, place % 2 :: 2] = colour
    whole = Decoded(planes, space=ColourSpace.MOSAIC, facts={"cfa": "GBRG"})
    raw = RawSettings(read="tile", tile=6)
    tiles = [tile_of(whole, *place, raw).pixels for place in tile_places(12, 16, 6).tolist()]
    assert len(tiles) == 4
    for tile in tiles:
        np.testing.assert_array_equal(tile, planes[:6, :6])
