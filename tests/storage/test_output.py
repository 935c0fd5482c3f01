"""What is deleted of an output folder before another run begins in it."""

import json
from pathlib import Path

import pytest

from raydrift.paths import StoragePath
from raydrift.settings.toml import generate_settings
from raydrift.storage.output import clear
from raydrift.storage.record import FORMAT
from tests.made_shards import make_shards

EARLIER = {
    "part-00000000.parquet", "part-00000000.json", "part-00000001.parquet",
    ".part-00000002.parquet.0123abcd.tmp",
}  # fmt: skip
MINE = {"part-0.parquet", "part-00000000.parquet.bak", "notes.txt"}


@pytest.fixture
def output(scenes: Path, tmp_path: Path) -> Path:
    """Three shards of a run that is not finished, beside files with earlier names."""
    settings = {"input": str(scenes), "output": str(tmp_path), "image": {"height": 8, "width": 8}}
    make_shards(generate_settings(settings), size=24)
    for name in EARLIER | MINE:
        (tmp_path / "_shards" / name).write_text("x")
    return tmp_path


def left(output: Path) -> set[str]:
    return {path.name for path in (output / "_shards").iterdir()}


def test_the_shards_of_a_run_of_an_earlier_format_go_with_it(output: Path) -> None:
    record = json.loads((output / "run.json").read_text())
    (output / "run.json").write_text(json.dumps(record | {"format": FORMAT - 1}))
    clear(StoragePath.of(output), overwrite=True)
    assert left(output) == MINE
    assert not (output / "run.json").exists()


def test_beside_a_run_of_this_format_such_names_are_somebodys(output: Path) -> None:
    clear(StoragePath.of(output), overwrite=True)
    assert left(output) == EARLIER | MINE
