"""An input's or a result's classes and their counts, and what was passed over, in lines."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.catalog import load_catalog
from raydrift.cli import run
from raydrift.engine.reports import report_input
from raydrift.images.scenes import write_scenes
from raydrift.paths import StoragePath
from raydrift.report import classes
from raydrift.report.classes import classes_line, written_classes
from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from raydrift.storage.record import require_record
from tests.made_shards import make_shards

NAMES = ["boat", "city_night", "desert", "flower", "house", "mountain"]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"cat": 1}, "1 class, 1 image: cat 1"),
        ({"cat": 1200, "a\x1b[2J": 0}, r"2 classes, 1,200 images: cat 1,200, a\x1b[2J 0"),
        (
            {f"class {number}": 1 for number in range(12)},
            "12 classes, 12 images: class 0 1, class 1 1, class 2 1, class 3 1, class 4 1, "
            "class 5 1, class 6 1, class 7 1, class 8 1, class 9 1, … and 2 more",
        ),
    ],
)
def test_the_line(counts: dict[str, int], told: str) -> None:
    assert classes_line(counts) == told


def test_of_an_input(scenes: Path) -> None:
    assert load_catalog(str(scenes)).counts() == dict.fromkeys(NAMES, 12)


@pytest.fixture
def output(tmp_path: Path) -> StoragePath:
    """A run of 24 images, three of which cannot be used, whose shards are not merged."""
    write_scenes(tmp_path / "in", per_class=4)
    for name, number in (("boat", 0), ("boat", 1), ("house", 0)):
        sorted((tmp_path / "in" / name).glob("*.jpg"))[number].write_bytes(b"")
    settings = {"input": str(tmp_path / "in"), "output": str(tmp_path / "out")}
    (tmp_path / "out").mkdir()
    make_shards(generate_settings(settings | {"image": {"height": 8, "width": 8}}), size=8)
    return StoragePath.of(tmp_path / "out")


def test_of_a_result_they_are_those_that_were_written(
    output: StoragePath, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = dict.fromkeys(NAMES, 4) | {"boat": 2, "house": 3}
    pq.write_table(pa.table({"mine": [1]}), f"{output.path}/_shards/mine.parquet")
    assert written_classes(output, require_record(output)) == found
    record = finalize(output, accept_rejected=True)
    assert written_classes(output, record) == found
    assert sum(found.values()) == record.counts["written"]
    assert run(["finalize", output.path]) == 0
    assert f"  {classes_line(found)}\n" in capsys.readouterr().out
    monkeypatch.setattr(classes, "_MOST_SAMPLES", record.samples - 1)
    assert written_classes(output, record) is None


def test_of_a_result_that_cannot_be_read_they_are_not_told(output: StoragePath) -> None:
    record = finalize(output, accept_rejected=True)
    (output / "provenance.parquet").write_bytes(np.zeros(100, np.uint8).tobytes())
    assert written_classes(output, record) is None


def test_splits_are_noted_by_the_commands_that_only_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for split in ("train", "val"):
        write_scenes(tmp_path / "in" / split, per_class=1)
    note = "train and val look like splits of an image set, but are taken for classes: "
    for command, picture in (("plan", "plan.png"), ("preview", "sheet.png")):
        assert run([command, str(tmp_path / "in"), str(tmp_path / picture)]) == 0
        assert note in capsys.readouterr().out
        given = [str(tmp_path / "in"), str(tmp_path / picture), "--split", "train"]
        assert run([command, *given]) == 0
        assert note not in capsys.readouterr().out


def test_what_was_passed_over_is_told_in_the_same_words_by_all_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_scenes(tmp_path / "in", per_class=1)
    (tmp_path / "in/boat/notes.txt").touch()
    (tmp_path / "in/house/@eaDir").mkdir()
    told = [
        "passed over: 1 (not an image by its name)",
        "passed over: 1 (folder @eaDir, made by a system or a NAS)",
    ]
    assert run(["plan", str(tmp_path / "in"), str(tmp_path / "plan.png")]) == 0
    assert capsys.readouterr().out.splitlines()[1:3] == told
    assert run(["preview", str(tmp_path / "in"), str(tmp_path / "sheet.png"), "-t", "hue"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"  {line}" for line in told]
    report_input(load_catalog(str(tmp_path / "in")), quiet=False)  # generate, evaluate, calibrate
    assert capsys.readouterr().err.splitlines()[1:] == told
