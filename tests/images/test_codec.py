"""Files are made by Pillow, and Pillow says what is in them."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from raydrift.errors import ImageError
from raydrift.images.codec import RGB, decode, encode_png
from raydrift.images.scenes import draw_scene
from raydrift.settings import ImageSettings
from tests.image_files import file_of

HEIGHT, WIDTH = 48, 72
SCENE = draw_scene("house", seed=0, index=0, height=HEIGHT, width=WIDTH)
SAME_SIZE = ImageSettings(HEIGHT, WIDTH)
SMALLER = ImageSettings(24, 16)

Values = npt.NDArray[np.generic]


def scene(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(SCENE).convert(mode)


def as_pillow_reads(data: bytes) -> RGB:
    with Image.open(BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def resized_by_pillow(data: bytes, size: tuple[int, int]) -> RGB:
    """As torchvision's ``Resize`` does it: bilinear, antialiased."""
    image = Image.fromarray(as_pillow_reads(data))
    return np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR))


def at_its_size(image: RGB) -> ImageSettings:
    return ImageSettings(*image.shape[:2])


def refusal(data: bytes, wanted: ImageSettings = SMALLER) -> ImageError:
    with pytest.raises(ImageError) as caught:
        decode(data, wanted)
    return caught.value


def differences(one: RGB, other: RGB) -> npt.NDArray[np.int_]:
    return np.abs(one.astype(int) - other)


def png_of(width: int, height: int, depth: int, colours: int, rows: bytes = b"") -> bytes:
    """A PNG by hand; without rows there is only what its header claims."""

    def chunk(tag: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(tag + data))
        return struct.pack(">I", len(data)) + tag + data + checksum

    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(rows)) if rows else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


class TestJpeg:
    def test_at_its_own_size_it_is_what_pillow_reads(self) -> None:
        data = file_of(scene(), "JPEG", quality=90)
        assert (decode(data, SAME_SIZE) == as_pillow_reads(data)).all()

    @pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"quality": 5}])
    def test_so_it_is_for_other_kinds_of_jpeg(self, options: dict[str, Any]) -> None:
        data = file_of(scene(), "JPEG", **options)
        assert (decode(data, SAME_SIZE) == as_pillow_reads(data)).all()

    @pytest.mark.parametrize("size", [(224, 224), (130, 300), (480, 640), (300, 160)])
    def test_from_half_its_size_on_it_is_resized_as_pillow_and_torchvision_do(
        self, scenes: Path, size: tuple[int, int]
    ) -> None:
        for file in sorted(scenes.rglob("*.jpg"))[::9]:
            resized = decode(file.read_bytes(), ImageSettings(*size))
            assert differences(resized, resized_by_pillow(file.read_bytes(), size)).max() <= 1

    @pytest.mark.parametrize("size", [(100, 100), (60, 80), (24, 32), (8, 8)])
    def test_below_it_is_nearly_the_same(self, scenes: Path, size: tuple[int, int]) -> None:
        for file in sorted(scenes.rglob("*.jpg"))[::9]:
            resized = decode(file.read_bytes(), ImageSettings(*size))
            off = differences(resized, resized_by_pillow(file.read_bytes(), size))
            assert off.mean() < 1.5
            assert np.percentile(off, 99) <= 10

    @pytest.mark.parametrize("size", [(224, 224), (96, 128), (50, 70)])
    def test_so_it_is_for_photographs(self, photos: Path, size: tuple[int, int]) -> None:
        for file in sorted(photos.rglob("*.JPEG"))[::12]:
            resized = decode(file.read_bytes(), ImageSettings(*size))
            expected = resized_by_pillow(file.read_bytes(), size)
            assert differences(resized, expected).mean() < 7  # of the finest texture
            assert np.abs(resized.mean((0, 1)) - expected.mean((0, 1))).max() < 2

    @pytest.mark.parametrize(
        ("height", "width"), [(357, 500), (475, 311), (513, 517), (897, 897), (1001, 1001)]
    )
    def test_nothing_is_moved_by_half_a_pixel(self, height: int, width: int) -> None:
        step = np.zeros((height, width, 3), np.uint8)
        step[: height * 9 // 10] = 255
        rows = decode(file_of(step, "JPEG", quality=95), ImageSettings()).mean((1, 2))
        edge = rows.sum() / 255
        assert edge == pytest.approx(height * 9 // 10 * 224 / height, abs=0.5)

    @pytest.mark.parametrize("size", [(8, 300), (300, 8)])
    def test_it_may_shrink_one_way_and_grow_the_other(self, size: tuple[int, int]) -> None:
        data = file_of(np.full((60, 60, 3), (200, 100, 50), np.uint8), "JPEG", quality=95)
        assert differences(decode(data, ImageSettings(*size)), np.array([200, 100, 50])).max() <= 2

    @pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 9)])
    def test_of_any_shape_it_becomes_what_is_wanted(self, shape: tuple[int, int]) -> None:
        data = file_of(np.full((*shape, 3), 128, np.uint8), "JPEG")
        assert (decode(data, SMALLER) == 128).all()
        assert decode(data, SMALLER).shape == (24, 16, 3)

    def test_a_stereo_pair_is_its_first_picture(self) -> None:
        data = file_of(scene(), "MPO", save_all=True, append_images=[scene().rotate(180)])
        assert (decode(data, SAME_SIZE) == as_pillow_reads(file_of(scene(), "JPEG"))).all()


