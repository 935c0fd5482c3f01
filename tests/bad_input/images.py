"""Files that hold a whole image, however unusual."""

import struct
from base64 import b64decode
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps

from tests.bad_input.kinds import (
    GREY_PICTURE,
    GREYS,
    LOSSY,
    PICTURE,
    Kind,
    Usable,
    picture,
    plain,
)
from tests.bad_input.made_by_hand import RUN_LENGTH_BMP, png_of, tiled_tiff_of
from tests.image_files import file_of

THE_PICTURE = Usable(PICTURE)
NEARLY_THE_PICTURE = Usable(PICTURE, LOSSY)
IN_GREY = Usable(GREY_PICTURE)
RED = Usable((200, 40, 40))
JPEG: dict[str, Any] = {"quality": 100, "subsampling": 0}
PNG = file_of(picture(), "PNG")

ARITHMETIC_JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
    "AQEBAQEBAQEBAQEBAQEBAQEBAQH/2wBDAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
    "AQEBAQEBAQEBAQEBAQEBAQEBAQH/yQARCAAQABADAREAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/AOzC"
    "rKOlw3G5a1RR9HMSxuYyjRY+bTxHiuzA/9k="
)
"""The picture, as ``cjpeg -arithmetic -quality 100 -sample 1x1`` writes it."""


