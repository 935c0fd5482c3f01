"""Small files of every format that the decoder takes, and what may happen to their bytes."""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from PIL import Image
from tifffile import imwrite

from raydrift.images.codec import encode_png
from raydrift.images.scenes import draw_scene
from tests.bad_input.made_by_hand import bmp_of, tiled_tiff_of
from tests.image_files import file_of
from tests.images.made_profiles import ADOBE, grey_profile, ink_profile, rgb_profile
from tests.tiff_files import tiff_of

SCENE = draw_scene("house", seed=0, index=0, height=24, width=36)


def scene_of(mode: str, kind: str, **options: Any) -> bytes:
    """The scene, as Pillow writes it."""
    image = Image.fromarray(SCENE)
    if mode == "I;16":
        image = Image.fromarray(SCENE[:, :, 0].astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    return file_of(image, kind, **options)


def upside_down() -> Image.Exif:
    """EXIF that says so."""
    exif = Image.Exif()
    exif[0x0112] = 3
    return exif


def frames_of(kind: str) -> bytes:
    """The scene, and a red one after it."""
    return scene_of("RGB", kind, save_all=True, append_images=[Image.new("RGB", (36, 24), "red")])


WIDE: Final = rgb_profile("like Adobe RGB", ADOBE, 2.2)
XMP: Final = b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'


def deep_tiffs() -> Iterator[bytes]:
    """The scene in samples that Pillow does not read, in every compression there is."""
    deep, planes = SCENE.astype(np.uint16) * 257, {"planarconfig": "separate"}
    floats = (SCENE / 255).astype(np.float32)
    written: list[tuple[Any, dict[str, Any]]] = [
        (np.moveaxis(deep, 2, 0), planes),
        (np.moveaxis(deep, 2, 0), planes | {"tile": (16, 16), "compression": "zlib"}),
        (floats, {"compression": "zlib", "predictor": True}),
        (floats, {"compression": "lerc"}),
        (deep, {"bigtiff": True, "compression": "packbits"}),
        *((deep, {"compression": name}) for name in ("lzw", "zstd", "lzma", "jpeg2000", "png")),
        (SCENE, {"compression": "webp"}),
    ]
    for samples, options in written:
        file = BytesIO()
        imwrite(file, samples, photometric="rgb", metadata=None, **options)
        yield file.getvalue()
    yield tiff_of(SCENE[:, :, 0] // 16 * 17, 0, bits=4)
    yield tiff_of(np.dstack([deep] * 3), 1, tags={338: [0] * 8, 42113: "0"})
    yield tiff_of(SCENE, 8)


FILES: Final = [
    scene_of("RGB", "JPEG", icc_profile=WIDE, xmp=XMP),
    scene_of("CMYK", "JPEG", icc_profile=ink_profile("inks")),
    scene_of("L", "PNG", icc_profile=grey_profile("grey", 1.0)),
    scene_of("RGB", "WEBP", icc_profile=WIDE, xmp=XMP, lossless=True),
    scene_of("RGB", "JPEG", exif=upside_down()),
    scene_of("RGB", "JPEG", progressive=True),
    scene_of("L", "JPEG", restart_marker_rows=1),
    scene_of("CMYK", "JPEG"),
    frames_of("MPO"),
    encode_png(SCENE),
    scene_of("RGBA", "PNG", exif=upside_down(), icc_profile=b"profile"),
    scene_of("P", "PNG", transparency=0),
    scene_of("I;16", "PNG"),
    scene_of("1", "PNG"),
    frames_of("PNG"),
    frames_of("GIF"),
    scene_of("RGB", "WEBP", exif=upside_down()),
    scene_of("RGBA", "WEBP", lossless=True),
    frames_of("WEBP"),
    scene_of("RGB", "TIFF"),
    scene_of("F", "TIFF"),
    scene_of("LAB", "TIFF"),
    *(
        scene_of("RGB", "TIFF", compression=compression)
        for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd", "lzma")
    ),
    scene_of("1", "TIFF", compression="group4"),
    frames_of("TIFF"),
    tiled_tiff_of(32, 32, bytes(32 * 32)),
    *deep_tiffs(),
    scene_of("RGB", "BMP"),
    scene_of("P", "BMP"),
    bmp_of(36, 24, 1, b"\x24\0\0\0" * 23 + b"\0\2\x24\0\0\1"),
    scene_of("RGB", "DIB"),
    scene_of("RGB", "ICO"),
    scene_of("RGBA", "ICO", bitmap_format="bmp"),
    scene_of("RGB", "TGA"),
    scene_of("RGB", "TGA", compression="tga_rle"),
    scene_of("RGB", "PPM"),
    scene_of("1", "PPM"),
    b"P2 2 2 9 1 2 3 4\n",
    b"P5 2 2 65535 " + bytes(8),
    b"Pf 2 2 -1.0\n" + bytes(16),
    scene_of("RGB", "JPEG2000"),
    scene_of("RGBA", "JPEG2000", no_jp2=True),
    scene_of("I;16", "JPEG2000"),
    scene_of("RGB", "AVIF"),
    scene_of("RGBA", "AVIF", exif=upside_down()),
]  # fmt: skip

EXTREMES: Final = [
    value
    for size in (1, 2, 4, 8)
    for big in (
        b"\0" * size,
        b"\xff" * size,
        b"\x7f" + b"\xff" * (size - 1),
        b"\x80" + bytes(size - 1),
    )
    for value in {big, big[::-1], bytes(size - 1) + b"\1", b"\1" + bytes(size - 1)}
]
PLACES: Final = st.integers(0, 63) | st.integers(0, 4000)

Edit = tuple[str, int, Any]

EDITS: Final = st.one_of(
    st.tuples(st.just("flip"), PLACES, st.integers(0, 7)),
    st.tuples(st.just("overwrite"), PLACES, st.sampled_from(EXTREMES) | st.binary(max_size=4)),
    st.tuples(st.just("insert"), PLACES, st.sampled_from(EXTREMES) | st.binary(max_size=20)),
    st.tuples(st.just("repeat"), PLACES, st.integers(1, 400)),
    st.tuples(st.just("remove"), PLACES, st.integers(1, 400)),
    st.tuples(st.just("cut"), PLACES, st.none()),
)


def edited(data: bytes, edits: list[Edit], repair: bool) -> bytes:
    """A file after some edits; where asked for, with checksums that are right again."""
    for what, place, value in edits:
        place %= len(data) or 1
        before, after = data[:place], data[place:]
        match what:
            case "flip":
                data = before + bytes(one ^ 1 << value for one in after[:1]) + after[1:]
            case "overwrite":
                data = before + value + after[len(value) :]
            case "insert":
                data = before + value + after
            case "repeat":
                data = before + after[:value] + after
            case "remove":
                data = before + after[value:]
            case "cut":
                data = before
    return with_checksums(data) if repair else data


def with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums they should have; anything else as it is."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    content, place = bytearray(data), 8
    while place + 12 <= len(content):
        (size,) = struct.unpack_from(">I", content, place)
        end = place + 8 + size
        if end + 4 > len(content):
            break
        struct.pack_into(">I", content, end, zlib.crc32(content[place + 4 : end]))
        place = end + 4
    return bytes(content)


EDITED: Final = st.builds(
    edited, st.sampled_from(FILES), st.lists(EDITS, min_size=1, max_size=8), st.booleans()
)
STARTS: Final = st.sampled_from(
    sorted({data[:count] for data in FILES for count in (2, 4, 12, 40)})
)
RANDOM: Final = st.binary(max_size=300) | st.builds(bytes.__add__, STARTS, st.binary(max_size=300))
