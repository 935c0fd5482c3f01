"""TIFF as its tags say: every layout shows the picture that was put into it, or is named."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image, ImageCms

from raydrift.errors import ImageError
from raydrift.images.codec import decode, decode_image
from raydrift.settings import ImageSettings
from tests.image_files import file_of
from tests.tiff_files import grey_picture, picture, tiff_of

PIC, GREY = picture(), grey_picture()
SAME_SIZE = ImageSettings(64, 64)

ALPHA = np.where(np.indices((64, 64)).sum(0) % 16 < 8, 255, 128).astype(np.uint8)
OVER_WHITE = PIC * (ALPHA / 255)[:, :, None] + 255 - ALPHA[:, :, None].astype(float)
GREY_OVER_WHITE = GREY * (ALPHA / 255) + 255 - ALPHA.astype(float)

DEEP = {
    "uint8": lambda levels: levels,
    "uint16": lambda levels: levels.astype(np.uint16) * 257,
    "uint32": lambda levels: levels.astype(np.uint32) * 16_843_009,
    "uint64": lambda levels: levels.astype(np.uint64) * 72_340_172_838_076_673,
    "int16": lambda levels: levels.astype(np.int16) * 128,
    "int32": lambda levels: levels.astype(np.int32) * 2**23,
    "float16": lambda levels: (levels / 255).astype(np.float16),
    "float32": lambda levels: (levels / 255).astype(np.float32),
    "float64": lambda levels: levels / 255,
}

LOSSLESS = (None, "packbits", "lzw", "zlib", "zstd", "lzma", "lerc")


def written(samples: npt.NDArray[Any], **options: Any) -> bytes:
    """A TIFF by tifffile."""
    file = BytesIO()
    bigtiff, byteorder = options.pop("bigtiff", False), options.pop("byteorder", "<")
    options.setdefault("photometric", "rgb" if samples.ndim == 3 else "minisblack")
    with tifffile.TiffWriter(file, bigtiff=bigtiff, byteorder=byteorder) as writer:
        writer.write(samples, metadata=None, **options)
    return file.getvalue()


def shows(
    data: bytes, expected: npt.NDArray[Any], within: float = 1, settings: Any = SAME_SIZE
) -> bool:
    """Whether the decoded pixels are those of a picture, grey or RGB, but for some levels."""
    wanted = expected if expected.ndim == 3 else expected[:, :, None]
    return bool(np.abs(decode(data, settings) - wanted.astype(float)).max() <= within)


class TestSamples:
    @pytest.mark.parametrize("kind", DEEP)
    @pytest.mark.parametrize("planar", [False, True], ids=["interleaved", "planar"])
    def test_colours_and_grey_of_every_kind(self, kind: str, planar: bool) -> None:
        deep = DEEP[kind]
        assert shows(tiff_of(deep(PIC), 2, planar=planar), PIC)
        assert shows(tiff_of(deep(GREY), 1), GREY)

    @pytest.mark.parametrize("kind", DEEP)
    def test_white_may_be_zero(self, kind: str) -> None:
        assert shows(tiff_of(DEEP[kind](255 - GREY), 0), GREY)

    @pytest.mark.parametrize("bits", [1, 2, 4, 6, 10, 12, 14])
    @pytest.mark.parametrize("photometric", [0, 1])
    def test_packed_bits(self, bits: int, photometric: int) -> None:
        values = GREY.astype(np.int64) * (2**bits - 1) // 255
        places = np.arange(bits - 1, -1, -1)
        packed = np.packbits((values[:, :, None] >> places & 1).reshape(64, -1), axis=1)
        data = tiff_of(packed if photometric else ~packed, photometric, bits=bits)
        assert shows(data, values * 255 / (2**bits - 1))

    @pytest.mark.parametrize("samples", [GREY + 1j * GREY], ids=["complex"])
    def test_complex_samples_are_named(self, samples: npt.NDArray[Any]) -> None:
        told = "a TIFF of complex samples is not read: convert it to 8-bit RGB"
        with pytest.raises(ImageError, match=told):
            decode(written(samples), SAME_SIZE)


class TestLayout:
    @pytest.mark.parametrize(
        ("compression", "kinds"),
        [
            *((name, ("uint8", "uint16", "float32")) for name in LOSSLESS),
            ("jpeg2000", ("uint8", "uint16")),
            ("png", ("uint8", "uint16")),
            ("webp", ("uint8",)),
        ],
    )
    def test_compressions(self, compression: str | None, kinds: tuple[str, ...]) -> None:
        options = {"lossless": True} if compression == "webp" else {}
        for kind in kinds:
            data = written(DEEP[kind](PIC), compression=compression, compressionargs=options)
            assert shows(data, PIC), kind

    @pytest.mark.parametrize("around", ["deflate", "zstd"])
    def test_lerc_may_be_compressed_once_more(self, around: str) -> None:
        options = {"compression": around}
        data = written(DEEP["float32"](PIC), compression="lerc", compressionargs=options)
        assert shows(data, PIC)

    def test_a_compression_that_is_not_read_is_named(self) -> None:
        with pytest.raises(ImageError, match="a TIFF of compression JPEGXL is not read"):
            decode(written(DEEP["uint16"](PIC), compression="jpegxl"), SAME_SIZE)

    @pytest.mark.parametrize("compression", ["jpeg2000", "lerc", "png", "webp"])
    def test_a_part_that_claims_to_be_larger_is_not_decoded(self, compression: str) -> None:
        deep = DEEP["uint8" if compression == "webp" else "uint16"]
        large = written(deep(np.tile(PIC, (20, 20, 1))), compression=compression)
        with tifffile.TiffFile(BytesIO(large)) as file:
            tags = file.pages.first.tags
            places = [tags[tag].valueoffset for tag in (256, 257, 278)]
        small = bytearray(large)
        for place in places:
            small[place : place + 4] = (64).to_bytes(4, "little")
        with pytest.raises(ImageError, match="a part of the image is larger than its place"):
            decode(bytes(small), SAME_SIZE)

    @pytest.mark.parametrize("kind", ["uint8", "uint16", "float16", "float32", "float64"])
    @pytest.mark.parametrize("byteorder", "<>")
    def test_predictors_in_either_byte_order(self, kind: str, byteorder: str) -> None:
        data = written(DEEP[kind](PIC), compression="zlib", predictor=True, byteorder=byteorder)
        assert shows(data, PIC)

    @pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
    def test_strips_tiles_planes_and_large_files(self, kind: str) -> None:
        deep = DEEP[kind](PIC)
        planes = np.moveaxis(deep, 2, 0)
        for samples, options in (
            (deep, {"rowsperstrip": 7}),
            (deep, {"rowsperstrip": 7, "compression": "lzw"}),
            (deep, {"tile": (48, 48), "compression": "zlib"}),
            (deep, {"bigtiff": True}),
            (planes, {"planarconfig": "separate", "rowsperstrip": 9, "compression": "lzw"}),
            (planes, {"planarconfig": "separate", "tile": (32, 32), "compression": "zlib"}),
        ):
            assert shows(written(samples, **options), PIC), options

    @pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
    def test_the_orientation_is_applied(self, kind: str) -> None:
        turned = np.ascontiguousarray(np.rot90(DEEP[kind](PIC)))
        assert shows(tiff_of(turned, 2, tags={274: [6]}), PIC)

    def test_of_many_pages_and_of_a_pyramid_the_first_image_is_taken(self) -> None:
        deep = DEEP["uint16"](GREY)
        for options in ({"imagej": True}, {"ome": True}, {}):
            file = BytesIO()
            stack = np.stack([deep, deep // 2, deep // 3])
            tifffile.imwrite(file, stack, photometric="minisblack", **options)
            assert shows(file.getvalue(), GREY), options
        file = BytesIO()
        with tifffile.TiffWriter(file, ome=True) as writer:
            tiles = {"photometric": "rgb", "tile": (32, 32)}
            writer.write(DEEP["uint16"](PIC), subifds=1, **tiles)
            writer.write(DEEP["uint16"](PIC[::2, ::2]), subfiletype=1, **tiles)
        assert shows(file.getvalue(), PIC)

    @pytest.mark.parametrize("compression", [None, "zlib"])
    def test_a_file_that_is_cut_off_is_rejected(self, compression: str | None) -> None:
        data = written(DEEP["uint16"](PIC), compression=compression, rowsperstrip=8)
        for size in (len(data) - 5, len(data) // 2):
            with pytest.raises(ImageError, match="the file is cut off"):
                decode(data[:size], SAME_SIZE)

    def test_a_broken_strip_is_rejected(self) -> None:
        data = bytearray(written(DEEP["uint16"](PIC), compression="zlib"))
        with tifffile.TiffFile(BytesIO(data)) as file:
            start = file.pages.first.dataoffsets[0]
        data[start + 100 : start + 200] = bytes(100)
        with pytest.raises(ImageError):
            decode(bytes(data), SAME_SIZE)

    @pytest.mark.parametrize("planar", [0, 3])
    def test_bands_that_lie_nobody_knows_how_are_rejected(self, planar: int) -> None:
        """What is not written to would be whatever the memory had before."""
        data = tiff_of(DEEP["uint16"](PIC), 2, tags={284: [planar]})
        with pytest.raises(ImageError, match="damaged: it does not say how its bands lie"):
            decode(data, SAME_SIZE)

    def test_pixels_and_bands_are_limited_before_anything_is_decoded(self) -> None:
        data = tiff_of(DEEP["uint16"](PIC), 2)
        small = ImageSettings(64, 64, max_pixels=4095)
        with pytest.raises(ImageError, match="4096 pixels are more than max_pixels = 4095"):
            decode(data, small)
        many = tiff_of(DEEP["uint16"](np.dstack([PIC] * 20)), 1, tags={338: [0] * 59})
        told = "20480 pixels are more than max_pixels = 20000"  # of 120 bytes each, not of 24
        with pytest.raises(ImageError, match=told):
            decode(many, ImageSettings(64, 64, max_pixels=20_000))


class TestColours:
    @pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
    @pytest.mark.parametrize("bands", [3, 4, 5, 8, 13])
    @pytest.mark.parametrize("planar", [False, True], ids=["interleaved", "planar"])
    def test_of_many_bands_the_first_three_are_the_colours(
        self, kind: str, bands: int, planar: bool
    ) -> None:
        deep = DEEP[kind](np.dstack([PIC] + [255 - GREY] * (bands - 3)))
        assert shows(tiff_of(deep, 1, planar=planar, tags={338: [0] * (bands - 1)}), PIC)
        extra = {338: [0] * (bands - 3)} if bands > 3 else {}
        assert shows(tiff_of(deep, 2, planar=planar, tags=extra), PIC)

    @pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
    @pytest.mark.parametrize("planar", [False, True], ids=["interleaved", "planar"])
    def test_transparent_pixels_are_laid_over_white(self, kind: str, planar: bool) -> None:
        shape = {"planar": planar}
        multiplied = (PIC * (ALPHA / 255)[:, :, None]).astype(np.uint8)
        for colours, extra in ((PIC, 2), (multiplied, 1)):
            deep = DEEP[kind](np.dstack([colours, ALPHA]))
            assert shows(tiff_of(deep, 2, tags={338: [extra]}, **shape), OVER_WHITE, 2), extra
        grey = (GREY * (ALPHA / 255)).astype(np.uint8)
        for colours, extra in ((GREY, 2), (grey, 1)):
            deep = DEEP[kind](np.dstack([colours, ALPHA]))
            assert shows(tiff_of(deep, 1, tags={338: [extra]}, **shape), GREY_OVER_WHITE, 2), extra

    @pytest.mark.parametrize("kind", ["uint8", "uint16"])
    def test_a_second_band_of_no_meaning_is_left_out(self, kind: str) -> None:
        data = tiff_of(DEEP[kind](np.dstack([GREY, ALPHA])), 1, tags={338: [0]})
        assert shows(data, GREY)

    @pytest.mark.parametrize("kind", ["uint8", "uint16"])
    def test_palettes(self, kind: str) -> None:
        quantized = Image.fromarray(PIC).quantize(200)
        colours = np.zeros((2 ** (8 * np.dtype(kind).itemsize), 3), np.int64)
        colours[:200] = np.reshape(quantized.getpalette(), (-1, 3))[:200]
        data = tiff_of(
            np.asarray(quantized).astype(kind), 3, tags={320: (colours.T * 257).ravel().tolist()}
        )
        assert shows(data, np.asarray(quantized.convert("RGB")))

    @pytest.mark.parametrize("kind", ["uint8", "uint16"])
    @pytest.mark.parametrize("planar", [False, True], ids=["interleaved", "planar"])
    def test_inks(self, kind: str, planar: bool) -> None:
        inks = np.dstack([255 - PIC, np.zeros((64, 64), np.uint8)])
        assert shows(tiff_of(DEEP[kind](inks), 5, planar=planar), PIC)

    def test_lab(self) -> None:
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        transform = ImageCms.buildTransform(*profiles, "RGB", "LAB")
        image = ImageCms.applyTransform(Image.fromarray(PIC), transform)
        lab = np.frombuffer(image.tobytes(), np.uint8).reshape(64, 64, 3)
        deep = np.dstack(
            [lab[:, :, :1].astype(np.uint16) * 257, lab[:, :, 1:].astype(np.uint16) << 8]
        )
        offset = lab ^ np.array([0, 0x80, 0x80], np.uint8)
        for data in (tiff_of(lab, 8), tiff_of(deep, 8), tiff_of(offset, 9)):
            assert np.abs(decode(data, SAME_SIZE) - PIC.astype(float)).mean() < 2

    def test_colours_that_are_not_read_are_named(self) -> None:
        for photometric, name in ((32845, "LOGLUV"), (6, "YCBCR"), (99, "99")):
            data = tiff_of(DEEP["uint16"](PIC), photometric)
            told = f"a TIFF of 3 bands of photometric interpretation {name} is not read"
            with pytest.raises(ImageError, match=told):
                decode(data, SAME_SIZE)
        subsampled = tiff_of(PIC, 6, tags={530: [2, 2]})
        for data in (subsampled, tiff_of(PIC, 6, planar=True, tags={530: [1, 1]})):
            with pytest.raises(ImageError, match="3 bands of photometric interpretation YCBCR"):
                decode(data, SAME_SIZE)
        with pytest.raises(ImageError, match="0 bands of photometric interpretation MINISBLACK"):
            decode(tiff_of(GREY, 1, bits=4, tags={277: [0]}), SAME_SIZE)
        with pytest.raises(ImageError, match="a TIFF of inks other than CMYK is not read"):
            decode(tiff_of(DEEP["uint16"](np.dstack([PIC, GREY])), 5, tags={332: [2]}), SAME_SIZE)


def in_jpeg(samples: npt.NDArray[Any], told: int | None = None, **options: Any) -> bytes:
    """A TIFF whose samples are a JPEG; its tag of the photometric interpretation may lie."""
    data = bytearray(written(samples, compression="jpeg", **options))
    if told is not None:
        with tifffile.TiffFile(BytesIO(data)) as file:
            place = file.pages.first.tags[262].valueoffset
        data[place : place + 2] = told.to_bytes(2, "little")
    return bytes(data)


def resembles(data: bytes, expected: npt.NDArray[Any]) -> bool:
    """Whether the decoded pixels are a picture's but for what a JPEG loses; mixed up are 90 off."""
    wanted = expected if expected.ndim == 3 else expected[:, :, None]
    return bool(np.abs(decode(data, SAME_SIZE) - wanted.astype(float)).mean() < 10)


