"""A trained generator for programs that know nothing of raydrift: torch.export or ONNX.

A CycleGAN's network takes images in [-1, 1] of any number and of any height and width that are
multiples of 4, and gives such images. A StyleGAN2's takes latents of N(0, 1), with classes also
their numbers, and gives images in [-1, 1]; its noise is the constant one, without truncation.
"""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from raydrift.errors import SettingsError
from raydrift.gan.model_content import CYCLEGAN
from raydrift.gan.model_file import Model

SUFFIXES: Final = {"torch": ".pt2", "onnx": ".onnx"}
"""What the name of a file ends with, by its format."""

_STEP: Final = 4  # pixels of the image that are one inside of a CycleGAN's generator
_LEAST: Final = 2  # of these
_FACTS: Final = "raydrift.json"
_ONNX: Final = ("onnx", "onnxscript")


def exported(model: Model, name: str, kind: str) -> bytes:
    """A generator as a file of another format.

    Args:
        model: The model.
        name: Which of its generators.
        kind: ``torch``: a program of torch.export, which torch runs alone. ``onnx``: ONNX.

    Raises:
        SettingsError: There is no such generator, or ONNX's packages are not installed.
    """
    check_format(kind)
    program, takes, gives = _program(model, name)
    facts = {"description": dict(model.description), "generator": name, "model": model.digest}
    if kind == "torch":
        file = io.BytesIO()
        torch.export.save(program, file, extra_files={_FACTS: json.dumps(facts, sort_keys=True)})
        return file.getvalue()
    with _quiet():
        made = torch.onnx.export(
            program, input_names=takes, output_names=[gives], dynamo=True, verbose=False
        )
    proto = cast(Any, made).model_proto
    added = proto.metadata_props.add()
    added.key, added.value = _FACTS, json.dumps(facts, sort_keys=True)
    return cast(bytes, proto.SerializeToString())


def check_format(kind: str) -> None:
    """Makes sure that a format is known, and that what writes it is there.

    Raises:
        SettingsError: It is not.
    """
    if kind not in SUFFIXES:
        raise SettingsError(f"format is {kind!r}: choose from: {', '.join(SUFFIXES)}")
    lacking = [one for one in _ONNX if find_spec(one) is None] if kind == "onnx" else []
    if lacking:
        raise SettingsError(
            f"format onnx needs {' and '.join(lacking)}: install raydrift[onnx], or choose torch"
        )


def _program(model: Model, name: str) -> tuple[ExportedProgram, list[str], str]:
    """The network as a program, and the names of what it takes and gives."""
    network = model.generator(name)
    described = model.description
    batch = Dim("batch")
    if described["kind"] == CYCLEGAN:
        sides = {
            2: _STEP * Dim("height", min=_LEAST),
            3: _STEP * Dim("width", min=_LEAST),
        }
        # An example is of other sizes than 1, which would be taken for fixed.
        images = torch.zeros(2, described["channels"], 8 * _STEP, 9 * _STEP)
        shapes = ({0: batch, **sides},)
        program = torch.export.export(network, (images,), dynamic_shapes=shapes)
        return program, ["images"], "translated"
    latents = torch.zeros(2, described["latent"])
    if not described["classes"]:
        of_latents = _OfLatents(network).eval()
        program = torch.export.export(of_latents, (latents,), dynamic_shapes=({0: batch},))
        return program, ["z"], "images"
    numbers = torch.zeros(2, dtype=torch.int64)
    of_classes = _OfClasses(network).eval()
    shapes_of_both = ({0: batch}, {0: batch})
    program = torch.export.export(of_classes, (latents, numbers), dynamic_shapes=shapes_of_both)
    return program, ["z", "class_index"], "images"


class _OfLatents(nn.Module):
    """A generator that is given latents alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, z: Tensor) -> Tensor:
        return cast(Tensor, self.network(z))


class _OfClasses(nn.Module):
    """A generator that is given latents and the numbers of their classes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, z: Tensor, class_index: Tensor) -> Tensor:
        return cast(Tensor, self.network(z, class_index))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter says of its own progress."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)
