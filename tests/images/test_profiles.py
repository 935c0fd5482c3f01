"""Colour profiles: left alone and told, or applied as littleCMS applies them."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from raydrift.images.codec import RGB, decode_image
from raydrift.images.profiles import NOT_APPLIED, UNREADABLE
from raydrift.images.scenes import draw_scene
from raydrift.settings import ImageSettings
from tests.image_files import file_of
from tests.images.made_profiles import ADOBE, P3, PRO, grey_profile, ink_profile, rgb_profile

SCENE = draw_scene("house", seed=0, index=0, height=48, width=72)
IGNORE = ImageSettings(48, 72)
CONVERT = ImageSettings(48, 72, profile="convert")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
WIDE = {
    "like Adobe RGB": rgb_profile("like Adobe RGB", ADOBE, 2.2),
    "like Display P3": rgb_profile("like Display P3", P3, 2.2),
    "like ProPhoto": rgb_profile("like ProPhoto", PRO, 1.8),
}
KINDS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
}


def to_srgb(image: Image.Image, profile: bytes) -> RGB:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    converted = ImageCms.profileToProfile(
        image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None
    return np.asarray(converted)


def off(one: RGB, other: RGB) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WIDE)
def test_a_profile_is_told_or_applied(kind: str, name: str) -> None:
    profile = WIDE[name]
    plain = decode_image(file_of(SCENE, kind, **KINDS[kind]), IGNORE).pixels
    data = file_of(SCENE, kind, icc_profile=profile, **KINDS[kind])

    ignored = decode_image(data, IGNORE)
    assert (ignored.pixels == plain).all()
    assert (ignored.remarks, ignored.profile) == ((NOT_APPLIED,), None)

    applied = decode_image(data, CONVERT)
    assert (applied.pixels == to_srgb(Image.fromarray(plain), profile)).all()
    assert off(applied.pixels, plain) > 3
    assert (applied.remarks, applied.profile) == ((), name)


def test_a_jpeg_2000_file_has_it_in_its_colour_box() -> None:
    profile = WIDE["like Adobe RGB"]
    data = file_of(SCENE, "JPEG2000")
    place = data.index(b"colr")
    box = (11 + len(profile)).to_bytes(4) + b"colr\2\0\0" + profile
    head = place - 4 - data.index(b"jp2h")
    size = int.from_bytes(data[place - 4 : place])
    larger = len(box) - size
    start = data.index(b"jp2h") - 4
    whole = (int.from_bytes(data[start : start + 4]) + larger).to_bytes(4)
    data = data[:start] + whole + data[start + 4 : place - 4] + box + data[place - 4 + size :]
    assert head > 0
    assert decode_image(data, IGNORE).remarks == (NOT_APPLIED,)
    assert decode_image(data, CONVERT).profile == "like Adobe RGB"
    assert (decode_image(data, CONVERT).pixels == to_srgb(Image.fromarray(SCENE), profile)).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_the_profile_of_a_grey_image_is_one_of_grey(kind: str) -> None:
    grey, profile = Image.fromarray(SCENE).convert("L"), grey_profile("dark grey", 1.0)
    data = file_of(grey, kind, icc_profile=profile)
    plain = decode_image(data, IGNORE)
    assert plain.remarks == (NOT_APPLIED,)
    applied = decode_image(data, CONVERT)
    assert applied.profile == "dark grey"
    assert (applied.pixels == to_srgb(Image.fromarray(plain.pixels[:, :, 0]), profile)).all()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_are_converted_by_their_profile_instead_of_a_formula(kind: str) -> None:
    inks, profile = Image.fromarray(SCENE).convert("CMYK"), ink_profile("dull inks")
    options = {"quality": 100} if kind == "JPEG" else {}
    data = file_of(inks, kind, icc_profile=profile, **options)
    with Image.open(BytesIO(data)) as stored:
        expected = to_srgb(stored, profile)
    assert decode_image(data, IGNORE).remarks == (NOT_APPLIED,)
    applied = decode_image(data, CONVERT)
    assert (applied.pixels == expected).all()
    assert off(applied.pixels, decode_image(data, IGNORE).pixels) > 6
    assert applied.profile == "dull inks"


def test_it_is_applied_at_the_size_that_is_wanted() -> None:
    data = file_of(SCENE, "PNG", icc_profile=WIDE["like Adobe RGB"])
    small = decode_image(data, ImageSettings(24, 16))
    applied = decode_image(data, ImageSettings(24, 16, profile="convert"))
    assert (applied.pixels == to_srgb(Image.fromarray(small.pixels), WIDE["like Adobe RGB"])).all()


@pytest.mark.parametrize("settings", [IGNORE, CONVERT], ids=["ignore", "convert"])
def test_one_of_srgb_changes_nothing_and_is_not_told(settings: ImageSettings) -> None:
    decoded = decode_image(file_of(SCENE, "PNG", icc_profile=SRGB), settings)
    assert (decoded.pixels == SCENE).all()
    assert (decoded.remarks, decoded.profile) == ((), None)


BROKEN = {
    "junk": b"junk",
    "cut off": WIDE["like Adobe RGB"][:200],
    "without its tags": WIDE["like Adobe RGB"][:128] + bytes(4),
    "of another kind": ink_profile("inks"),
}


@pytest.mark.parametrize("settings", [IGNORE, CONVERT], ids=["ignore", "convert"])
@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_one_that_cannot_be_applied_leaves_the_pixels_and_is_told(
    kind: str, name: str, settings: ImageSettings
) -> None:
    plain = decode_image(file_of(SCENE, kind, **KINDS[kind]), settings).pixels
    data = file_of(SCENE, kind, icc_profile=BROKEN[name], **KINDS[kind])
    decoded = decode_image(data, settings)
    assert (decoded.pixels == plain).all()
    assert (decoded.remarks, decoded.profile) == ((UNREADABLE,), None)


def test_what_its_name_has_that_is_not_to_be_printed_is_left_out() -> None:
    data = file_of(SCENE, "PNG", icc_profile=rgb_profile("red\x1b[31m\nink", ADOBE, 2.2))
    assert decode_image(data, CONVERT).profile == "red[31mink"
