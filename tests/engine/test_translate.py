"""Runs that translate with a model on a real Ray: the same bytes whoever makes them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

import raydrift
from raydrift.engine.translate import translate
from raydrift.errors import OutputError, SettingsError
from raydrift.gan.cyclegan.generator import make_generator
from raydrift.gan.cyclegan.translating import translate_pixels
from raydrift.gan.model_file import read_model, write_model
from raydrift.images.centred import Centred
from raydrift.images.codec import decode, decode_image
from raydrift.images.pixels import RGB
from raydrift.paths import StoragePath
from raydrift.report.inspection import inspect_output
from raydrift.settings import ImageSettings, TranslateSettings
from raydrift.settings.gan_toml import translate_settings
from raydrift.storage.image_sets import image_files

pytestmark = pytest.mark.usefixtures("ray_session")

SIZE = (32, 48)
SAMPLES = 10


def write_tiny_model(place: Path, channels: int = 3, seed: int = 1) -> Path:
    """A CycleGAN of few weights that nobody trained."""
    drawn = torch.Generator().manual_seed(seed)
    networks = {name: make_generator(channels, 4, 1, drawn) for name in ("to_target", "to_source")}
    sizes = {"height": SIZE[0], "width": SIZE[1], "channels": channels}
    described = {"kind": "cyclegan", "generator_width": 4, "blocks": 1, **sizes}
    place.write_bytes(write_model(networks, described))
    return place


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / "generator.safetensors")


def settings_for(source: Path, output: Path, model: Path, **values: Any) -> TranslateSettings:
    plain = {"input": str(source), "output": str(output), "model": str(model)}
    more = {"num_samples": SAMPLES, "cluster": {"workers": 2}, **values}
    return translate_settings({**plain, **more})


def images(output: Path) -> dict[str, RGB]:
    """Source path to pixels."""
    found = {}
    with ZipFile(output / "sampled_images.zip") as archive:
        names = pq.read_table(output / "input_mapping.parquet")["file_name"].to_pylist()
        paths = pq.read_table(output / "provenance.parquet")["source_path"].to_pylist()
        for name, path in zip(names, paths, strict=True):
            with archive.open(name) as file:
                found[path] = np.asarray(Image.open(file))
    return found


@pytest.fixture(scope="module")
def translated(source: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("translated")
    settings = settings_for(source, output, model, write={"shard_size": 4})
    assert translate(settings, quiet=True).counts["written"] == SAMPLES
    return output


def test_each_image_is_what_the_generator_makes_of_it(
    source: Path, model: Path, translated: Path
) -> None:
    generator = read_model(model).generator("to_target")
    found = images(translated)
    assert len(found) == SAMPLES
    for path, pixels in found.items():
        original = decode((source / path).read_bytes(), ImageSettings(*SIZE))
        assert np.array_equal(pixels, translate_pixels(generator, original[None])[0])


def test_a_row_explains_each_image(model: Path, translated: Path) -> None:
    rows = pq.read_table(translated / "provenance.parquet").to_pylist()
    digest = sha256(model.read_bytes()).hexdigest()
    for row in rows:
        (step,) = row["transforms"]
        assert (step["type"], step["level"], step["kernel"]) == ("translate", 1.0, "to_target")
        assert json.loads(step["parameters"]) == {"model": digest}
        assert (row["drifted"], row["reason"]) == (True, "translated to_target")
    run = json.loads((translated / "run.json").read_text())
    assert run["identity"]["model"] == digest
    assert inspect_output(StoragePath.of(translated)).problems == []
    assert len(raydrift.open(translated)) == SAMPLES


def test_workers_and_shards_change_no_byte(
    source: Path, model: Path, translated: Path, tmp_path: Path
) -> None:
    settings = settings_for(
        source, tmp_path, model, write={"shard_size": 7}, cluster={"workers": 1}
    )
    translate(settings, quiet=True)
    for name in ("sampled_images.zip", "provenance.parquet", "input_mapping.parquet"):
        assert (tmp_path / name).read_bytes() == (translated / name).read_bytes()


def test_the_same_run_is_complete_and_another_model_is_another_run(
    source: Path, model: Path, translated: Path, tmp_path: Path
) -> None:
    before = (translated / "sampled_images.zip").stat().st_mtime_ns
    settings = settings_for(source, translated, model, write={"shard_size": 4})
    assert translate(settings, quiet=True).status == "complete"
    assert (translated / "sampled_images.zip").stat().st_mtime_ns == before
    other = write_tiny_model(tmp_path / "other.safetensors", seed=2)
    with pytest.raises(OutputError, match=r"holds another run \(.*model"):
        translate(settings_for(source, translated, other), quiet=True)


def test_an_image_that_cannot_be_read_is_rejected(
    source: Path, model: Path, tmp_path: Path
) -> None:
    record = translate(settings_for(source, tmp_path, model, num_samples=None), quiet=True)
    assert record.counts | {"written": 18, "rejected": 1} == record.counts
    (row,) = pq.read_table(tmp_path / "rejected.parquet").to_pylist()
    assert row["path"] == "boat/no.jpg"


@pytest.mark.slow
def test_a_grey_model_gives_grey_images_in_the_other_direction(
    source: Path, tmp_path: Path
) -> None:
    grey = write_tiny_model(tmp_path / "grey.safetensors", channels=1)
    settings = settings_for(source, tmp_path / "out", grey, direction="to_source")
    translate(settings, quiet=True)
    for pixels in images(tmp_path / "out").values():
        assert pixels.shape == (*SIZE, 3)
        assert (pixels == pixels[..., :1]).all()


@pytest.mark.slow
def test_another_size_than_the_models_is_told(source: Path, model: Path, tmp_path: Path) -> None:
    settings = settings_for(source, tmp_path, model, image={"height": 64, "width": 64})
    record = translate(settings, quiet=True)
    assert (
        "the model was trained on images of 32 x 48 pixels, and these are of 64 x 64"
        in record.notes
    )


def test_the_centre_square_may_be_translated_alone(
    source: Path, model: Path, tmp_path: Path
) -> None:
    square = {"height": 32, "width": 32}
    settings = settings_for(source, tmp_path, model, image=square, validate={"fit": "crop"})
    translate(settings, quiet=True)
    generator = read_model(model).generator("to_target")
    decoder = Centred(decode_image)
    for path, pixels in images(tmp_path).items():
        centre = decoder((source / path).read_bytes(), ImageSettings(32, 32)).pixels
        assert np.array_equal(pixels, translate_pixels(generator, centre[None])[0])
    with pytest.raises(OutputError, match="of the centre squares of images"):
        image_files(StoragePath.of(tmp_path), "twins")


@pytest.mark.slow
def test_a_flat_folder_is_one_class(source: Path, model: Path, tmp_path: Path) -> None:
    record = translate(settings_for(source / "desert", tmp_path, model, num_samples=3), quiet=True)
    assert record.classes == {"all": 0}


def test_what_is_no_model_is_refused_before_anything_is_made(source: Path, tmp_path: Path) -> None:
    (tmp_path / "graph.pb").write_bytes(b"\x08\x01")
    with pytest.raises(SettingsError, match="frozen graph of TensorFlow"):
        translate(settings_for(source, tmp_path / "out", tmp_path / "graph.pb"), quiet=True)
    assert not (tmp_path / "out").exists()
