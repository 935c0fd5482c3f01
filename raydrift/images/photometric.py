"""Samples to grey levels or RGB: ranges, palettes, inks, Lab, alpha."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from raydrift.images.profiles import converts
from raydrift.images.sampled import SampledImage
from raydrift.images.value_range import (
    Values,
    is_deep,
    promised,
    range_of,
    remarks_on,
    seen,
    spread,
    to_8_bits,
)
from raydrift.settings.image import ImageSettings
from raydrift.settings.ranges import Range

Levels = npt.NDArray[np.uint8]

_A_AND_B: Final = slice(1, 3)


@dataclass(frozen=True)
class Drawn:
    """An image in 8 bits.

    Attributes:
        levels: uint8 of shape (height, width) or (height, width, 3), or in CMYK, where its profile
            converts that, (height, width, 4).
        values: What its samples span; None where they span what their bits do.
        remarks: As in ``Decoded``.
    """

    levels: Levels
    values: Values | None = None
    remarks: tuple[str, ...] = ()


def draw(image: SampledImage, settings: ImageSettings) -> Drawn:
    """Draws an image in 8 bits, transparent pixels over white.

    Grey and RGB samples are drawn in the range of the settings; inks, Lab and alpha span what their
    bits do.
    """
    if image.colours == "cmyk" and not image.alpha and converts(image.profile, settings):
        return Drawn(to_8_bits(image.samples, promised(image.kind)))
    fixed = image.spans_bits or not is_deep(image.kind) or image.colours not in ("grey", "rgb")
    to = promised(image.kind) if fixed else range_of(image.kind, settings)
    levels = _over_white_or_not(image, to)
    if fixed:
        return Drawn(levels)
    values = seen(_without_alpha(image), image.missing)
    found = spread(image.kind, values)
    return Drawn(levels, found, () if found is None else remarks_on(values, found, to))


def _without_alpha(image: SampledImage) -> npt.NDArray[Any]:
    return image.samples[:, :, :-1] if image.alpha else image.samples


def _over_white_or_not(image: SampledImage, to: Range) -> Levels:
    levels = _colours(image, _without_alpha(image), to)
    if image.alpha:
        alpha = _in_8_bits(image, image.samples[:, :, -1], promised(image.kind))
        levels = _over_white(levels, alpha, image.premultiplied)
    return levels[:, :, 0] if levels.shape[2] == 1 else levels


def _colours(image: SampledImage, samples: npt.NDArray[Any], to: Range) -> Levels:
    if image.palette is not None:
        return image.palette.take(samples[:, :, 0], axis=0, mode="clip")
    if image.colours == "cmyk":
        inks = to_8_bits(samples, promised(image.kind))
        return np.asarray(Image.fromarray(inks, "CMYK").convert("RGB"))
    if image.colours in ("cielab", "icclab"):
        return _from_lab(samples, image)
    levels = _in_8_bits(image, samples, to)
    if image.inverted:
        levels = 255 - levels
    if image.missing is not None:
        levels[samples == image.missing] = 0
    if image.inverted and samples.dtype.kind == "f":
        levels[np.isnan(samples)] = 0
    return levels


def _in_8_bits(image: SampledImage, samples: npt.NDArray[Any], to: Range) -> Levels:
    if (image.colours, image.kind, to) == ("rgb", "uint16", promised("uint16")):
        return (samples >> 8).astype(np.uint8)  # as Pillow cuts colours of 16 bits
    return to_8_bits(samples, to)


def _from_lab(samples: npt.NDArray[Any], image: SampledImage) -> Levels:
    """By littleCMS, with the white of D50 that Lab in TIFF has."""
    from PIL import ImageCms

    size = samples.dtype.itemsize
    lab = (samples.view(f"u{size}") >> 8 * (size - 1)).astype(np.uint8)
    if image.colours == "icclab":  # where a and b have an offset; Pillow takes them signed
        lab[:, :, _A_AND_B] ^= 0x80
    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(*profiles, "LAB", "RGB")
    picture = Image.frombytes("LAB", lab.shape[1::-1], lab.tobytes())
    return np.asarray(ImageCms.applyTransform(picture, transform))


def _over_white(levels: Levels, alpha: Levels, premultiplied: bool) -> Levels:
    if premultiplied:
        white = (255 - alpha)[:, :, None].astype(np.uint16)
        added: Levels = np.minimum(levels + white, 255).astype(np.uint8)
        return added
    over = Image.fromarray(levels[:, :, 0] if levels.shape[2] == 1 else levels).convert("RGB")
    picture = Image.new("RGB", over.size, "white")
    picture.paste(over, mask=Image.fromarray(alpha))
    return np.asarray(picture)
