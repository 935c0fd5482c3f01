"""Runs of generative networks as ModelArts has them, and their models for other programs."""

import io
import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

import raydrift
from raydrift.errors import OutputError, SettingsError
from raydrift.exports.run_files import export_run
from raydrift.gan.cyclegan.generator import make_generator
from raydrift.gan.draws import weight_generator
from raydrift.gan.grids import image_grid, translation_grid
from raydrift.gan.measures import Pixels
from raydrift.gan.model_file import write_model
from raydrift.gan.stylegan.architecture import Architecture
from raydrift.gan.stylegan.generator import make_generator as make_style_generator
from raydrift.images.png_writer import encode_png
from raydrift.paths import StoragePath
from tests.exports.made_runs import SIDE, finished_run

CYCLEGAN = {
    "kind": "cyclegan", "height": SIDE, "width": SIDE, "channels": 3, "generator_width": 4,
    "blocks": 1,
}  # fmt: skip
STYLES = Architecture(SIDE, SIDE, 3, 64, 8, 8, 2)

FEW = [("cat", f"cat/{number:08d}") for number in range(3)]


def cycle_generators() -> Mapping[str, nn.Module]:
    return {
        name: make_generator(3, 4, 1, weight_generator(3, number))
        for number, name in enumerate(("to_target", "to_source"))
    }


def style_generators() -> Mapping[str, nn.Module]:
    return {"generator": make_style_generator(STYLES, weight_generator(3, 0))}


def shades(first: int, count: int = 16) -> Pixels:
    """Images of one grey each, so that JPEG has them as they are."""
    levels = np.arange(first, first + count, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(levels, (count, SIDE, SIDE, 3)).copy()


def trained(run: StoragePath, content: bytes, train: dict, sheet: Pixels) -> Path:
    """What a training leaves in its run, so far as an export looks at it."""
    folder = Path(run.path)
    (folder / "model").mkdir()
    (folder / "model" / "generator.safetensors").write_bytes(content)
    told = {
        "identity": {"image": {"height": SIDE, "width": SIDE}, "train": train},
        "saved_step": 300,
        "steps": 300,
        "images": 12_300,
    }
    (folder / "model" / "training.json").write_text(json.dumps(told))
    (folder / "samples").mkdir()
    (folder / "samples" / "real.png").write_bytes(encode_png(sheet))
    (folder / "samples" / "000012.png").write_bytes(encode_png(sheet))
    return folder


@pytest.fixture
def translated(tmp_path: Path) -> Path:
    run = finished_run(StoragePath.of(tmp_path / "run"), FEW, network="to_target")
    sheet = translation_grid(shades(10), shades(100), shades(200))
    return trained(run, write_model(cycle_generators(), CYCLEGAN), {"epochs": 30}, sheet)


@pytest.fixture
def synthesized(tmp_path: Path) -> Path:
    run = finished_run(StoragePath.of(tmp_path / "run"), FEW, network="generator")
    content = write_model(style_generators(), STYLES.description())
    return trained(run, content, {"kimg": 12.3}, image_grid(shades(100)))


def check_samples(folder: Path) -> None:
    names = sorted(one.name for one in folder.iterdir())
    assert names == sorted(f"0012_{number}.jpg" for number in range(16))
    for number in range(16):
        image = cv2.imread(str(folder / f"0012_{number}.jpg"))
        assert image.shape == (SIDE, SIDE, 3)
        assert (image == 100 + number).all()


def test_a_translation_has_its_samples_and_its_model(translated: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = export_run(StoragePath.of(translated), StoragePath.of(out), "modelarts")
    assert files == ["output_0.manifest", "model/CYcleGan_epoch_30.pt2"]
    check_samples(out / "samples")
    images = torch.rand(2, 3, 32, 20) * 2 - 1
    program = torch.export.load(io.BytesIO((out / files[1]).read_bytes())).module()
    expected = cycle_generators()["to_target"](images)
    torch.testing.assert_close(program(images), expected, rtol=0.0, atol=1e-5)


def test_a_synthesis_has_its_samples_and_its_model(synthesized: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = export_run(StoragePath.of(synthesized), StoragePath.of(out), "modelarts")
    assert files == ["output_0.manifest", "model/StyleGan_kimg_12.3.pt2"]
    check_samples(out / "samples")


def test_as_folders_it_has_neither(translated: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = export_run(StoragePath.of(translated), StoragePath.of(out), "folders")
    assert files == ["metadata.csv"]
    assert {one.name for one in out.iterdir()} == {"cat", "export.json", "metadata.csv"}


def test_a_run_may_lie_beside_what_is_exported_of_it(translated: Path) -> None:
    out = translated.parent
    export_run(StoragePath.of(translated), StoragePath.of(out), "modelarts")
    assert {one.name for one in out.iterdir()} == {
        "run", "Data", "samples", "model", "export.json", "output_0.manifest",
    }  # fmt: skip


def test_a_model_is_a_file_for_each_network(translated: Path, tmp_path: Path) -> None:
    out = tmp_path / "networks"
    assert raydrift.export(translated, out, format="torch") == [
        f"{out}/to_source.pt2",
        f"{out}/to_target.pt2",
    ]
    with pytest.raises(OutputError, match=r"to_source.pt2 is there already: choose another"):
        raydrift.export(translated, out, format="torch")
    with pytest.raises(SettingsError) as caught:
        raydrift.export(translated, tmp_path / "one.pt2", format="torch")
    said = "is one file: give a folder, for to_source.pt2, to_target.pt2"
    assert str(caught.value) == f"output {tmp_path}/one.pt2 {said}"


def test_a_model_with_one_network_may_be_a_file(synthesized: Path, tmp_path: Path) -> None:
    file = tmp_path / "shoes.pt2"
    source = synthesized / "model" / "generator.safetensors"
    assert raydrift.export(source, file, format="torch") == [str(file)]
    assert file.stat().st_size > 1000
    with pytest.raises(SettingsError, match=r"shoes.pt2 is one file: give a folder"):
        raydrift.export(source, file, format="onnx")
    (synthesized / "model" / "generator.safetensors").unlink()
    out = tmp_path / "out"
    with pytest.raises(SettingsError, match=r"has no model/generator.safetensors: give the folder"):
        raydrift.export(synthesized, out, format="torch")
    assert not out.exists()


def test_no_network_s_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    names = ("../outside", "a/b")
    networks = {name: make_style_generator(STYLES, weight_generator(3, 0)) for name in names}
    source = tmp_path / "model.safetensors"
    source.write_bytes(write_model(networks, STYLES.description()))
    out = tmp_path / "in" / "networks"

    files = raydrift.export(source, out, format="torch")

    assert files == [f"{out}/%2E.%2Foutside.pt2", f"{out}/a%2Fb.pt2"]
    assert sorted(one.name for one in out.iterdir()) == ["%2E.%2Foutside.pt2", "a%2Fb.pt2"]
