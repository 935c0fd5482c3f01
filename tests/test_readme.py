"""What the README shows is what happens."""

import gc
import json
import re
import shlex
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from raydrift.cli import run
from raydrift.storage import layout
from raydrift.transforms import ImageTransform, transform_class

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
READMES = [
    ROOT / "README.md",
    *(
        path
        for room in ("raydrift", "jobs", "cluster", "tests")
        for path in (ROOT / room).rglob("README.md")
    ),
]


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_it_begins_with_one_picture_and_two_commands() -> None:
    picture = re.search(r"!\[.+\]\((.+)\)", README)
    assert picture is not None
    assert (ROOT / picture[1]).is_file()
    assert README.index("![") < README.index("```")
    commands = [line.split("#")[0].strip() for line in blocks("sh")[0].splitlines()]
    assert commands == ["pip install uv && uv run raydrift demo", "uv run pytest"]


def test_ci_runs_exactly_the_test_command() -> None:
    assert (ROOT / ".ci/run").read_text().splitlines()[-1] == "uv run pytest"


@pytest.mark.usefixtures("ray_session")
def test_the_python_example_runs(
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "photos").symlink_to(scenes)
    monkeypatch.chdir(tmp_path)
    example, batches = blocks("python")[:2]
    names: dict[str, object] = {}
    exec(example, names)
    assert capsys.readouterr().out == "stream/2_drifted/sampled_images.zip 30\n"
    exec(batches, names)
    assert capsys.readouterr().out.startswith("(12, 224, 224, 3) [")


def test_the_table_of_transforms_is_what_they_say_of_themselves() -> None:
    pages = (README, (ROOT / "raydrift/drift/camera/README.md").read_text())
    rows = [line for page in pages for line in page.splitlines() if line.startswith("| `")]
    for name in ImageTransform:
        transform = transform_class(name)()
        row = f"| `{name}` | {transform.help} | {transform.draws} | {transform.described()} |"
        assert row in rows


@pytest.mark.usefixtures("ray_session")
def test_the_transform_of_ones_own_drifts_a_run(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").symlink_to(scenes)
    monkeypatch.chdir(tmp_path)
    (example,) = [block for block in blocks("python") if "class Fog" in block]
    assert len([line for line in example.splitlines() if line]) <= 12
    (tmp_path / "my_fog.py").write_text(example)
    (command,) = [block for block in blocks("sh") if "my_fog" in block]
    assert run(shlex.split(command.removeprefix("uv run raydrift "))) == 0
    rows = pq.read_table(tmp_path / "foggy/provenance.parquet")["transforms"].to_pylist()
    assert {row[0]["type"] for row in rows} == {"my_fog:Fog"}
    assert all(json.loads(row[0]["parameters"])["share"] <= 0.4 for row in rows)
    sys.modules.pop("my_fog")


@pytest.mark.usefixtures("ray_session")
def test_the_commands_for_your_own_images_run_and_write_the_files_of_the_table(
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "photos").symlink_to(scenes)
    monkeypatch.chdir(tmp_path)
    for line in blocks("sh")[1].splitlines():
        assert run(shlex.split(line.removeprefix("uv run raydrift "))) == 0
    assert "whole: all files are there and belong together" in capsys.readouterr().out
    listed = set(re.findall(r"^\| `([a-z_]+\.[a-z]+)`", README, re.MULTILINE))
    assert listed == {*layout.RESULTS, layout.RUN}
    assert {path.name for path in (tmp_path / "out").iterdir()} == listed - {
        layout.EMBEDDINGS,
        layout.MASKS,
    }


@pytest.mark.usefixtures("ray_session")
def test_the_commands_that_show_drift_and_place_it_in_time_run(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").symlink_to(scenes)
    monkeypatch.chdir(tmp_path)
    lines = [line.split("#")[0] for block in blocks("sh") for line in block.splitlines()]
    shown = [line for line in lines if "preview" in line or "--drift" in line]
    assert len(shown) == 4
    for line in shown:
        assert run(shlex.split(line.removeprefix("uv run raydrift "))) == 0, line
    assert {"sheet.png", "cameras.png", "plan.png", "out"} <= {
        path.name for path in tmp_path.iterdir()
    }


@pytest.mark.usefixtures("ray_session")
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # webdataset leaves its last file open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_tar_files_are_made_and_streamed_as_it_says(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "photos").symlink_to(photos)
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "raydrift/storage/README.md").read_text()
    (block,) = blocks("sh", page)
    for line in block.splitlines():
        command = line.split("#")[0].removeprefix("uv run raydrift ")
        assert run(shlex.split(command)) == 0, line
    capsys.readouterr()
    (example,) = blocks("python", page)
    exec(example, {})
    gc.collect()
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 328
    assert {line.rpartition(") ")[0] for line in shown} == {"(224, 224, 3"}


@pytest.mark.parametrize("path", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_that_it_links_to_are_there(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_the_readmes_of_the_folders_can_be_found_from_it() -> None:
    linked = {ROOT / target for target in re.findall(r"\]\(([^)#]+)\)", README)}
    assert set(READMES) - linked == {ROOT / "README.md"}
