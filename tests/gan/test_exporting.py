"""Generators for programs that know nothing of raydrift: they make what ours make."""

import io
import json
from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from raydrift.errors import SettingsError
from raydrift.gan import exporting
from raydrift.gan.cyclegan.generator import make_generator
from raydrift.gan.draws import weight_generator
from raydrift.gan.exporting import exported
from raydrift.gan.model_file import Model, model_of, write_model
from raydrift.gan.stylegan.architecture import Architecture
from raydrift.gan.stylegan.generator import make_generator as make_style_generator

EQUAL = {"rtol": 0.0, "atol": 1e-5}


def cycle_model(width: int = 4, blocks: int = 1, side: int = 32) -> Model:
    networks: Mapping[str, nn.Module] = {
        name: make_generator(3, width, blocks, weight_generator(5, number))
        for number, name in enumerate(("to_target", "to_source"))
    }
    sizes = {"height": side, "width": side, "channels": 3}
    return model_of(
        write_model(
            networks, {"kind": "cyclegan", "generator_width": width, "blocks": blocks, **sizes}
        ),
        "the model",
    )


def style_model(*classes: str, base: int = 64, most: int = 8, side: int = 16) -> Model:
    sizes = Architecture(side, side, 3, base, most, most, 2, classes)
    network = make_style_generator(sizes, weight_generator(5, 0))
    for name, weight in network.named_parameters():
        if name.endswith("noise_strength"):  # 0 before a training: the noise would not be seen
            nn.init.constant_(weight, 0.3)
    return model_of(write_model({"generator": network}, sizes.description()), "the model")


def run_torch(content: bytes, given: tuple[Tensor, ...]) -> Tensor:
    made: Tensor = torch.export.load(io.BytesIO(content)).module()(*given)
    return made


def run_onnx(content: bytes, given: tuple[Tensor, ...]) -> Tensor:
    onnx.checker.check_model(content)
    session = onnxruntime.InferenceSession(content)
    names = [one.name for one in session.get_inputs()]
    assert names in (["images"], ["z"], ["z", "class_index"])
    feed = dict(zip(names, (one.numpy() for one in given), strict=True))
    return torch.from_numpy(np.asarray(session.run(None, feed)[0]))


RUN = {"torch": run_torch, "onnx": run_onnx}


@pytest.mark.parametrize("kind", RUN)
def test_a_cyclegan_takes_any_number_of_images_of_any_size(kind: str) -> None:
    model = cycle_model()
    content = exported(model, "to_target", kind)
    for shape in ((1, 3, 32, 32), (3, 3, 8, 52)):
        images = torch.rand(shape) * 2 - 1
        made = RUN[kind](content, (images,))
        torch.testing.assert_close(made, model.generator("to_target")(images), **EQUAL)


@pytest.mark.parametrize("kind", RUN)
@pytest.mark.parametrize("classes", [(), ("cat", "dog", "eel")])
def test_a_stylegan_takes_any_number_of_latents(kind: str, classes: tuple[str, ...]) -> None:
    model = style_model(*classes)
    content = exported(model, "generator", kind)
    for count in (1, 5):
        given: tuple[Tensor, ...] = (torch.randn(count, 8),)
        if classes:
            given = (*given, torch.arange(count) % 3)
        made = RUN[kind](content, given)
        assert made.shape == (count, 3, 16, 16)
        assert made.abs().max() <= 1
        torch.testing.assert_close(made, model.generator("generator")(*given), **EQUAL)


@pytest.mark.slow
@pytest.mark.parametrize("kind", RUN)
def test_networks_of_full_width(kind: str) -> None:
    images, z = torch.rand(1, 3, 128, 128) * 2 - 1, torch.randn(1, 512)
    cycle = cycle_model(64, 6, 128)
    made = RUN[kind](exported(cycle, "to_target", kind), (images,))
    torch.testing.assert_close(made, cycle.generator("to_target")(images), **EQUAL)
    style = style_model(base=16384, most=512, side=128)
    made = RUN[kind](exported(style, "generator", kind), (z,))
    # Without a training its images go far beyond -1 to 1: in float32 ours are 9e-6 from float64's.
    torch.testing.assert_close(made, style.generator("generator")(z), rtol=0.0, atol=2e-5)


def test_the_files_say_what_they_are() -> None:
    model = cycle_model()
    found = {"raydrift.json": ""}
    content = exported(model, "to_source", "torch")
    torch.export.load(io.BytesIO(content), extra_files=found)
    expected = {
        "description": dict(model.description),
        "generator": "to_source",
        "model": model.digest,
    }
    assert json.loads(found["raydrift.json"]) == expected
    assert exported(model, "to_source", "torch") == content
    proto = onnx.load_from_string(exported(model, "to_source", "onnx"))
    told = {one.key: one.value for one in proto.metadata_props}
    assert json.loads(told["raydrift.json"]) == expected


def test_what_cannot_be_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = cycle_model()
    with pytest.raises(SettingsError, match=r"format is 'pb': choose from: torch, onnx"):
        exported(model, "to_target", "pb")
    with pytest.raises(SettingsError, match="the model has no network 'generator'"):
        exported(model, "generator", "torch")
    monkeypatch.setattr(exporting, "find_spec", lambda _: None)
    with pytest.raises(SettingsError) as caught:
        exported(model, "to_target", "onnx")
    said = "format onnx needs onnx and onnxscript: install raydrift[onnx], or choose torch"
    assert str(caught.value) == said
