"""Raw files of cameras are refused by name, and never taken for the small JPEG inside."""

import pytest

from raydrift.errors import ImageError
from raydrift.images.codec import decode
from raydrift.images.scenes import draw_scene
from raydrift.settings import ImageSettings
from tests.image_files import file_of

PREVIEW = file_of(draw_scene("house", seed=0, index=0, height=48, width=72), "JPEG")


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"FUJIFILMCCD-RAW 0201FF389501", "Fujifilm RAF"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "Canon CR3"),
        (b"II\x1a\0\0\0HEAPCCDR", "Canon CRW"),
        (b"FOVb\0\0\2\0", "Sigma X3F"),
        (b"\0MRM\0\0\1\0", "Minolta MRW"),
        (b"ARECOYK", "Contax RAW"),
        (b"\0\0\1\0RED2", "RED R3D"),
    ],
)
def test_of_each_kind(start: bytes, name: str) -> None:
    with pytest.raises(ImageError) as caught:
        decode(start + bytes(100) + PREVIEW, ImageSettings())
    remedy = "read it with --raw, or develop it to JPEG or TIFF first"
    assert caught.value.reason == f"a camera's raw file ({name}): {remedy}"
