"""Runs that make new images with a model, on a real Ray: an image depends on its latent alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from raydrift.engine.synthesize import synthesize
from raydrift.errors import SettingsError
from raydrift.gan.model_file import read_model, write_model
from raydrift.gan.stylegan import generator as networks
from raydrift.gan.stylegan.architecture import Architecture
from raydrift.gan.stylegan.sampling import latents
from raydrift.gan.stylegan.sampling import synthesize as made_of
from raydrift.settings import SynthesizeSettings
from raydrift.settings.gan_toml import synthesize_settings
from tests.engine.test_translate import images

pytestmark = pytest.mark.usefixtures("ray_session")

SEED = 5


def write_tiny_model(place: Path, classes: tuple[str, ...], seed: int = 1) -> Path:
    """A StyleGAN2 of few weights that nobody trained."""
    sizes = Architecture(16, 16, 3, 64, 8, 16, 2, classes)
    generator = networks.make_generator(sizes, torch.Generator().manual_seed(seed))
    described = {"kind": "stylegan2", "height": 16, "width": 16, "channels": 3}
    described |= {"channel_base": 64, "max_channels": 8, "latent": 16, "mapping_layers": 2}
    described["classes"] = list(classes)
    place.write_bytes(write_model({"generator": generator}, described))
    return place


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    return write_tiny_model(folder / "generator.safetensors", ("boat", "flower"))


def settings_for(output: Path, model: Path, **values: Any) -> SynthesizeSettings:
    plain = {"output": str(output), "model": str(model), "seed": SEED, "num_samples": 6}
    return synthesize_settings({**plain, "cluster": {"workers": 2}, **values})


@pytest.fixture(scope="module")
def synthesized(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("synthesized")
    record = synthesize(settings_for(output, model, write={"shard_size": 5}), quiet=True)
    assert record.counts["written"] == 12
    assert record.classes == {"boat": 0, "flower": 1}
    return output


def test_each_image_is_what_the_generator_makes_of_its_latent(
    model: Path, synthesized: Path
) -> None:
    generator: Any = read_model(model).generator("generator")
    found = images(synthesized)
    assert sorted(found)[:2] == ["boat/00000000", "boat/00000001"]
    for path, pixels in found.items():
        name, number = path.split("/")
        drawn = latents(SEED, name, np.array([int(number)]), 16)
        index = ["boat", "flower"].index(name)
        assert np.array_equal(pixels, made_of(generator, drawn, index)[0])


def test_a_row_has_the_key_of_the_latent(synthesized: Path) -> None:
    row = pq.read_table(synthesized / "provenance.parquet").to_pylist()[0]
    (step,) = row["transforms"]
    assert (step["type"], step["kernel"], row["drifted"]) == ("synthesize", "generator", False)
    told = json.loads(step["parameters"])
    assert f"{told['class']}/{told['latent']:08d}" == row["source_path"]
    assert (told["seed"], told["truncation"]) == (SEED, 1.0)


def test_more_images_and_other_workers_change_none_that_was_there(
    model: Path, synthesized: Path, tmp_path: Path
) -> None:
    more = settings_for(tmp_path, model, num_samples=9, cluster={"workers": 1})
    synthesize(more, quiet=True)
    before, now = images(synthesized), images(tmp_path)
    assert len(now) == 18
    for path, pixels in before.items():
        assert np.array_equal(now[path], pixels)


def test_truncation_brings_images_closer_to_each_other(
    model: Path, synthesized: Path, tmp_path: Path
) -> None:
    synthesize(settings_for(tmp_path, model, stylegan={"truncation": 0.1}), quiet=True)

    def spread(output: Path) -> float:
        return float(np.std(list(images(output).values()), axis=0).mean())

    assert spread(tmp_path) < 0.7 * spread(synthesized)


def test_another_size_than_the_models_is_refused(model: Path, tmp_path: Path) -> None:
    other = settings_for(tmp_path, model, image={"height": 32, "width": 32})
    with pytest.raises(SettingsError, match="the model makes images of 16 x 16: leave --image-"):
        synthesize(other, quiet=True)


def test_a_model_without_classes_has_one_and_labels_can_be_given(
    model: Path, tmp_path: Path
) -> None:
    plain = write_tiny_model(tmp_path / "plain.safetensors", ())
    record = synthesize(settings_for(tmp_path / "plain", plain), quiet=True)
    assert record.classes == {"all": 0}
    mapping = {"boat": 7, "flower": 3}
    labelled = settings_for(tmp_path / "labelled", model, class_mapping=mapping)
    assert synthesize(labelled, quiet=True).classes == mapping
    missing = settings_for(tmp_path / "missing", model, class_mapping={"boat": 7})
    with pytest.raises(SettingsError, match="class_mapping has no class 'flower'"):
        synthesize(missing, quiet=True)
