"""What decoding takes is known before, and is not more than that."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from zlib import crc32

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from raydrift.errors import ImageError
from raydrift.images.codec import decode
from raydrift.settings import ImageSettings
from tests.any_bytes.test_any_bytes import Child
from tests.image_files import file_of

SIDE = 2000
NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
PICTURE = Image.fromarray(NOISE).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
DEEP = np.asarray(PICTURE).astype(np.uint16) * 257
RAMP = Image.linear_gradient("L").resize((SIDE, SIDE))


def transparent() -> Image.Image:
    image = PICTURE.copy()
    image.putalpha(RAMP)
    return image


def pillow(mode: str, kind: str, **options: Any) -> Callable[[], bytes]:
    def made() -> bytes:
        image = transparent() if mode == "RGBA" else PICTURE.convert(mode)
        return file_of(image, kind, **options)

    return made


def tiff(samples: Any, **options: Any) -> Callable[[], bytes]:
    def made() -> bytes:
        file = BytesIO()
        tifffile.imwrite(file, samples(), **options)
        return file.getvalue()

    return made


FILES: dict[str, Callable[[], bytes]] = {
    "JPEG": pillow("RGB", "JPEG"),
    "progressive JPEG": pillow("RGB", "JPEG", progressive=True, subsampling=0),
    "CMYK JPEG": pillow("CMYK", "JPEG"),
    "PNG": pillow("RGB", "PNG", compress_level=1),
    "transparent PNG": pillow("RGBA", "PNG", compress_level=1),
    "grey transparent PNG": lambda: file_of(transparent().convert("LA"), "PNG", compress_level=1),
    "palette PNG": pillow("P", "PNG", transparency=0),
    "16-bit PNG": lambda: file_of(DEEP[:, :, 0], "PNG", compress_level=1),
    "PNG of 16-bit colours": lambda: imagecodecs.png_encode(DEEP),
    "transparent PNG of 16-bit colours": lambda: imagecodecs.png_encode(
        np.dstack([DEEP, DEEP[:, :, :1]])
    ),
    "WebP": pillow("RGB", "WEBP", method=0),
    "lossless transparent WebP": pillow("RGBA", "WEBP", lossless=True, quality=0, method=0),
    "transparent AVIF": pillow("RGBA", "AVIF", speed=10),
    "JPEG 2000": pillow("RGB", "JPEG2000"),
    "transparent JPEG 2000": pillow("RGBA", "JPEG2000"),
    "GIF": pillow("P", "GIF", transparency=0),
    "PGM of 16 bits": lambda: b"P5 %d %d 65535 " % (SIDE, SIDE) + DEEP[:, :, 0].tobytes(),
    "PFM": lambda: b"Pf %d %d -1.0\n" % (SIDE, SIDE) + bytes(4 * SIDE * SIDE),
    "TIFF": pillow("RGB", "TIFF", compression="tiff_lzw"),
    "CMYK TIFF": pillow("CMYK", "TIFF"),
    "Lab TIFF": pillow("LAB", "TIFF"),
    "16-bit TIFF": tiff(lambda: DEEP, photometric="rgb", compression="zlib"),
    "16-bit transparent TIFF": tiff(
        lambda: np.dstack([DEEP, DEEP[:, :, :1]]), photometric="rgb", extrasamples=[2]
    ),
    "TIFF of floats in planes": tiff(
        lambda: np.moveaxis(DEEP, 2, 0).astype(np.float32) / 65535,
        photometric="rgb",
        planarconfig="separate",
    ),
    "TIFF of doubles": tiff(lambda: DEEP[:, :, 0] / 65535),
}


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    started = Child(max_pixels=SIDE * SIDE)
    yield started
    started.close()


def expected(data: bytes) -> int:
    """What decoding is said to take."""
    with pytest.raises(ImageError) as caught:
        decode(data, ImageSettings(24, 16, max_memory=1))
    said = re.fullmatch(
        r"decoding it takes about (\d+) bytes, more than image\.max_memory = 1",
        caught.value.reason,
    )
    assert said
    return int(said[1])


@pytest.mark.parametrize("name", FILES)
def test_an_image_takes_no_more_than_is_said_before(name: str, child: Child) -> None:
    data = FILES[name]()
    told = child.decode(data)
    assert "image" in told, told
    assert len(data) + told["mib"] * 2**20 <= expected(data)


def test_large_photographs_are_not_refused() -> None:
    """100 megapixels as JPEG and 50 as PNG of 16 bits, by what their headers say."""
    jpeg = file_of(Image.new("RGB", (32, 32)), "JPEG")
    size = jpeg.index(b"\xff\xc0") + 5
    jpeg = jpeg[:size] + (8700).to_bytes(2) + (11600).to_bytes(2) + jpeg[size + 4 :]
    with pytest.raises(ImageError, match="the file is damaged"):  # most of it is missing
        decode(jpeg, ImageSettings())
    deep = file_of(np.zeros((8, 8), np.uint16), "PNG")
    size = deep.index(b"IHDR") + 4
    header = deep[size - 4 : size] + (5800).to_bytes(4) + (8700).to_bytes(4)
    header += deep[size + 8 : size + 13]
    deep = deep[: size - 4] + header + crc32(header).to_bytes(4) + deep[size + 17 :]
    with pytest.raises(ImageError, match=r"truncated|broken"):
        decode(deep, ImageSettings())
