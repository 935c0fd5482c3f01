"""Runs that train a network and make images with it, from photographs to the merged result."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import raydrift
from raydrift.engine.synthesize import synthesize
from raydrift.engine.translate import translate
from raydrift.errors import OutputError, PipelineError, RejectedError
from raydrift.gan.model_file import read_model
from raydrift.images.scenes import write_scenes
from raydrift.settings import SynthesizeSettings, TranslateSettings
from raydrift.settings.gan_toml import synthesize_settings, translate_settings
from tests.engine.test_translate import images

pytestmark = pytest.mark.usefixtures("ray_session")

SIDE = {"height": 32, "width": 32}
TINY = {"width": 4, "blocks": 1, "discriminator_width": 4, "discriminator_layers": 2, "pool": 4}


@pytest.fixture(scope="module")
def domains(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Twelve scenes in two classes, and twelve others in a flat folder."""
    folder = tmp_path_factory.mktemp("domains")
    write_scenes(folder / "scenes", per_class=12)
    source, target = folder / "source", folder / "target"
    target.mkdir()
    for number, name in enumerate(("boat", "desert")):
        (source / name).mkdir(parents=True)
        for path in sorted((folder / "scenes" / name).iterdir()):
            even = int(path.stem[-1]) % 2 == 0
            shutil.copy(path, source / name if even else target / f"{number}_{path.name}")
    return source, target


def translation(source: Path, target: Path, output: Path, **values: Any) -> TranslateSettings:
    plain = {"input": str(source), "to": str(target), "output": str(output), "image": SIDE}
    train = {"epochs": 3, "batch_size": 4, "save_every": 1} | values.pop("train", {})
    cluster = {"workers": 2}
    return translate_settings(
        {**plain, "cyclegan": TINY, "train": train, "cluster": cluster, **values}
    )


