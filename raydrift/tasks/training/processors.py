"""What makes pictures of mosaics: the camera that learns, or what stands in its place."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import nn

from raydrift.camera import Camera, Sharpening
from raydrift.camera.differentiable import Learned, Parametrised, Superpixels
from raydrift.settings.adjust import NETWORK, NO_PROCESSOR
from raydrift.tasks.training.networks import check_unet, draw_weights

_ENCODER: Final = "resnet34"
_DEPTH: Final = 3
_DECODER: Final = (256, 128, 64)


@dataclass(frozen=True)
class Source:
    """Where the mosaics come from that a camera learns to develop.

    Attributes:
        camera: The camera that they are of, which the one that learns begins as.
        sees: ``mosaics``; ``photos``: photographs that are undone to mosaics; ``residual``: so too,
            and a photograph gets the difference between what the camera that learns and the one
            that it began as make of its mosaic, so that it begins as it is, as sharp as it is.
        compat: Whether the camera's sharpening sees zeros beyond the border, as published.
    """

    camera: Camera
    sees: str
    compat: bool = False


def make_processor(name: str, source: Source, batch_norm: bool, seed: int) -> nn.Module:
    """What makes pictures of mosaics, before it has learned.

    Args:
        name: As ``AdjustSettings.processor``.
        source: What the mosaics are of; ``parametrized`` is ``begun_camera`` of it.
        batch_norm: Whether ``parametrized`` ends with a batch normalisation.
        seed: Of the training: what a network begins with is drawn of it.

    Raises:
        SettingsError: As ``check_unet``.
    """
    cfa = str(source.camera.cfa)
    if name == NO_PROCESSOR:
        return Superpixels(cfa)
    if name == NETWORK:
        return Learned(_network(seed), Superpixels(cfa))
    return begun_camera(source, batch_norm)


def begun_camera(source: Source, batch_norm: bool) -> Parametrised:
    """The camera of a source, before it has learned.

    It has bilinear demosaicing, and a 3 × 3 filter and a Gaussian if the camera sharpens.

    Args:
        source: What the mosaics are of.
        batch_norm: Whether it ends with a batch normalisation.
    """
    return Parametrised(
        source.camera,
        plain=source.camera.view.sharpening is Sharpening.NONE,
        batch_norm=batch_norm,
        published_border=source.compat,
    )


def _network(seed: int) -> nn.Module:
    """The published UNet++, with drawn weights."""
    check_unet(f"processor is {NETWORK!r}")
    import segmentation_models_pytorch as smp

    with torch.device("meta"):  # what these classes draw themselves is not wanted
        network: nn.Module = smp.UnetPlusPlus(
            _ENCODER, _DEPTH, encoder_weights=None, decoder_channels=_DECODER, classes=3
        )
    network.to_empty(device="cpu")
    draw_weights(network, seed)
    return network
