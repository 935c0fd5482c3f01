"""From the file of a model to a function of images."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import torch
from torch import Tensor, nn

from raydrift.errors import reason
from raydrift.tasks.archive import check_archive
from raydrift.tasks.files import TaskFile, TaskKind
from raydrift.tasks.resnet import ResNet

_LONGEST: Final = 200


@dataclass(frozen=True)
class Loaded:
    """A model that can be asked.

    Attributes:
        forward: From float32 of shape (n, 3, height, width) to whatever the model answers.
        batch: The least and the most images it takes at once; None: there is no most.
        size: Height and width that it takes; None in the place of one that may be any.
        module: What answers, where the file has its network itself.
    """

    forward: Callable[[Tensor], Any]
    batch: tuple[int, int | None] = (1, None)
    size: tuple[int | None, int | None] = (None, None)
    module: nn.Module | None = None


def load_model(file: TaskFile, device: torch.device) -> Loaded:
    """Loads a model; nothing is unpickled.

    Args:
        file: What ``find_task`` found.
        device: Where it will run.

    Raises:
        ValueError: It cannot be loaded, or takes something else than images; the text says why.
    """
    if file.kind is TaskKind.PROGRAM:
        return _program(file.data, device)
    if file.kind is TaskKind.SCRIPT:
        return _script(file.data, device)
    return Loaded(ResNet(file.data, file.architecture or "", device))


def _script(data: bytes, device: torch.device) -> Loaded:
    with _readable(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TorchScript is old
        module = torch.jit.load(BytesIO(data), map_location=device)
        module.eval()
        for one in module.parameters():
            one.requires_grad_(False)

    def forward(images: Tensor) -> Any:
        # What is optimised after the first calls would answer otherwise than those did.
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            return module(images)

    return Loaded(forward, module=module)


def _program(data: bytes, device: torch.device) -> Loaded:
    with _readable():
        check_archive(data)
        program = torch.export.load(BytesIO(data))
        if device.type != "cpu":
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, device)
        module = program.module(check_guards=False).requires_grad_(False)
    names = program.graph_signature.user_inputs
    inputs = [node for node in program.graph.nodes if node.name in names]
    values = [node.meta.get("val") for node in inputs if node.op == "placeholder"]
    if len(names) != 1 or len(values) != 1 or not isinstance(values[0], Tensor):
        raise ValueError(f"it takes {len(names)} inputs: export one that takes images alone")
    (image,) = values
    shape = [dim if isinstance(dim, int) else None for dim in image.shape]
    if len(shape) != 4 or shape[1] not in (3, None):
        written = ", ".join("any" if dim is None else str(dim) for dim in shape)
        raise ValueError(f"it takes ({written}): export one that takes (n, 3, height, width)")
    if image.dtype is not torch.float32:
        kind = str(image.dtype).removeprefix("torch.")
        raise ValueError(f"it takes {kind}: export one that takes float32")
    batch = (shape[0], shape[0]) if shape[0] is not None else _range(program, image.shape[0])
    return Loaded(module, batch, (shape[2], shape[3]), module)


def _range(program: Any, dim: Any) -> tuple[int, int | None]:
    """The least and the most of a size that is left open."""
    found = program.range_constraints.get(dim.node.expr)
    if found is None:
        return 1, None
    most = int(found.upper) if found.upper.is_Integer else None
    return max(1, int(found.lower)), most


@contextmanager
def _readable() -> Iterator[None]:
    """Says in one line what torch says in many; its loggers, which say it first, are silent."""
    logger = logging.getLogger("torch")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    except Exception as error:  # whatever a file of anything makes torch raise
        said = str(error) if type(error) is ValueError else reason(error)
        raise ValueError(
            f"torch {torch.__version__.partition('+')[0]} cannot load it ({said[:_LONGEST]}): "
            "export it again, with this version"
        ) from None
    finally:
        logger.setLevel(before)
