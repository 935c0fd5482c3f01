"""The networks that can be trained, and what they begin with."""

import math
from importlib.util import find_spec
from typing import Final

import torch
from torch import Tensor, nn

from raydrift import seeds
from raydrift.embed.state import State, check_shapes, read_tensors, resnet_shapes
from raydrift.embed.weights import Weights
from raydrift.errors import SettingsError, WeightsError
from raydrift.settings.train import TITLES, TrainSettings
from raydrift.tasks.resnet import DEPTHS
from raydrift.tasks.training.resnet import TrainableResNet

_PACKAGE: Final = "segmentation_models_pytorch"
_ENCODER: Final = "resnet34"
_INITIAL: Final = 0  # what is drawn of a training's seed


def check_there(settings: TrainSettings) -> None:
    """Makes sure that the network can be made here, see ``check_unet``."""
    if settings.has_masks:
        check_unet(f"train.network is {settings.network!r}")


def check_unet(asked: str) -> None:
    """Makes sure that a U-Net can be made here.

    Args:
        asked: What asks for it, as ``train.network is 'unet'``.

    Raises:
        SettingsError: The package that makes it is not installed.
    """
    if find_spec(_PACKAGE) is None:
        raise SettingsError(
            f"{asked}, which needs segmentation-models-pytorch: pip install 'raydrift[unet]' on "
            "every node"
        )


def make_network(
    settings: TrainSettings, classes: int, state: State | None, seed: int
) -> nn.Module:
    """A network before its training, on the CPU.

    What is not in the state is drawn: of a seed the same numbers on every machine, whatever else
    draws from torch's own generators.

    Args:
        settings: Which one.
        classes: What it tells apart; of masks 1, the foreground.
        state: What ``start_state`` read; None: all is drawn.
        seed: Of the training.

    Raises:
        SettingsError: As ``check_unet``.
    """
    check_there(settings)
    with torch.device("meta"):  # what these classes draw themselves is not wanted
        model, body = _network(settings.network, classes)
    model.to_empty(device="cpu")
    draw_weights(model, seed)
    if state is not None:
        body.load_state_dict(state, strict=False)  # all but its last layer
    return model


def start_state(weights: Weights, settings: TrainSettings) -> State | None:
    """The parameters that a network begins with; None: they are drawn.

    Args:
        weights: What ``find_weights`` found.
        settings: Which network they are for.

    Raises:
        WeightsError: They are not torchvision's state dict of its ResNet.
    """
    if weights.data is None:
        return None
    architecture = _ENCODER if settings.has_masks else settings.network
    title = TITLES[architecture]
    try:
        state = read_tensors(weights.data)
        kept = {name: value for name, value in state.items() if not str(name).startswith("fc.")}
        check_shapes(kept, resnet_shapes(DEPTHS[architecture]), title)
    except ValueError as error:
        purpose = f", which {settings.title} begins with" if settings.has_masks else ""
        raise WeightsError(
            f"train.weights {weights.name!r}: not a {title} state dict{purpose} ({error}): "
            "give random, imagenet or the path of one"
        ) from None
    return kept


def _network(name: str, classes: int) -> tuple[nn.Module, nn.Module]:
    """A network, and the part of it that is a ResNet."""
    if name in DEPTHS:
        resnet = TrainableResNet(name, classes)
        return resnet, resnet
    import segmentation_models_pytorch as smp

    kind = {"unet": smp.Unet, "unetplusplus": smp.UnetPlusPlus}[name]
    unet = kind(_ENCODER, encoder_weights=None, classes=classes)
    return unet, unet.encoder


def draw_weights(model: nn.Module, seed: int) -> None:
    """He's normal weights, and batch normalisations that change nothing.

    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015.

    Args:
        model: On the CPU, its parameters not set yet.
        seed: Of the training.
    """
    generator = torch.Generator().manual_seed(_torch_seed(seed))
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            # What goes out counts, as in torchvision's ResNets.
            outputs = module.out_channels * math.prod(module.kernel_size)
            _fill(module.weight, math.sqrt(2 / outputs), generator)
        elif isinstance(module, nn.Linear):
            _fill(module.weight, math.sqrt(1 / module.in_features), generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            nn.init.ones_(module.weight)
        elif next(module.parameters(recurse=False), None) is not None:
            raise TypeError(f"nothing says how a {type(module).__name__} begins")
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # a parameter


def _fill(weight: Tensor, deviation: float, generator: torch.Generator) -> None:
    with torch.no_grad():
        weight.copy_(torch.randn(weight.shape, generator=generator) * deviation)


def _torch_seed(seed: int) -> int:
    """A seed as torch takes it: of 63 bits."""
    return int(seeds.generator(seed, _INITIAL, 0).integers(2**63))