def stored_for(orientation: int, kind: str, **options: Any) -> bytes:
    """The picture, turned so that its EXIF orientation makes it upright."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that stores it so
    image = picture()
    if orientation > 1:
        image = image.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return file_of(image, kind, exif=exif, **options)


def palette(**options: Any) -> bytes:
    """Red on the left, blue on the right."""
    image = plain(0, "P")
    image.putpalette([200, 40, 40, 40, 40, 200])
    image.paste(1, (8, 0, 16, 16))
    return file_of(image, options.pop("kind", "PNG"), **options)


RED_AND_BLUE = np.array([[(200, 40, 40), (40, 40, 200)]], np.uint8).repeat(8, 1).repeat(16, 0)
WHITE_AND_BLUE = np.array([[(255, 255, 255), (40, 40, 200)]], np.uint8).repeat(8, 1).repeat(16, 0)
FRAMES = [plain("green"), plain("blue")]
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
STEREO = {"save_all": True, "append_images": [ImageOps.mirror(picture())]}

FORMATS = [
    Kind("JPEG", "formats/plain.jpg", file_of(picture(), "JPEG", **JPEG), NEARLY_THE_PICTURE),
    Kind(
        "progressive JPEG",
        "formats/progressive.jpg",
        file_of(picture(), "JPEG", progressive=True, **JPEG),
        NEARLY_THE_PICTURE,
    ),
    Kind("arithmetic JPEG", "formats/arithmetic.jpg", ARITHMETIC_JPEG, NEARLY_THE_PICTURE),
    Kind(
        "stereo JPEG is its first picture",
        "formats/mpo.jpg",
        file_of(picture(), "MPO", **JPEG, **STEREO),
        NEARLY_THE_PICTURE,
    ),
    Kind("PNG", "formats/plain.png", PNG, THE_PICTURE),
    Kind("GIF", "formats/plain.gif", file_of(picture(), "GIF"), THE_PICTURE),
    Kind("BMP", "formats/plain.bmp", file_of(picture(), "BMP"), THE_PICTURE),
    Kind("run-length BMP", "formats/rle.bmp", RUN_LENGTH_BMP, RED),
    Kind("DIB", "formats/plain.dib", file_of(picture(), "DIB"), THE_PICTURE),
    Kind("TGA", "formats/plain.tga", file_of(picture(), "TGA"), THE_PICTURE),
    Kind("PPM", "formats/plain.ppm", file_of(picture(), "PPM"), THE_PICTURE),
    Kind("ICO", "formats/plain.ico", file_of(picture(), "ICO"), THE_PICTURE),
    Kind("TIFF", "formats/plain.tiff", file_of(picture(), "TIFF"), THE_PICTURE),
    Kind(
        "LZW TIFF",
        "formats/lzw.tif",
        file_of(picture(), "TIFF", compression="tiff_lzw"),
        THE_PICTURE,
    ),
    Kind(
        "TIFF in a tile of more than its size",
        "formats/tiled.tif",
        tiled_tiff_of(32, 32, np.pad(GREYS, (0, 16)).tobytes()),
        IN_GREY,
    ),
    Kind("WebP", "formats/plain.webp", file_of(picture(), "WEBP", lossless=True), THE_PICTURE),
    Kind("JPEG 2000", "formats/plain.jp2", file_of(picture(), "JPEG2000"), THE_PICTURE),
    Kind(
        "JPEG 2000 codestream",
        "formats/plain.j2k",
        file_of(picture(), "JPEG2000", no_jp2=True),
        THE_PICTURE,
    ),
    Kind(
        "AVIF",
        "formats/plain.avif",
        file_of(picture(), "AVIF", **JPEG | {"subsampling": "4:4:4"}),
        NEARLY_THE_PICTURE,
    ),
    Kind("PNG named .jpg", "formats/png.jpg", PNG, THE_PICTURE),
    Kind("JPEG named .png", "formats/jpg.png", ARITHMETIC_JPEG, NEARLY_THE_PICTURE),
    Kind("name in capitals", "formats/CAPITALS.PNG", PNG, THE_PICTURE),
    Kind("something after a PNG's end", "formats/more.png", PNG + b"more", THE_PICTURE),
    Kind(
        "something after a JPEG's end",
        "formats/more.jpg",
        ARITHMETIC_JPEG + b"more",
        NEARLY_THE_PICTURE,
    ),
    Kind("one pixel", "formats/1x1.png", file_of(plain((200, 40, 40), size=(1, 1)), "PNG"), RED),
    Kind(
        "10000 pixels wide, 1 high",
        "formats/wide.png",
        file_of(plain((200, 40, 40), size=(10_000, 1)), "PNG"),
        RED,
    ),
    Kind(
        "1 pixel wide, 10000 high",
        "formats/high.png",
        file_of(plain((200, 40, 40), size=(1, 10_000)), "PNG"),
        RED,
    ),
]

COLOURS = [
    Kind("8-bit grey", "colours/8.png", file_of(GREYS, "PNG"), IN_GREY),
    Kind(
        "16-bit grey is divided by 257",
        "colours/16.png",
        file_of(GREYS.astype(np.uint16) * 257 + 128, "PNG"),
        IN_GREY,
    ),
    Kind(
        "16-bit grey TIFF",
        "colours/16.tif",
        file_of(GREYS.astype(np.uint16) * 257, "TIFF"),
        IN_GREY,
    ),
    Kind(
        "16-bit grey that is nearly black stays so",
        "colours/dark.pgm",
        b"P5 16 16 65535 " + struct.pack(">H", 200) * 256,
        Usable((1, 1, 1)),
    ),
    Kind(
        "16-bit colour is cut to 8",
        "colours/48.png",
        png_of(16, 16, depth=16, rows=(b"\0" + b"\xc8\xff\x28\xff\x28\xff" * 16) * 16),
        RED,
    ),
    Kind(
        "32-bit integers above 255 are divided by 257",
        "colours/32.tif",
        file_of(GREYS.astype(np.int32) * 257, "TIFF"),
        IN_GREY,
    ),
    Kind(
        "floats from 0 to 1",
        "colours/float1.tif",
        file_of(GREYS.astype(np.float32) / 255, "TIFF"),
        IN_GREY,
    ),
    Kind(
        "floats from 0 to 255 among others from 0 to 1 are white from 1 on",
        "colours/float255.tif",
        file_of(GREYS.astype(np.float32), "TIFF"),
        Usable((255, 255, 255)),
    ),
    Kind(
        "floats that are no numbers are black",
        "colours/nan.tif",
        file_of(np.full((16, 16), np.nan, np.float32), "TIFF"),
        Usable((0, 0, 0)),
    ),
    Kind(
        "one bit is black or white",
        "colours/1.png",
        file_of(plain(1, "1"), "PNG"),
        Usable((255, 255, 255)),
    ),
    Kind(
        "CMYK JPEG",
        "colours/cmyk.jpg",
        file_of(picture("CMYK"), "JPEG", quality=100),
        NEARLY_THE_PICTURE,
    ),
    Kind("CMYK TIFF", "colours/cmyk.tif", file_of(picture("CMYK"), "TIFF"), THE_PICTURE),
    Kind(
        "LAB TIFF", "colours/lab.tif", file_of(plain((128, 128, 128), "LAB"), "TIFF"),
        Usable((119, 119, 119), 1),
    ),
    Kind("palette", "colours/palette.png", palette(), Usable(RED_AND_BLUE)),
    Kind(
        "palette with a transparent colour: that is white",
        "colours/clear.png",
        palette(transparency=0),
        Usable(WHITE_AND_BLUE),
    ),
    Kind(
        "GIF with a transparent colour",
        "colours/clear.gif",
        palette(kind="GIF", transparency=0),
        Usable(WHITE_AND_BLUE),
    ),
    Kind(
        "RGBA lies over white",
        "colours/rgba.png",
        file_of(plain((0, 0, 0, 51), "RGBA"), "PNG"),
        Usable((204, 204, 204)),
    ),
    Kind(
        "opaque RGBA", "colours/opaque.png", file_of(picture("RGBA"), "PNG"), THE_PICTURE,
    ),
    Kind(
        "grey with alpha lies over white",
        "colours/la.png",
        file_of(plain((100, 51), "LA"), "PNG"),
        Usable((224, 224, 224)),
    ),
    Kind(
        "a transparent colour without a palette",
        "colours/key.png",
        file_of(plain((200, 40, 40)), "PNG", transparency=(200, 40, 40)),
        Usable((255, 255, 255)),
    ),
    Kind(
        "a colour profile is not applied",
        "colours/profile.png",
        file_of(picture(), "PNG", icc_profile=PROFILE),
        THE_PICTURE,
    ),
    Kind(
        "nor is one that is none",
        "colours/junk_profile.jpg",
        file_of(picture(), "JPEG", icc_profile=b"junk", **JPEG),
        NEARLY_THE_PICTURE,
    ),
]  # fmt: skip

FIRST_FRAMES = [
    Kind(
        f"of {kind} frames the first",
        f"frames/{kind}{suffix}",
        file_of(plain((200, 40, 40)), kind, save_all=True, append_images=FRAMES, **options),
        RED,
    )
    for kind, suffix, options in (
        ("GIF", ".gif", {}),
        ("WEBP", ".webp", {"lossless": True}),
        ("PNG", ".png", {}),
        ("TIFF", ".tiff", {}),
    )
]

ORIENTATIONS = [
    Kind(
        f"orientation {orientation} of a {kind} is applied",
        f"exif/{orientation}{suffix}",
        stored_for(orientation, kind, **options),
        NEARLY_THE_PICTURE if kind == "JPEG" else THE_PICTURE,
    )
    for kind, suffix, options in (
        ("JPEG", ".jpg", JPEG),
        ("PNG", ".png", {}),
        ("TIFF", ".tif", {}),
        ("WEBP", ".webp", {"lossless": True}),
    )
    for orientation in range(1, 9)
]

BROKEN_EXIF = [
    Kind(
        f"broken EXIF of a {kind} is not believed",
        f"exif/broken{suffix}",
        file_of(picture(), kind, exif=b"Exif\0\0no TIFF header", **options),
        NEARLY_THE_PICTURE if kind == "JPEG" else THE_PICTURE,
    )
    for kind, suffix, options in (
        ("JPEG", ".jpg", JPEG),
        ("PNG", ".png", {}),
        ("WEBP", ".webp", {"lossless": True}),
    )
]

USABLE = [*FORMATS, *COLOURS, *FIRST_FRAMES, *ORIENTATIONS, *BROKEN_EXIF]