def turned(orientation: int, kind: str, **options: Any) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return file_of(scene(), kind, exif=exif, **options)


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_of_a_jpeg_is_undone(self, orientation: int) -> None:
        data = turned(orientation, "JPEG", quality=90)
        expected = as_pillow_reads(data)
        assert (decode(data, at_its_size(expected)) == expected).all()

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_of_a_jpeg_that_shrinks_is_undone(self, orientation: int) -> None:
        data = turned(orientation, "JPEG", quality=90)
        expected = resized_by_pillow(data, (24, 16))
        assert differences(decode(data, SMALLER), expected).mean() < 1.5

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
    def test_of_other_files_is_undone(self, orientation: int, kind: str) -> None:
        options = {"lossless": True} if kind == "WEBP" else {}
        data = turned(orientation, kind, **options)
        expected = as_pillow_reads(data)
        assert (decode(data, at_its_size(expected)) == expected).all()

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_turns_a_marked_corner_to_where_it_belongs(self, orientation: int) -> None:
        upright = np.zeros((16, 32, 3), np.uint8)
        upright[:8, :16] = 255, 0, 0
        upright[:8, 16:] = 0, 255, 0
        undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that stores it so
        stored = Image.fromarray(upright)
        if orientation > 1:
            stored = stored.transpose(Image.Transpose(undo[orientation]))
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = file_of(stored, "JPEG", quality=100, subsampling=0, exif=exif)
        assert differences(decode(data, ImageSettings(16, 32)), upright).max() <= 3

    @pytest.mark.parametrize("orientation", [0, 9, 65_535])
    def test_that_there_is_not_means_upright(self, orientation: int) -> None:
        data = turned(orientation, "JPEG", quality=90)
        assert (decode(data, SAME_SIZE) == as_pillow_reads(data)).all()
        assert decode(data, SAME_SIZE).shape == (HEIGHT, WIDTH, 3)

    def test_in_broken_exif_is_not_believed(self) -> None:
        data = file_of(scene(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
        assert (decode(data, SAME_SIZE) == as_pillow_reads(file_of(scene(), "JPEG"))).all()

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("exif", [b"x", b"Exif\0\0no TIFF", b"Exif\0\0MM\0*\xff\xff\xff\xff"])
    def test_in_broken_exif_of_any_file_is_not_believed(self, kind: str, exif: bytes) -> None:
        options = {"lossless": True} if kind == "WEBP" else {}
        data = file_of(scene(), kind, exif=exif, **options)
        assert (
            decode(data, SAME_SIZE) == decode(file_of(scene(), kind, **options), SAME_SIZE)
        ).all()

    def test_named_in_a_comment_is_not_believed(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 3
        data = file_of(scene(), "JPEG", comment=b"Exif\0\0" + exif.tobytes()[6:])
        assert (decode(data, SAME_SIZE) == as_pillow_reads(data)).all()

    def test_behind_a_long_comment_is_undone(self) -> None:
        data = turned(3, "JPEG", quality=90)
        comment = b"\xff\xfe\xff\xff" + bytes(65_533)
        data = data[:2] + comment + data[2:]
        assert (decode(data, SAME_SIZE) == as_pillow_reads(data)).all()

    def test_in_the_photographs_is_undone(self, photos: Path) -> None:
        for file in sorted(photos.rglob("*.JPEG"))[5::60]:
            data = file.read_bytes()
            expected = as_pillow_reads(data)
            assert (decode(data, at_its_size(expected)) == expected).all()


class TestColours:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
    def test_grey_becomes_three_equal_channels(self, kind: str) -> None:
        data = file_of(scene("L"), kind)
        image = decode(data, SAME_SIZE)
        assert (image == image[:, :, :1]).all()
        assert (image == as_pillow_reads(data)).all()

    @pytest.mark.parametrize(
        ("mode", "kind"),
        [
            ("RGB", "PNG"),
            ("RGB", "BMP"),
            ("RGB", "GIF"),
            ("RGB", "TIFF"),
            ("RGB", "WEBP"),
            ("RGB", "PPM"),
            ("RGB", "TGA"),
            ("RGB", "ICO"),
            ("RGB", "JPEG2000"),
            ("RGB", "AVIF"),
            ("CMYK", "JPEG"),
            ("CMYK", "TIFF"),
            ("YCbCr", "TIFF"),
            ("P", "PNG"),
            ("P", "GIF"),
            ("P", "BMP"),
            ("1", "PNG"),
            ("1", "TIFF"),
            ("1", "PPM"),
        ],
    )
    def test_other_modes_and_files_are_as_pillow_reads_them(self, mode: str, kind: str) -> None:
        data = file_of(scene(mode), kind)
        expected = as_pillow_reads(data)
        assert (decode(data, at_its_size(expected)) == expected).all()

    def test_one_bit_is_black_and_white(self) -> None:
        data = file_of(scene("1"), "PNG")
        assert set(decode(data, SAME_SIZE).ravel().tolist()) == {0, 255}

    def test_cmyk_is_pillows_formula(self) -> None:
        inks = np.zeros((8, 8, 4), np.uint8)
        inks[:] = 51, 102, 0, 51
        data = file_of(Image.fromarray(inks, "CMYK"), "TIFF")
        expected = [round(255 * (1 - ink) * 0.8) for ink in (0.2, 0.4, 0)]
        assert differences(decode(data, ImageSettings(8, 8)), np.array(expected)).max() <= 1

    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
    @pytest.mark.parametrize(("alpha", "level"), [(0, 255), (51, 204), (204, 51), (255, 0)])
    def test_transparent_black_lies_over_white(self, kind: str, alpha: int, level: int) -> None:
        black = Image.new("RGBA", (8, 8), (0, 0, 0, alpha))
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        data = file_of(black, kind, **options)
        assert differences(decode(data, ImageSettings(8, 8)), np.array(level)).max() <= 1

    def test_transparent_grey_lies_over_white(self) -> None:
        data = file_of(Image.new("LA", (8, 8), (100, 51)), "PNG")
        assert (decode(data, ImageSettings(8, 8)) == round(100 * 0.2 + 255 * 0.8)).all()

    @pytest.mark.parametrize("kind", ["PNG", "GIF"])
    def test_a_transparent_colour_of_a_palette_becomes_white(self, kind: str) -> None:
        image = Image.new("P", (8, 8), 0)
        image.putpalette([200, 0, 0, 0, 0, 200])
        image.paste(1, (4, 0, 8, 8))
        left, right = np.split(
            decode(file_of(image, kind, transparency=0), ImageSettings(8, 8)), 2, 1
        )
        assert (left == 255).all()
        assert (right == [0, 0, 200]).all()

    @pytest.mark.parametrize(("mode", "key"), [("RGB", (200, 0, 0)), ("L", 60)])
    def test_a_transparent_colour_without_a_palette_becomes_white(
        self, mode: str, key: Any
    ) -> None:
        data = file_of(Image.new(mode, (8, 8), key), "PNG", transparency=key)
        assert (decode(data, ImageSettings(8, 8)) == 255).all()

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_16_bit_grey_is_divided_by_257(self, kind: str) -> None:
        deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1040
        image = decode(file_of(deep, kind), ImageSettings(8, 8))
        assert (image == np.rint(deep / 257)[:, :, None]).all()

    def test_16_bit_black_and_white_stay_black_and_white(self) -> None:
        for deep, level in ((0, 0), (65_535, 255)):
            data = file_of(np.full((8, 8), deep, np.uint16), "PNG")
            assert (decode(data, ImageSettings(8, 8)) == level).all()

    def test_16_bit_grey_of_a_pgm_is_divided_by_257_however_dark(self) -> None:
        data = b"P5 8 8 65535 " + struct.pack(">H", 200) * 64
        assert (decode(data, ImageSettings(8, 8)) == 1).all()

    def test_16_bit_colour_is_cut_to_8(self) -> None:
        row = b"\0" + b"\xab\xcd\x12\x34\xff\xff" * 8
        image = decode(png_of(8, 8, depth=16, colours=2, rows=row * 8), ImageSettings(8, 8))
        assert differences(image, np.array([0xAB, 0x12, 0xFF])).max() <= 1

    @pytest.mark.parametrize(
        ("value_range", "expected"),
        [(None, [0, 0, 64, 0]), ((0, 255), [0, 100, 255, 0]), ((-5, 95), [13, 255, 255, 0])],
    )
    def test_32_bit_integers_are_drawn_in_the_range_of_the_settings(
        self, value_range: Any, expected: list[int]
    ) -> None:
        values = np.array([[0, 100, 2**29, -5]] * 8, np.int32).repeat(2, 1)
        settings = ImageSettings(8, 8, value_range=value_range)
        assert decode(file_of(values, "TIFF"), settings)[0, ::2, 0].tolist() == expected

    @pytest.mark.parametrize(
        ("values", "value_range", "expected"),
        [
            ([0.0, 0.25, 0.5, 1.0], None, [0, 64, 128, 255]),
            ([0.0, 0.25, 0.5, 1.001], None, [0, 64, 128, 255]),
            ([-9999, 0.25, np.nan, np.inf], None, [0, 64, 0, 255]),
            ([0.0, 100.4, 255.0, 300.0], {"float32": (0, 255)}, [0, 100, 255, 255]),
            ([-1.0, 0.0, 0.5, -np.inf], (-1, 1), [0, 128, 191, 0]),
        ],
    )
    def test_floats_are_0_to_1_or_what_the_settings_say(
        self, values: list[float], value_range: Any, expected: list[int]
    ) -> None:
        data = file_of(np.array([values] * 8, np.float32).repeat(2, 1), "TIFF")
        settings = ImageSettings(8, 8, value_range=value_range)
        assert decode(data, settings)[0, ::2, 0].tolist() == expected


class TestManyFrames:
    @pytest.mark.parametrize(
        ("kind", "options"),
        [("GIF", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("PNG", {}), ("AVIF", {})],
    )
    def test_the_first_one_is_taken(self, kind: str, options: dict[str, Any]) -> None:
        red, others = Image.new("RGB", (16, 16), (255, 0, 0)), ["green", "blue"]
        frames = [Image.new("RGB", (16, 16), name) for name in others]
        data = file_of(red, kind, save_all=True, append_images=frames, **options)
        with Image.open(BytesIO(data)) as image:
            assert image.n_frames == 3  # type: ignore[attr-defined]
        assert differences(decode(data, ImageSettings(16, 16)), np.array([255, 0, 0])).max() <= 2

    def test_pages_of_other_sizes_do_not_matter(self) -> None:
        page = Image.new("RGB", (9, 500), "blue")
        data = file_of(
            Image.new("RGB", (16, 16), "red"), "TIFF", save_all=True, append_images=[page]
        )
        assert (decode(data, ImageSettings(16, 16)) == [255, 0, 0]).all()


FILES = {
    "jpeg": file_of(scene(), "JPEG", quality=90),
    "progressive jpeg": file_of(scene(), "JPEG", quality=90, progressive=True),
    "png": file_of(scene(), "PNG"),
    "our png": encode_png(SCENE),
    "palette png": file_of(scene("P"), "PNG"),
    "gif": file_of(scene(), "GIF"),
    "webp": file_of(scene(), "WEBP"),
    "tiff": file_of(scene(), "TIFF"),
    "lzw tiff": file_of(scene(), "TIFF", compression="tiff_lzw"),
    "bmp": file_of(scene(), "BMP"),
    "avif": file_of(scene(), "AVIF"),
    "jpeg 2000": file_of(scene(), "JPEG2000"),
    "jpeg 2000 codestream": file_of(scene(), "JPEG2000", no_jp2=True),
}


def image_or_error(data: bytes) -> RGB | ImageError:
    try:
        return decode(data, SMALLER)
    except ImageError as error:
        return error


class TestRefused:
    def test_an_empty_file(self) -> None:
        error = refusal(b"")
        assert (error.stage, error.reason) == ("decode", "the file is empty")

    @pytest.mark.parametrize(
        "data",
        [
            b"not an image\n",
            b"\0" * 10_000,
            b"\xff\xd8\xff",
            b"\xff\xd8\xff" + bytes(100),
            b"<html><body>404</body></html>",
            b"PK\x03\x04" + bytes(100),
        ],
        ids=["text", "zeros", "jpeg's first bytes", "jpeg's first bytes and zeros", "html", "zip"],
    )
    def test_what_is_no_image(self, data: bytes) -> None:
        error = refusal(data)
        assert (error.stage, error.reason) == (
            "decode",
            "not an image in a known format",
        )

    @pytest.mark.parametrize("tenths", range(10))
    @pytest.mark.parametrize("name", FILES)
    def test_a_file_that_is_cut_off(self, name: str, tenths: int) -> None:
        error = refusal(FILES[name][: len(FILES[name]) * tenths // 10])
        assert error.stage == "decode"
        assert error.reason
        assert "\n" not in error.reason

    @pytest.mark.parametrize("name", FILES)
    def test_a_file_cut_off_at_any_byte_is_refused_or_whole(self, name: str) -> None:
        data = FILES[name]
        whole = decode(data, SMALLER)
        for end in [*range(0, len(data), 41), *range(len(data) - 30, len(data))]:
            result = image_or_error(data[:end])
            assert isinstance(result, ImageError) or (result == whole).all()

    @pytest.mark.parametrize("tenths", range(1, 10))
    def test_a_photograph_that_is_cut_off(self, photos: Path, tenths: int) -> None:
        data = next(iter(sorted(photos.rglob("*.JPEG")))).read_bytes()
        error = refusal(data[: len(data) * tenths // 10], ImageSettings())
        assert error.stage == "decode"


class TestMaxPixels:
    @pytest.mark.parametrize("name", FILES)
    def test_one_pixel_too_many_is_refused(self, name: str) -> None:
        limit = HEIGHT * WIDTH
        decode(FILES[name], ImageSettings(24, 16, max_pixels=limit))
        error = refusal(FILES[name], ImageSettings(24, 16, max_pixels=limit - 1))
        assert (error.stage, error.reason) == (
            "decode",
            f"{WIDTH * HEIGHT} pixels are more than max_pixels = {limit - 1}",
        )

    def test_a_jpeg_is_refused_before_it_is_decoded(self) -> None:
        data = FILES["jpeg"]
        size = data.index(b"\xff\xc0") + 5  # height and width in the frame header
        huge = data[:size] + struct.pack(">HH", 65_000, 65_001) + data[size + 4 :]
        assert refusal(huge).reason == "4225065000 pixels are more than max_pixels = 200000000"

    def test_a_png_is_refused_before_it_is_decoded(self) -> None:
        header = png_of(65_535, 65_535, depth=8, colours=2)
        assert refusal(header).reason == "4294836225 pixels are more than max_pixels = 200000000"

    def test_an_image_inside_an_icon_is_refused_before_it_is_decoded(self) -> None:
        png = png_of(65_535, 65_535, depth=8, colours=2)
        entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(png), 22)
        icon = struct.pack("<HHH", 0, 1, 1) + entry + png
        assert refusal(icon).reason == "4294836225 pixels are more than max_pixels = 200000000"

    def test_pillows_own_limit_is_as_it_was_afterwards(self) -> None:
        before = Image.MAX_IMAGE_PIXELS
        refusal(png_of(65_535, 65_535, depth=8, colours=2))
        decode(FILES["png"], SMALLER)
        assert before == Image.MAX_IMAGE_PIXELS

    def test_up_to_the_limit_no_other_limit_counts(self) -> None:
        header = png_of(
            14_000, 14_000, depth=8, colours=2
        )  # 196 million pixels, none of them there
        assert "limit" not in refusal(header).reason


class TestResult:
    @pytest.mark.parametrize("name", FILES)
    @pytest.mark.parametrize("size", [(8, 8), (48, 72), (72, 48), (224, 224), (9, 301)])
    def test_has_exactly_the_wanted_size(self, name: str, size: tuple[int, int]) -> None:
        image = decode(FILES[name], ImageSettings(*size))
        assert image.shape == (*size, 3)
        assert image.dtype == np.uint8
        assert image.flags.c_contiguous

    @pytest.mark.parametrize("size", [(24, 36), (224, 224), (13, 301), (100, 8)])
    def test_is_resized_as_pillow_and_torchvision_do(self, size: tuple[int, int]) -> None:
        image = decode(FILES["png"], ImageSettings(*size))
        assert differences(image, resized_by_pillow(FILES["png"], size)).max() <= 1

    def test_is_the_same_every_time(self) -> None:
        assert len({decode(data, SMALLER).tobytes() for data in [FILES["jpeg"]] * 3}) == 1

    def test_of_a_png_with_long_text_in_it_is_its_pixels(self) -> None:
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "long " * 10_000, zip=True)
        assert (decode(file_of(scene(), "PNG", pnginfo=text), SAME_SIZE) == SCENE).all()


@pytest.mark.parametrize("write", [lambda image: file_of(image, "PNG"), encode_png])
def test_lossless_files_of_the_wanted_size_are_not_changed(write: Callable[[RGB], bytes]) -> None:
    assert (decode(write(SCENE), SAME_SIZE) == SCENE).all()
