"""Searches for the cameras that harm a model most, on a real Ray, looked at from outside."""

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch import Tensor

from raydrift import schemas
from raydrift.engine.forensics import forensics
from raydrift.engine.generate import generate
from raydrift.errors import OutputError, RejectedError, SettingsError, TaskError
from raydrift.images.codec import decode
from raydrift.report.forensics import Forensics
from raydrift.report.forensics_texts import forensics_sentences
from raydrift.settings import ForensicsSettings, ImageSettings
from raydrift.settings.toml import forensics_settings, generate_settings
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from tests.raw_files import dng, noise
from tests.tasks.models import Function, SmallNet, save_program, save_script
from tests.written import written_pixels

pytestmark = pytest.mark.usefixtures("ray_session")

CLASSES = ["boat", "city_night", "desert", "flower", "house", "mountain"]
SIDE = 32
SIZE = ImageSettings(height=SIDE, width=SIDE)
PARTS = ["isp_black_level", "isp_demosaic", "all"]
LEVELS = [0.3, 0.6]


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six classes of four scenes, and a file that is none."""
    folder = tmp_path_factory.mktemp("source")
    for name in CLASSES:
        (folder / name).mkdir()
        for path in sorted((scenes / name).glob("*.jpg"))[:4]:
            shutil.copy(path, folder / name)
    (folder / "boat" / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    return folder


@pytest.fixture(scope="module")
def network(source: Path) -> SmallNet:
    paths = [path for path in sorted(source.rglob("*.jpg")) if path.stem != "broken"]
    pixels = np.stack([decode(path.read_bytes(), SIZE) for path in paths])
    return SmallNet().fit(pixels, np.array([CLASSES.index(path.parent.name) for path in paths]))


@pytest.fixture(scope="module")
def model(network: SmallNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_program(network, tmp_path_factory.mktemp("model") / "scenes.pt2", size=SIDE)


def settings_for(source: Path, output: Path, model: Path, **values: Any) -> ForensicsSettings:
    plain = {
        "input": str(source),
        "output": str(output),
        "levels": LEVELS,
        "image": {"height": SIDE, "width": SIDE},
        "cluster": {"workers": 2},
        "task": {"model": str(model)},
        "forensics": {"parts": PARTS, "steps": 4, "restarts": 2, "batch_size": 8},
    }
    return forensics_settings(plain | values)


@pytest.fixture(scope="module")
def output(
    source: Path, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Forensics]:
    folder = tmp_path_factory.mktemp("searched") / "out"
    return folder, forensics(settings_for(source, folder, model), quiet=True)


def test_a_table_has_a_row_a_part_and_level(output: tuple[Path, Forensics]) -> None:
    folder, found = output
    cameras = {f"{part}-{level}.toml" for part in PARTS for level in LEVELS}
    assert {path.name for path in (folder / layout.CAMERAS).iterdir()} == cameras
    names = {*layout.FORENSICS_RESULTS, layout.FORENSICS_RECORD, layout.CAMERAS}
    assert {path.name for path in folder.iterdir()} == names
    table = pq.read_table(folder / layout.FORENSICS)
    assert table.schema == schemas.FORENSICS
    assert table.equals(found.table())
    pairs = [(part, level) for part in PARTS for level in LEVELS]
    rows = table.to_pylist()
    assert [(row["part"], row["level"]) for row in rows] == [(None, None), *pairs]
    assert {row["samples"] for row in rows} == {24}
    assert [one.path for one in found.left_out] == ["boat/broken.jpg"]


def test_a_higher_level_and_all_parts_together_are_never_better(
    output: tuple[Path, Forensics],
) -> None:
    found = output[1]
    for part in PARTS:
        low, high = found.worst_of[part]
        assert high.quality <= low.quality <= found.original
        for one in (low, high):
            assert one.found_level <= one.level
    for one, together in zip(found.worst_of[PARTS[0]], found.worst_of["all"], strict=True):
        assert together.quality <= one.quality


@pytest.mark.parametrize(
    "file",
    ["worst.toml", pytest.param("cameras/isp_demosaic-0.6.toml", marks=pytest.mark.slow)],
)
def test_generate_makes_exactly_the_images_that_were_measured(
    output: tuple[Path, Forensics], network: SmallNet, tmp_path: Path, file: str
) -> None:
    """The file and an output are all that it needs; torch alone asks the model."""
    folder, found = output
    values = tomllib.loads((folder / file).read_text(encoding="utf-8"))
    generate(generate_settings(values | {"output": str(tmp_path / "out")}), quiet=True)
    pixels = written_pixels(tmp_path / "out")
    labels = pq.read_table(tmp_path / "out" / layout.TARGET)
    right = dict(zip(labels["sample_id"].to_pylist(), labels["label"].to_pylist(), strict=True))
    images = torch.from_numpy(np.stack(list(pixels.values()))).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        said = network.eval()(images).argmax(1).tolist()
    accuracy = np.mean([one == right[sample] for one, sample in zip(said, pixels, strict=True)])
    wanted = found.worst if file == layout.WORST else found.worst_of["isp_demosaic"][1]
    assert accuracy == wanted.quality
    drawn = pq.read_table(tmp_path / "out" / layout.PROVENANCE)["transforms"].to_pylist()
    parameters = [
        {k: v for t in row for k, v in json.loads(t["parameters"]).items()} for row in drawn
    ]
    assert all(one == dict(wanted.camera) for one in parameters)
    run = json.loads((tmp_path / "out" / layout.RUN).read_text())
    assert run["settings"]["profile"]["camera"]["fixed"] == dict(wanted.camera)


def test_the_record_and_the_page_say_from_which_level_on(output: tuple[Path, Forensics]) -> None:
    folder, found = output
    record = json.loads((folder / layout.FORENSICS_RECORD).read_text())
    assert record["task"]["accuracy"] == found.original
    assert [one["part"] for one in record["parts"]] == PARTS
    assert record["worst"]["camera"] == dict(found.worst.camera)
    assert record["counts"]["rejected"] == 1
    page = (folder / layout.REPORT).read_text(encoding="utf-8")
    assert forensics_sentences(found)[0] in page
    assert page.count("data:image/jpeg") == 6 * (1 + len(PARTS))


@pytest.mark.slow
def test_one_worker_finds_the_same_after_a_stop(
    output: tuple[Path, Forensics],
    source: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings_for(source, tmp_path / "out", model, cluster={"workers": 1})
    check, checked = OutputLock.check, list[int]()

    def stopped(lock: OutputLock) -> None:
        checked.append(1)
        if len(checked) == 4:
            raise KeyboardInterrupt
        check(lock)

    with monkeypatch.context() as patched:
        patched.setattr(OutputLock, "check", stopped)
        with pytest.raises(KeyboardInterrupt):
            forensics(settings, quiet=True)
    shards = tmp_path / "out" / layout.SEARCHING / layout.SHARDS
    kept = {path.name for path in shards.glob("*.parquet")}
    assert 1 <= len(kept) < 7
    forensics(settings, quiet=True)
    for name in (layout.FORENSICS, layout.WORST, "cameras/all-0.6.toml"):
        assert (tmp_path / "out" / name).read_bytes() == (output[0] / name).read_bytes()


def test_another_search_needs_another_place(
    output: tuple[Path, Forensics], source: Path, model: Path
) -> None:
    folder, _ = output
    other = settings_for(source, folder, model, levels=[0.2])
    with pytest.raises(OutputError, match=r"holds another search \(levels is"):
        forensics(other, quiet=True)


class Cut(torch.nn.Module):
    """Has no gradient."""

    def forward(self, images: Tensor) -> Tensor:
        return images.detach().mean((2, 3)).repeat(1, 2)


def refusal(settings: ForensicsSettings) -> str:
    with pytest.raises(TaskError) as caught:
        forensics(settings, quiet=True)
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.slow
def test_a_model_that_cannot_be_climbed_is_refused_in_one_line(
    source: Path, tmp_path: Path
) -> None:
    few = {"forensics": {"parts": ["isp_gamma"], "steps": 1, "restarts": 1}, "levels": [0.5]}

    def said(path: Path) -> str:
        return refusal(settings_for(source, tmp_path / "out", path, **few))

    cut = save_script(Cut(), tmp_path / "cut.pt")
    assert "its answers have no gradient, which the search for a camera climbs" in said(cut)
    other = save_program(SmallNet(3), tmp_path / "other.pt2", size=SIDE)
    assert "it knows 3 classes, and the input has 6 labels" in said(other)
    nothing = Function(lambda x: x.mean((2, 3)).repeat(1, 2) / 0)
    wild = save_program(nothing, tmp_path / "wild.pt2", size=SIDE)
    assert "are not finite: look at task.normalize" in said(wild)
    assert not (tmp_path / "out" / layout.FORENSICS).exists()


@pytest.mark.slow
def test_images_of_which_none_can_be_used_are_refused(model: Path, tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    with pytest.raises(RejectedError, match=r"^none of 6 images of .* can be used \(first: "):
        forensics(settings_for(tmp_path / "in", tmp_path / "out", model), quiet=True)


def raws(folder: Path, sides: tuple[int, int]) -> Path:
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{number}.dng").write_bytes(dng(noise(*sides)))
    return folder


@pytest.mark.slow
def test_raw_files_of_the_size_of_their_pictures_are_searched(model: Path, tmp_path: Path) -> None:
    few = {"forensics": {"parts": ["isp_gamma"], "steps": 1, "restarts": 1}, "levels": [0.5]}
    source = raws(tmp_path / "in", (SIDE, SIDE))
    found = forensics(settings_for(source, tmp_path / "out", model, raw={}, **few), quiet=True)
    assert found.samples == 6
    other = raws(tmp_path / "other", (40, SIDE))
    with pytest.raises(SettingsError, match=r"its picture is 40 x 32, and image\.height and width"):
        forensics(settings_for(other, tmp_path / "no", model, raw={}, **few), quiet=True)


@pytest.mark.slow
def test_a_model_for_pixels_is_searched_by_its_masks(source: Path, tmp_path: Path) -> None:
    for path in source.rglob("*.jpg"):
        if path.stem == "broken":
            continue
        place = tmp_path / "masks" / path.parent.name / f"{path.stem}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        grey = np.asarray(Image.open(path).convert("L"))
        Image.fromarray((grey > 128).astype(np.uint8)).save(place)
    bright = Function(lambda x: 20 * (x.mean(1, keepdim=True) - 0.5))
    path = save_program(bright, tmp_path / "bright.pt2", size=SIDE)
    few = {"parts": ["isp_gamma"], "steps": 5, "restarts": 2}
    settings = settings_for(
        source, tmp_path / "out", path, masks=str(tmp_path / "masks"), forensics=few
    )
    found = forensics(settings, quiet=True)
    assert found.quality == "mean IoU"
    assert found.original > 0.7
    assert found.worst_of["isp_gamma"][1].quality < found.original - 0.2
    assert found.table()["accuracy"].null_count == len(found.table())