def test_a_translation_trains_translates_and_continues(
    domains: tuple[Path, Path], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    record = translate(translation(*domains, output), quiet=True)
    assert record.counts["written"] == 12
    names = {path.name for path in output.iterdir()}
    assert {"model", "samples", "progress.parquet", "report.html", "sampled_images.zip"} <= names
    assert not any(name.startswith("_") for name in names)
    assert sorted(path.name for path in (output / "samples").iterdir()) == [
        "000000.png", "000001.png", "000002.png", "000003.png", "real.png",
    ]  # fmt: skip
    model = read_model(output)
    assert record.identity["model"] == model.digest
    losses = pq.read_table(output / "progress.parquet")
    assert {"generator", "cycle", "images_per_second"} <= set(losses["name"].to_pylist())

    written = (output / "sampled_images.zip").read_bytes()
    assert translate(translation(*domains, output), quiet=True).status == "complete"
    assert (output / "sampled_images.zip").read_bytes() == written
    with pytest.raises(OutputError, match=r"holds another training \(.*epochs"):
        translate(translation(*domains, output, train={"epochs": 4}), quiet=True)

    again = translate_settings(
        {"input": str(domains[0]), "model": str(output), "output": str(tmp_path / "again")}
    )
    translate(again, quiet=True)
    for path, pixels in images(tmp_path / "again").items():
        assert np.array_equal(pixels, images(output)[path])


@pytest.mark.slow
def test_a_training_that_stops_is_continued_by_the_same_call(
    domains: tuple[Path, Path], tmp_path: Path
) -> None:
    stopped = translation(*domains, tmp_path / "out", train={"max_hours": 1e-9})
    with pytest.raises(PipelineError, match="the same command continues the training"):
        translate(stopped, quiet=True)
    assert not (tmp_path / "out" / "sampled_images.zip").exists()
    changed = next((domains[0] / "boat").iterdir())
    before = changed.read_bytes()
    changed.write_bytes(next((domains[0] / "desert").iterdir()).read_bytes())
    with pytest.raises(OutputError, match="the images to learn from are others"):
        translate(translation(*domains, tmp_path / "out"), quiet=True)
    changed.write_bytes(before)
    assert translate(translation(*domains, tmp_path / "out"), quiet=True).status == "complete"
    translate(translation(*domains, tmp_path / "whole"), quiet=True)
    assert read_model(tmp_path / "out").digest == read_model(tmp_path / "whole").digest


def test_an_input_that_cannot_be_trained_on_is_told_whole_and_by_path(
    domains: tuple[Path, Path], tmp_path: Path
) -> None:
    source, target = domains
    shutil.copytree(target, tmp_path / "target")
    shared = sorted((source / "boat").iterdir())[0]
    shutil.copy(shared, tmp_path / "target" / "shared.jpg")
    output = tmp_path / "out"
    few = translation(source / "boat", tmp_path / "target", output)
    with pytest.raises(RejectedError) as refused:
        translate(few, quiet=True)
    assert "source: 6 usable images, at least 10 are needed" in str(refused.value)
    assert "1 file is in both domains" in str(refused.value)
    listed = json.loads((output / "validation.json").read_text())
    assert {"domain": "target", "problem": "in both domains", "path": "shared.jpg"} in listed
    unchecked = translation(source / "boat", tmp_path / "target", output, validate={"check": False})
    notes = translate(unchecked, quiet=True).notes
    assert "not checked: source: 6 usable images, at least 10 are needed" in notes


def test_another_run_in_the_folder_is_refused_before_anything_is_trained(
    domains: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "sampled_images.zip").write_bytes(b"of another origin")
    with pytest.raises(OutputError, match="of another origin"):
        translate(translation(*domains, tmp_path), quiet=True)
    assert [path.name for path in tmp_path.iterdir()] == ["sampled_images.zip"]


def synthesis(source: Path, output: Path, **values: Any) -> SynthesizeSettings:
    plain = {"input": str(source), "output": str(output), "num_samples": 5}
    small = {"width": 64, "max_channels": 8, "latent": 16}
    return synthesize_settings(
        {
            **plain,
            "image": {"height": 16, "width": 16},
            "stylegan": small,
            "train": {"kimg": 0.064, "batch_size": 4, "save_every": 1},
            "validate": {"check": False},
            "cluster": {"workers": 2},
            **values,
        }
    )


def test_a_synthesis_trains_and_makes_images_of_each_class(
    domains: tuple[Path, Path], tmp_path: Path
) -> None:
    mapping = {"boat": 7, "desert": 3}
    record = synthesize(synthesis(domains[0], tmp_path, class_mapping=mapping), quiet=True)
    assert record.counts["written"] == 10
    assert record.classes == mapping
    assert "0.064 thousand images give a sketch" in " ".join(record.notes)
    assert read_model(tmp_path).description["classes"] == ["boat", "desert"]
    assert {pixels.shape for pixels in images(tmp_path).values()} == {(16, 16, 3)}
    by_model = {"model": str(tmp_path), "output": str(tmp_path / "more"), "num_samples": 7}
    more = synthesize(synthesize_settings(by_model), quiet=True)
    assert (more.classes, more.counts["written"]) == (mapping, 14)


@pytest.mark.slow
def test_each_class_may_have_a_network_of_its_own(
    domains: tuple[Path, Path], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    separate = {"width": 64, "max_channels": 8, "latent": 16, "classes": "separate"}
    record = synthesize(synthesis(domains[0], output, stylegan=separate), quiet=True)
    assert record.classes == {"boat": 0, "desert": 1}
    assert read_model(output).names == ("boat", "desert")
    raydrift.export(output, tmp_path / "theirs", layout="modelarts")
    models = {path.name for path in (tmp_path / "theirs" / "model").iterdir()}
    assert models == {"StyleGan_boat_kimg_0.1.pt2", "StyleGan_desert_kimg_0.1.pt2"}
    assert {path.name for path in (output / "classes").iterdir()} == {"boat", "desert"}
    assert read_model(output / "classes" / "boat").names == ("generator",)
    assert len(images(output)) == 10


@pytest.mark.slow
def test_images_of_one_class_keep_its_name(domains: tuple[Path, Path], tmp_path: Path) -> None:
    flat = synthesize(synthesis(domains[1], tmp_path / "flat"), quiet=True)
    assert flat.classes == {"all": 0}
    assert sorted(images(tmp_path / "flat"))[0] == "all/00000000"
