"""The file of trained generators: what it holds, and what is refused in its place."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from raydrift.errors import SettingsError
from raydrift.gan.cyclegan.generator import make_generator
from raydrift.gan.draws import weight_generator
from raydrift.gan.model_content import content_of
from raydrift.gan.model_file import model_of, model_place, read_model, write_model
from raydrift.gan.stylegan.architecture import Architecture
from raydrift.gan.stylegan.generator import make_generator as make_style_generator
from raydrift.paths import StoragePath

CYCLEGAN = {
    "kind": "cyclegan", "height": 32, "width": 32, "channels": 3, "generator_width": 4, "blocks": 1,
}  # fmt: skip
STYLES = Architecture(16, 16, 1, 64, 8, 8, 2, ("b", "a"))


def cycle_generators() -> dict[str, nn.Module]:
    return {
        name: make_generator(3, 4, 1, weight_generator(1, number))
        for number, name in enumerate(("to_target", "to_source"))
    }


def written(folder: Path) -> Path:
    """A finished run, as far as its model goes."""
    (folder / "model").mkdir(parents=True)
    file = folder / "model" / "generator.safetensors"
    file.write_bytes(write_model(cycle_generators(), CYCLEGAN))
    return file


def test_networks_come_back_as_they_were(tmp_path: Path) -> None:
    file = written(tmp_path)
    images = torch.rand(2, 3, 32, 36) * 2 - 1
    for place in (tmp_path, tmp_path / "model", file, StoragePath.of(file)):
        assert model_place(place).path == str(file)
    model = read_model(tmp_path, kind="cyclegan")
    assert model.names == ("to_source", "to_target")
    assert dict(model.description) == CYCLEGAN
    for name, network in cycle_generators().items():
        read = model.generator(name)
        assert not read.training
        assert not any(one.requires_grad for one in read.parameters())
        assert torch.equal(read(images), network.eval()(images))


def test_one_that_knows_classes_keeps_their_order() -> None:
    network = make_style_generator(STYLES, weight_generator(1, 0))
    model = model_of(write_model({"generator": network}, STYLES.description()), "the model")
    assert model.description["classes"] == ["b", "a"]
    z, classes = torch.randn(3, 8), torch.tensor([0, 1, 1])
    made = model.generator("generator")(z, classes)
    assert torch.equal(made, network.eval()(z, classes))


def test_the_same_weights_are_the_same_bytes() -> None:
    generators = cycle_generators()
    first = write_model(generators, CYCLEGAN)
    again = write_model(
        dict(reversed(generators.items())), {name: CYCLEGAN[name] for name in sorted(CYCLEGAN)}
    )
    assert again == first
    assert model_of(again, "it").digest == model_of(first, "it").digest


def changed(facts: dict[str, Any]) -> bytes:
    """A model whose file says other things of itself."""
    content = write_model(cycle_generators(), CYCLEGAN)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    told = json.loads(header["__metadata__"]["raydrift"]) | facts
    saved: bytes = save(load(content), {"raydrift": json.dumps(told)})
    return saved


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


GIVE = (
    "give the folder of a finished run of translate or synthesize, or its "
    "model/generator.safetensors"
)
DAMAGED = "is cut off or damaged: copy it again, or train it anew"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "CYcleGan_epoch_10.pb",
            lambda: b"\n\x10\n\x05input\x12\x0bPlaceholder",
            f"is a frozen graph of TensorFlow (.pb), which is not read: {GIVE}",
        ),
        (
            "latest_net_G.pth",
            lambda: b"PK\x03\x04" + bytes(100),
            f"is a file of torch (.pt, .pth or .pt2), which is not opened: {GIVE}",
        ),
        (
            "network-snapshot.pkl",
            lambda: pickle.dumps({"G": 1}),
            f"is a pickle, which is not opened: {GIVE}",
        ),
        ("x.safetensors", lambda: b"", f"is empty: {GIVE}"),
        ("x.bin", lambda: b"hello, world", f"is not a safetensors file, or damaged: {GIVE}"),
        (
            "resnet.safetensors",
            lambda: save({"conv1.weight": torch.zeros(3)}, {"format": "pt"}),
            f"is a safetensors file of other origin: {GIVE}",
        ),
        ("cut.safetensors", lambda: write_model(cycle_generators(), CYCLEGAN)[:-9], DAMAGED),
        ("head.safetensors", lambda: write_model(cycle_generators(), CYCLEGAN)[:99], DAMAGED),
        ("bit.safetensors", lambda: flipped(write_model(cycle_generators(), CYCLEGAN)), DAMAGED),
        (
            "new.safetensors",
            lambda: changed({"format": 2}),
            "is of format 2 of another version of raydrift, this one reads 1: train it with this "
            "version, or use that one",
        ),
        (
            "style.safetensors",
            lambda: changed({"description": {"kind": "stylegan2"}}),
            "is a stylegan2, and a cyclegan is asked for: give one of that kind",
        ),
    ],
)
def test_what_is_no_such_model_is_refused(
    tmp_path: Path, name: str, content: Callable[[], bytes], said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content())
    with pytest.raises(SettingsError) as caught:
        read_model(file, kind="cyclegan")
    assert str(caught.value) == f"model {file} {said}"


def test_places_without_a_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        model_place(tmp_path / "gone")
    assert str(caught.value) == f"model {tmp_path}/gone is not there: {GIVE}"
    with pytest.raises(SettingsError) as caught:
        model_place(tmp_path)
    assert str(caught.value) == f"model {tmp_path} has no model/generator.safetensors: {GIVE}"


def test_networks_that_it_has_not_are_refused(tmp_path: Path) -> None:
    model = read_model(written(tmp_path))
    with pytest.raises(SettingsError, match="has no network 'generator': choose from: to_source"):
        model.generator("generator")
    other = model_of(changed({"description": CYCLEGAN | {"blocks": 2}}), "the model")
    with pytest.raises(SettingsError, match="the weights of to_target are of another network"):
        other.generator("to_target")
    other = model_of(changed({"description": CYCLEGAN | {"kind": "pix2pix"}}), "the model")
    with pytest.raises(SettingsError, match="the kind 'pix2pix', which is not known"):
        other.generator("to_target")


def test_its_description_is_read_without_torch(tmp_path: Path) -> None:
    content = written(tmp_path).read_bytes()
    assert content_of(content, "it").generators == ("to_source", "to_target")