def raw_in_jpeg(image: Image.Image, photometric: int) -> bytes:
    """One by libtiff, whose bands are what they are, and no marker says what."""
    data = file_of(image, "TIFF", compression="jpeg", quality=95)
    tag = struct.pack("<HHI", 262, 3, 1)
    place = data.index(tag) + len(tag)
    return data[:place] + photometric.to_bytes(2, "little") + data[place + 2 :]


class TestJpeg:
    """JPEG inside a TIFF: its decoder takes three bands for YCbCr, whatever the tags say."""

    BANDS = Image.frombytes("LAB", (64, 64), PIC.tobytes())
    FOUR_BANDS = Image.fromarray(np.dstack([PIC, 255 - 0 * GREY]), "RGBA")

    @pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2)])
    @pytest.mark.parametrize("tile", [None, (32, 32)], ids=["strips", "tiles"])
    def test_subsampled_colours(self, subsampling: tuple[int, int], tile: Any) -> None:
        assert resembles(in_jpeg(PIC, subsampling=subsampling, tile=tile), PIC)

    def test_grey_inks_alpha_and_planes(self) -> None:
        inks, planes = np.dstack([255 - PIC, 0 * GREY]), {"planarconfig": "separate"}
        assert resembles(in_jpeg(GREY), GREY)
        assert resembles(in_jpeg(255 - GREY, photometric="miniswhite"), GREY)
        assert resembles(in_jpeg(inks, photometric="separated"), PIC)
        assert resembles(in_jpeg(np.moveaxis(inks, 2, 0), photometric="separated", **planes), PIC)
        assert resembles(in_jpeg(np.moveaxis(PIC, 2, 0), photometric="rgb", **planes), PIC)
        assert resembles(raw_in_jpeg(self.FOUR_BANDS, 2), PIC)
        assert resembles(raw_in_jpeg(self.FOUR_BANDS, 1), PIC)
        assert resembles(raw_in_jpeg(self.BANDS, 2), PIC)

    @pytest.mark.parametrize("samples", [PIC, GREY], ids=["colours", "grey"])
    def test_samples_of_12_bits(self, samples: npt.NDArray[Any]) -> None:
        deep = (samples * (4095 / 255)).astype(np.uint16)
        assert resembles(in_jpeg(deep, compressionargs={"bitspersample": 12}), samples)

    @pytest.mark.parametrize(
        ("photometric", "name"),
        [(0, "MINISWHITE"), (1, "MINISBLACK"), (8, "CIELAB"), (9, "ICCLAB"), (10, "ITULAB")],
    )
    def test_three_bands_of_other_colours_are_named(self, photometric: int, name: str) -> None:
        told = f"a TIFF of 3 bands of photometric interpretation {name} in JPEG is not read"
        for data in (raw_in_jpeg(self.BANDS, photometric), in_jpeg(PIC, photometric)):
            with pytest.raises(ImageError, match=told):
                decode(data, SAME_SIZE)

    def test_ycbcr_that_is_not_decoded_as_such_is_named(self) -> None:
        planes = {"photometric": "rgb", "planarconfig": "separate"}
        for data, count in (
            (in_jpeg(np.moveaxis(PIC, 2, 0), 6, **planes), 3),
            (raw_in_jpeg(self.FOUR_BANDS, 6), 4),
        ):
            told = f"a TIFF of {count} bands of photometric interpretation YCBCR in JPEG is not"
            with pytest.raises(ImageError, match=told):
                decode(data, SAME_SIZE)


