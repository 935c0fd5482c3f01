"""The user's model as a network that goes on learning."""

from collections.abc import Callable
from typing import Any, Final, Self

import torch
from torch import Tensor, nn

from raydrift.errors import TaskError, reason
from raydrift.tasks.files import TaskFile, TaskKind
from raydrift.tasks.loading import load_model
from raydrift.tasks.resnet import resnet_state
from raydrift.tasks.training.resnet import TrainableResNet

_COUNTS: Final = "num_batches_tracked"
_LONGEST: Final = 200


def given_network(file: TaskFile, device: torch.device) -> nn.Module:
    """The user's model, all of whose parameters can learn.

    A state dict's ResNet learns as torchvision's would. A program keeps the statistics of its batch
    normalisations, which are part of it.

    Args:
        file: What ``find_task`` found.
        device: Where it will run.

    Raises:
        TaskError: It cannot be loaded, takes something else than images or one number of them, or
            has nothing to learn; or it is TorchScript, which cannot be exported with its camera.
    """
    if file.kind is TaskKind.SCRIPT:
        raise TaskError(
            f"task {file.name!r}: TorchScript cannot be exported with a camera: write the "
            "model with torch.export.save"
        )
    try:
        if file.kind is TaskKind.STATE:
            return _resnet(file).to(device)
        loaded = load_model(file, device)
    except ValueError as error:
        raise TaskError(f"task {file.name!r}: {error}") from None
    if loaded.module is None or next(loaded.module.parameters(), None) is None:
        raise TaskError(f"task {file.name!r}: it has no parameters: export one that can learn")
    least, most = loaded.batch
    if most is not None and least == most:
        raise TaskError(
            f"task {file.name!r}: it was exported for {most} images at once: export it for any "
            'number, with dynamic_shapes=({0: torch.export.Dim("n")},)'
        )
    return _AsExported(file.name, loaded.module, loaded.forward)


def last_layer(network: nn.Module) -> list[nn.Parameter]:
    """The parameters of the last layer that has any."""
    owners = [dict(module.named_parameters(recurse=False)) for module in network.modules()]
    return list([found for found in owners if found][-1].values())


class _AsExported(nn.Module):
    """A module that is always as it was exported: batch normalisations do not count batches."""

    def __init__(self, name: str, module: nn.Module, ask: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self._name, self.module, self._ask = name, module, ask
        for one in module.parameters():
            one.requires_grad_(True)

    def forward(self, images: Tensor) -> Any:
        if torch.compiler.is_exporting():
            return self._ask(images)
        try:
            return self._ask(images)
        except Exception as error:  # whatever a network of the user's raises
            height, width = images.shape[2:]
            raise TaskError(
                f"task {self._name!r}: it fails on images of {height} x {width} pixels "
                f"({reason(error)[:_LONGEST]}): set image.height and image.width to what it was "
                "made for, or export it for any size"
            ) from None

    def train(self, mode: bool = True) -> Self:  # noqa: ARG002
        """Nothing: what was exported knows one mode."""
        return self


def _resnet(file: TaskFile) -> TrainableResNet:
    architecture = file.architecture or ""
    state = resnet_state(file.data, architecture)
    with torch.device("meta"):  # what these classes draw themselves is not wanted
        network = TrainableResNet(architecture, len(state["fc.bias"]))
    counts = [name for name in network.state_dict() if name.endswith(_COUNTS)]
    zeros = {name: torch.zeros((), dtype=torch.int64) for name in counts}
    floats = {name: one.to(torch.float32) for name, one in state.items()}
    network.load_state_dict(floats | zeros, assign=True)
    return network.requires_grad_(True)
