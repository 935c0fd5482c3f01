"""Orientation that stands in XMP alone."""

import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from raydrift.images.codec import RGB, decode
from raydrift.images.scenes import draw_scene
from raydrift.settings import ImageSettings
from tests.image_files import file_of

SCENE = draw_scene("house", seed=0, index=0, height=48, width=72)
LYING = np.ascontiguousarray(np.rot90(SCENE))
SETTINGS = ImageSettings(48, 72)
PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">%s</rdf:RDF></x:xmpmeta>'
)
NAMESPACE = "http://ns.adobe.com/tiff/1.0/"
FORMS = {
    "an attribute": f'<rdf:Description xmlns:tiff="{NAMESPACE}" tiff:Orientation="6"/>',
    "in single quotes": f"<rdf:Description xmlns:tiff='{NAMESPACE}' tiff:Orientation = '6'/>",
    "an element": f'<rdf:Description xmlns:tiff="{NAMESPACE}"><tiff:Orientation>6'
    "</tiff:Orientation></rdf:Description>",
    "an element on lines of its own": f'<rdf:Description xmlns:tiff="{NAMESPACE}">\n'
    "<tiff:Orientation>\n  6\n</tiff:Orientation></rdf:Description>",
    "another prefix": f'<rdf:Description xmlns:t="{NAMESPACE}" t:Orientation="6"/>',
}
XMP = b"http://ns.adobe.com/xap/1.0/\0"
MORE = b"http://ns.adobe.com/xmp/extension/\0"


def segment(content: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def jpeg_with(*contents: bytes, **options: Any) -> bytes:
    data = file_of(LYING, "JPEG", quality=95, subsampling=0, **options)
    return data[:2] + b"".join(map(segment, contents)) + data[2:]


def stored(kind: str, packet: bytes) -> bytes:
    if kind == "JPEG":
        return jpeg_with(XMP + packet)
    options = {"lossless": True} if kind == "WEBP" else {}
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        return file_of(LYING, kind, pnginfo=info)
    return file_of(LYING, kind, xmp=packet, **options)


def is_upright(image: RGB) -> bool:
    return bool(np.abs(image.astype(int) - SCENE).mean() < 4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("form", FORMS)
def test_in_xmp_is_undone(kind: str, form: str) -> None:
    assert is_upright(decode(stored(kind, (PACKET % FORMS[form]).encode()), SETTINGS))


def test_in_utf_16_is_undone() -> None:
    packet = (PACKET % FORMS["an attribute"]).encode("utf-16")
    assert is_upright(decode(jpeg_with(XMP + packet), SETTINGS))


def test_in_an_extension_of_the_packet_is_undone() -> None:
    packet = (PACKET % FORMS["an attribute"]).encode()
    parts = [packet[:150], packet[150:]]
    places = [0, 150]
    extensions = [
        MORE + b"0" * 32 + struct.pack(">II", len(packet), place) + part
        for place, part in zip(places, parts, strict=True)
    ]
    main = (PACKET % "<rdf:Description/>").encode()
    assert is_upright(decode(jpeg_with(XMP + main, *reversed(extensions)), SETTINGS))


def test_exif_goes_first() -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    data = jpeg_with(XMP + (PACKET % FORMS["an attribute"]).encode(), exif=exif)
    plain = decode(file_of(LYING, "JPEG", quality=95, subsampling=0), SETTINGS)
    assert (decode(data, SETTINGS) == plain).all()


@pytest.mark.parametrize(
    "packet",
    [b"", b"junk tiff:Orientation", b' tiff:Orientation="9"', b' other:Orientation="6"', bytes(9)],
)
def test_what_is_no_orientation_is_not_believed(packet: bytes) -> None:
    plain = decode(file_of(LYING, "JPEG", quality=95, subsampling=0), SETTINGS)
    assert (decode(jpeg_with(XMP + packet), SETTINGS) == plain).all()