class TestNoData:
    @pytest.mark.parametrize("text", ["-9999", "nan", "-3.4028234663852886e+38", " 7 "])
    def test_what_was_not_measured_is_black(self, text: str) -> None:
        value = np.float32(float(text))
        samples = DEEP["float32"](GREY)
        samples[:8] = value
        expected = GREY.copy()
        expected[:8] = 0
        for photometric, levels in (
            (1, samples),
            (0, np.where(samples == value, value, 1 - samples)),
        ):
            data = tiff_of(levels.astype(np.float32), photometric, tags={42113: text})
            assert shows(data, expected)
        assert decode_image(data, SAME_SIZE).remarks == ()

    def test_a_value_of_another_type_is_none(self) -> None:
        assert shows(tiff_of(DEEP["uint16"](GREY), 1, tags={42113: "-1e9"}), GREY)
        assert shows(tiff_of(DEEP["uint16"](GREY), 1, tags={42113: "none"}), GREY)


class TestCameras:
    @pytest.mark.parametrize(
        ("tags", "name"),
        [
            ({50706: [1, 4, 0, 0]}, "DNG"),
            ({262: [32803], 271: "NIKON CORPORATION"}, "NEF"),
            ({259: [34713], 271: "Nikon"}, "NEF"),
            ({33422: [0, 1, 1, 2], 271: "Obscura"}, "Obscura"),
        ],
    )
    def test_their_raw_files_are_rejected_by_name(self, tags: Any, name: str) -> None:
        remedy = "read it with --raw, or develop it to JPEG or TIFF first"
        told = rf"a camera's raw file \({name}\): {remedy}"
        for samples in (PIC, DEEP["uint16"](PIC)):
            with pytest.raises(ImageError, match=told):
                decode(tiff_of(samples, 2, tags=tags), SAME_SIZE)

    @pytest.mark.parametrize(
        ("start", "name"), [(b"IIRO", "ORF"), (b"IIRS", "ORF"), (b"IIU\0", "RW2")]
    )
    def test_so_are_those_with_a_start_of_their_own(self, start: bytes, name: str) -> None:
        with pytest.raises(ImageError, match=rf"raw file \({name}\)"):
            decode(start + tiff_of(PIC, 2)[4:], SAME_SIZE)

    def test_the_raw_image_may_lie_below_a_thumbnail(self) -> None:
        file = BytesIO()
        with tifffile.TiffWriter(file) as writer:
            writer.write(PIC, subifds=1, photometric="rgb", metadata=None)
            writer.write(DEEP["uint16"](GREY), photometric="cfa", metadata=None)
        with pytest.raises(ImageError, match="a camera's raw file"):
            decode(file.getvalue(), SAME_SIZE)

    def test_a_thumbnail_is_not_taken_for_the_picture(self) -> None:
        with pytest.raises(ImageError, match="its first image is a thumbnail"):
            decode(tiff_of(PIC, 2, tags={254: [1]}), SAME_SIZE)
