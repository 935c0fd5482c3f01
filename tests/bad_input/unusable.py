"""Files that hold no whole image, and files that cannot be read."""

from pathlib import Path

from PIL import Image

from raydrift.images.scenes import draw_scene
from tests.bad_input.images import ARITHMETIC_JPEG, PNG
from tests.bad_input.kinds import Kind, PassedOver, Rejected, link, pipe
from tests.bad_input.made_by_hand import (
    LARGEST,
    avif_of,
    bmp_of,
    gif_of,
    icon_of,
    jp2_of,
    jpeg_of,
    png_of,
    tga_of,
    tiff_of,
    tiled_tiff_of,
    webp_of,
)
from tests.image_files import file_of

NO_IMAGE = Rejected("decode", "not an image in a known format")
TOO_LARGE = Rejected("decode", "4294836225 pixels are more than max_pixels = 200000000")
CUT_OFF = Rejected(
    "decode",
    rf"{NO_IMAGE.error}|the file is (cut off|damaged: .*)|cannot be decoded: (.*[Tt]runcated"
    r"|broken data stream|could not create decoder object|Expected to read \d+ bytes).*",
)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(1000)

NO_IMAGES = [
    Kind("nothing", "none/empty.jpg", b"", Rejected("decode", "the file is empty")),
    Kind("text", "none/text.jpg", b"It was a dark and stormy night.\n", NO_IMAGE),
    Kind("a web page", "none/page.jpg", b"<!DOCTYPE html><title>404</title>", NO_IMAGE),
    Kind("zeros", "none/zeros.png", bytes(10_000), NO_IMAGE),
    Kind("a zip", "none/zip.jpg", b"PK\3\4" + bytes(100), NO_IMAGE),
    Kind("SVG", "none/svg.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', NO_IMAGE),
    Kind(
        "PostScript, which nothing here runs",
        "none/eps.jpg",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        NO_IMAGE,
    ),
    Kind("JPEG's first bytes", "none/start.jpg", b"\xff\xd8\xff", NO_IMAGE),
    Kind("JPEG of no height", "none/no_height.jpg", jpeg_of(16, 0), NO_IMAGE),
    Kind("PNG of no size", "none/no_size.png", png_of(0, 0), NO_IMAGE),
    Kind(
        "PNG without pixels",
        "none/no_pixels.png",
        png_of(16, 16),
        Rejected("decode", "cannot be decoded: .*"),
    ),
    Kind(
        "PNG without its palette",
        "none/no_palette.png",
        png_of(16, 16, rows=bytes(17 * 16), colours=3),
        Rejected("decode", "its palette is missing"),
    ),
    Kind(
        "PNG with a wrong checksum",
        "none/checksum.png",
        PNG[:29] + b"\0" + PNG[30:],
        NO_IMAGE,
    ),
    Kind(
        "HEIC",
        "none/phone.heic",
        HEIC,
        Rejected("decode", "HEIC images cannot be decoded here: convert them to JPEG"),
    ),
]

BOMBS = [
    Kind("JPEG of 65535 x 65535", "bombs/1.jpg", jpeg_of(65_535, 65_535), TOO_LARGE),
    Kind("PNG of 65535 x 65535", "bombs/1.png", png_of(65_535, 65_535), TOO_LARGE),
    Kind(
        "PNG of 2^31-1 x 2^31-1",
        "bombs/2.png",
        png_of(LARGEST, LARGEST),
        Rejected("decode", "4611686014132420609 pixels are more than max_pixels = 200000000"),
    ),
    Kind(
        "PNG of 2^32-1 x 2^32-1",
        "bombs/3.png",
        png_of(2**32 - 1, 2**32 - 1),
        Rejected("decode", "18446744065119617025 pixels are more than max_pixels = 200000000"),
    ),
    Kind("BMP of 65535 x 65535", "bombs/1.bmp", bmp_of(65_535, 65_535), TOO_LARGE),
    Kind("GIF of 65535 x 65535", "bombs/1.gif", gif_of(65_535, 65_535), TOO_LARGE),
    Kind("GIF with such a frame", "bombs/2.gif", gif_of(65_535, 65_535, frame_too=True), TOO_LARGE),
    Kind("TIFF of 65535 x 65535", "bombs/1.tif", tiff_of(65_535, 65_535), TOO_LARGE),
    Kind(
        "LZW TIFF of 65535 x 65535", "bombs/2.tif", tiff_of(65_535, 65_535, "tiff_lzw"), TOO_LARGE
    ),
    Kind(
        "small TIFF in one tile of 65535 x 65535",
        "bombs/3.tif",
        tiled_tiff_of(65_535, 65_535),
        TOO_LARGE,
    ),
    Kind("JPEG 2000 of 65535 x 65535", "bombs/1.jp2", jp2_of(65_535, 65_535), TOO_LARGE),
    Kind("PPM of 65535 x 65535", "bombs/1.ppm", b"P6 65535 65535 255\n", TOO_LARGE),
    Kind("TGA of 65535 x 65535", "bombs/1.tga", tga_of(65_535, 65_535), TOO_LARGE),
    Kind(
        "icon with a PNG of 65535 x 65535",
        "bombs/1.ico",
        icon_of(png_of(65_535, 65_535)),
        TOO_LARGE,
    ),
    Kind("WebP of 65535 x 65535", "bombs/1.webp", webp_of(65_535, 65_535), TOO_LARGE),
    Kind(
        "AVIF of 16000 x 16000",
        "bombs/1.avif",
        avif_of(16_000, 16_000),
        Rejected("decode", "256000000 pixels are more than max_pixels = 200000000"),
    ),
    Kind("AVIF beyond what its library takes", "bombs/2.avif", avif_of(65_535, 65_535), NO_IMAGE),
]

SCENE = Image.fromarray(draw_scene("house", seed=0, index=0, height=48, width=72))
WHOLE = {
    "jpg": file_of(SCENE, "JPEG"),
    "arithmetic.jpg": ARITHMETIC_JPEG,
    "progressive.jpg": file_of(SCENE, "JPEG", progressive=True),
    "png": file_of(SCENE, "PNG"),
    "gif": file_of(SCENE, "GIF"),
    "bmp": file_of(SCENE, "BMP"),
    "tga": file_of(SCENE, "TGA"),
    "tif": file_of(SCENE, "TIFF"),
    "lzw.tif": file_of(SCENE, "TIFF", compression="tiff_lzw"),
    "webp": file_of(SCENE, "WEBP"),
    "avif": file_of(SCENE, "AVIF"),
    "jp2": file_of(SCENE, "JPEG2000"),
}
CUT = [
    Kind(
        f"{tenths} tenths of a {name}",
        f"cut/{tenths}.{name}",
        data[: len(data) * tenths // 10],
        CUT_OFF,
    )
    for name, data in WHOLE.items()
    for tenths in range(1, 10)
]


def become_a_folder(path: Path) -> None:
    """Puts a folder in a file's place."""
    path.unlink()
    path.mkdir()


UNREADABLE = [
    Kind(
        "a file that the disk cannot give",  # not even to root
        "unreadable/broken.jpg",
        link("/proc/self/mem"),
        Rejected("read", "Input/output error"),
    ),
    Kind(
        "gone between listing and reading",
        "unreadable/gone.jpg",
        PNG,
        Rejected("read", "No such file or directory"),
        late=Path.unlink,
    ),
    Kind(
        "a folder by the time it is read",
        "unreadable/folder.jpg",
        PNG,
        Rejected("read", "Is a directory"),
        late=become_a_folder,
    ),
    Kind(
        "emptied between listing and reading",
        "unreadable/emptied.jpg",
        PNG,
        Rejected("decode", "the file is empty"),
        late=lambda path: path.write_bytes(b""),
    ),
    Kind(
        "a link to nowhere",
        "unreadable/dangling.jpg",
        link("nowhere.jpg"),
        Rejected("read", "No such file or directory"),
    ),
    Kind(
        "a link to itself",
        "unreadable/loop.jpg",
        link("loop.jpg"),
        Rejected("read", "Too many levels of symbolic links"),
    ),
]

PASSED_OVER = [
    Kind("text by its name", "other/notes.txt", PNG, PassedOver("not an image by its name")),
    Kind(
        "a camera's raw file",
        "other/picture.NEF",
        PNG,
        PassedOver("camera's raw file: --raw develops it"),
    ),
    Kind("no suffix", "other/picture", PNG, PassedOver("not an image by its name")),
    Kind("a suffix and a ~", "other/picture.png~", PNG, PassedOver("not an image by its name")),
    Kind("beside the classes", "picture.png", PNG, PassedOver("image outside the class folders")),
    Kind("a pipe", "other/pipe.jpg", pipe, PassedOver("neither a file nor a folder")),
    Kind(
        "a device", "other/zero.jpg", link("/dev/zero"), PassedOver("neither a file nor a folder")
    ),
    Kind("a hidden file", "other/.hidden.png", PNG, PassedOver()),
    Kind("in a hidden folder", "other/.thumbnails/picture.png", PNG, PassedOver()),
    Kind("in a hidden class", ".cache/picture.png", PNG, PassedOver()),
    Kind("a class without images", "empty", Path.mkdir, PassedOver()),
    Kind("a link to a folder above", "other/all", link("../other"), PassedOver()),
]

REJECTED = [*NO_IMAGES, *BOMBS, *CUT, *UNREADABLE]
