"""What makes pictures of mosaics: the camera that learns, or what stands in its place."""

from importlib.util import find_spec
from typing import Final

import torch
from torch import nn

from raydrift.camera import Camera, Sharpening
from raydrift.camera.differentiable import Learned, Parametrised, Superpixels
from raydrift.errors import SettingsError
from raydrift.settings.adjust import NETWORK, NO_PROCESSOR
from raydrift.tasks.training.networks import PACKAGE, draw_weights

_ENCODER: Final = "resnet34"
_DEPTH: Final = 3
_DECODER: Final = (256, 128, 64)


def make_processor(name: str, camera: Camera, batch_norm: bool, seed: int) -> nn.Module:
    """What makes pictures of mosaics, before it has learned.

    Args:
        name: As ``AdjustSettings.processor``.
        camera: What the mosaics are of, and what ``parametrized`` begins as: with bilinear
            demosaicing, and with a 3 × 3 filter and a Gaussian if the camera sharpens.
        batch_norm: Whether ``parametrized`` ends with a batch normalisation.
        seed: Of the training: what a network begins with is drawn of it.

    Raises:
        SettingsError: It is a network, and the package that makes it is not installed.
    """
    if name == NO_PROCESSOR:
        return Superpixels(str(camera.cfa))
    if name == NETWORK:
        return Learned(_network(seed), Superpixels(str(camera.cfa)))
    plain = camera.view.sharpening is Sharpening.NONE
    return Parametrised(camera, plain=plain, batch_norm=batch_norm)


def _network(seed: int) -> nn.Module:
    """The published UNet++, with drawn weights."""
    if find_spec(PACKAGE) is None:
        raise SettingsError(
            f"processor is {NETWORK!r}, which needs segmentation-models-pytorch: "
            "pip install 'raydrift[unet]' on every node"
        )
    import segmentation_models_pytorch as smp

    with torch.device("meta"):  # what these classes draw themselves is not wanted
        network: nn.Module = smp.UnetPlusPlus(
            _ENCODER, _DEPTH, encoder_weights=None, decoder_channels=_DECODER, classes=3
        )
    network.to_empty(device="cpu")
    draw_weights(network, seed)
    return network
