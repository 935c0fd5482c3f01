"""A network a class: what is in the output folder before, and stays there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from raydrift.catalog import load_catalog
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.training import separate
from raydrift.engine.training.models import RunModel
from raydrift.engine.training.separate import separate_models
from raydrift.errors import OutputError
from raydrift.gan.draws import weight_generator
from raydrift.gan.model_content import content_of
from raydrift.gan.model_file import write_model
from raydrift.gan.stylegan.architecture import Architecture
from raydrift.gan.stylegan.generator import make_generator
from raydrift.images.scenes import write_scenes
from raydrift.paths import StoragePath
from raydrift.settings.gan_toml import synthesize_settings
from raydrift.storage.lock import OutputLock
from raydrift.storage.training_record import COMPLETE, TrainingRecord

SIZES = Architecture(16, 16, 3, 64, 4, 4, 1)


def model(number: int = 0) -> bytes:
    network = make_generator(SIZES, weight_generator(1, number))
    return write_model({"generator": network}, SIZES.description())


@pytest.fixture
def trained_classes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The classes whose networks are trained, which takes no time."""
    names: list[str] = []

    def train(_settings: Any, inputs: Any, *_: Any) -> RunModel:
        ((_, _, catalog),) = inputs
        names.extend(catalog.classes)
        return RunModel(content_of(model(len(names)), "a model"), "a model")

    monkeypatch.setattr(separate, "trained_model", train)
    return names


Separate = Callable[..., RunModel]


@pytest.fixture
def train_classes(tmp_path: Path, trained_classes: list[str]) -> Separate:  # noqa: ARG001
    """Trains a network for each of two classes in ``tmp_path / "out"``."""
    source = tmp_path / "in"
    write_scenes(source, per_class=1)
    for folder in sorted(source.iterdir())[2:]:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()

    def trained(overwrite: bool = False) -> RunModel:
        values = {"input": str(source), "output": str(tmp_path / "out")}
        image, write = {"height": 16, "width": 16}, {"overwrite": overwrite}
        settings = synthesize_settings({**values, "image": image, "write": write})
        output = StoragePath.of(settings.run.output)
        output.create()
        with OutputLock(output) as lock:
            return separate_models(
                settings, settings.run, load_catalog(str(source)), output, lock, Clock(), True
            )

    return trained


def conditional_training(output: Path) -> bytes:
    """What a finished training of one network for all classes left."""
    (output / "model").mkdir(parents=True)
    content = model(9)
    (output / "model" / "generator.safetensors").write_bytes(content)
    (output / "model" / "training.pt").write_bytes(b"its state")
    record = TrainingRecord({"kind": "stylegan2"}, status=COMPLETE)
    record.save(StoragePath.of(str(output)))
    return content


def test_the_model_of_another_training_is_not_written_over(
    train_classes: Separate, trained_classes: list[str], tmp_path: Path
) -> None:
    content = conditional_training(tmp_path / "out")

    with pytest.raises(OutputError, match=r"holds another training, .* --overwrite"):
        train_classes()

    assert trained_classes == []
    assert (tmp_path / "out" / "model" / "generator.safetensors").read_bytes() == content


def test_overwrite_leaves_nothing_of_it(train_classes: Separate, tmp_path: Path) -> None:
    conditional_training(tmp_path / "out")

    found = train_classes(overwrite=True)

    assert [one.name for one in (tmp_path / "out" / "model").iterdir()] == ["generator.safetensors"]
    assert found.file.generators == ("boat", "city_night")


def test_the_same_again_goes_on(train_classes: Separate, trained_classes: list[str]) -> None:
    train_classes()
    train_classes()

    assert trained_classes == ["boat", "city_night"] * 2
