"""The container of a run, asked for where runs are asked for."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import raydrift
from raydrift import ImageDatasetGenerator
from raydrift.cli import run
from raydrift.engine.generate import generate
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.report.inspection import inspect_output
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage.record import JobRecord, load_record

pytestmark = pytest.mark.usefixtures("ray_session")


def settings_for(source: Path, output: Path, write: Mapping[str, Any]) -> GenerateSettings:
    plain = {"input": str(source), "output": str(output), "transforms": ["hue:0.5"]}
    return generate_settings(
        plain | {"num_samples": 6, "write": {"shard_size": 2} | write, "cluster": {"workers": 1}}
    )


def images_in(output: Path) -> list[str]:
    return sorted(path.name for path in output.glob("sampled_images*"))


@pytest.fixture(scope="module")
def zipped(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six samples in one zip; their shards are kept."""
    output = tmp_path_factory.mktemp("zipped")
    generate(settings_for(scenes, output, {"keep_shards": True}), quiet=True)
    return output


def asked_again(scenes: Path, output: Path, **write: Any) -> JobRecord:
    return generate(settings_for(scenes, output, write), quiet=True)


def test_a_finished_run_asked_for_in_another_container(
    zipped: Path, scenes: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shutil.copytree(zipped, output)
    pngs = [raydrift.open(output).png(place) for place in range(6)]
    before = load_record(StoragePath.of(output))
    assert before is not None

    record = asked_again(scenes, output, container="zips", container_bytes=1, keep_shards=True)
    assert record.identity == before.identity
    assert record.fingerprint == before.fingerprint, "its shards are the same"
    assert images_in(output) == [f"sampled_images-0000{number}.zip" for number in range(3)]
    asked_again(scenes, output, container="webdataset")
    assert images_in(output) == ["sampled_images-000000.tar"]
    assert not (output / "_shards").exists()
    assert [raydrift.open(output).png(place) for place in range(6)] == pngs

    with pytest.raises(OutputError, match=r"without its shards it cannot become --container zip"):
        asked_again(scenes, output)
    assert images_in(output) == ["sampled_images-000000.tar"]
    asked_again(scenes, output, finalize=False)  # asks for no container
    again = asked_again(scenes, output, overwrite=True)
    assert again.files == before.files
    assert images_in(output) == ["sampled_images.zip"]
    assert inspect_output(StoragePath.of(output)).problems == []


def test_finalize_puts_it_into_the_container_that_is_named(
    zipped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    shutil.copytree(zipped, output)
    tars = ["--container", "webdataset", "--container-bytes", "1"]
    assert run(["finalize", str(output), *tars]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("6 images in ")
    assert f"  {output}/sampled_images-{{000000..000002}}.tar" in told
    assert run(["finalize", str(output)]) == 0
    assert run(["finalize", str(output), "--container", "webdataset"]) == 0
    both = capsys.readouterr().out
    assert both.count("6 images, complete already: nothing was done") == 2
    assert len(images_in(output)) == 3
    assert run(["inspect", str(output)]) == 0
    assert "sampled_images-{000000..000002}.tar" in capsys.readouterr().out
    assert run(["finalize", str(output), "--container", "rar"]) != 0
    assert capsys.readouterr().err == (
        "raydrift: write.container is 'rar': choose from: zip, zips, webdataset, tables\n"
    )


def test_the_generator_has_it_too(scenes: Path, tmp_path: Path) -> None:
    generator = ImageDatasetGenerator(
        1, scenes, shard_size=2, container="webdataset", container_bytes=1, progress=False
    )
    made = generator.sample(tmp_path / "out", num_samples=4)
    assert made.zip_type == "webdataset"
    paths = [str(tmp_path / "out" / f"sampled_images-00000{number}.tar") for number in range(2)]
    assert made.image_paths == paths
    with pytest.raises(OutputError, match=r"has no sampled_images.zip, .* use image_paths"):
        made.zip_path  # noqa: B018
    assert [sample.image.shape for sample in made] == [(224, 224, 3)] * 4
