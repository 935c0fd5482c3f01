"""What a short look at a finished run sees, each damage as disks and people make it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.settings.toml import generate_settings
from raydrift.storage.damage import find_damage
from raydrift.storage.finalize import finalize
from raydrift.storage.record import require_record
from tests.made_shards import make_shards

ZIP = "sampled_images.zip"
TABLES = ["input_mapping", "target", "embeddings", "provenance", "rejected"]

Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def whole(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with two files that are no images."""
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(scenes, source, dirs_exist_ok=True)
    for name in ("boat", "house"):
        (source / name / "broken.png").write_bytes(b"no image")
    output = tmp_path_factory.mktemp("whole")
    plain = {"input": str(source), "output": str(output), "embedding": {"compute": True}}
    finalize(make_shards(generate_settings(plain | {"image": {"height": 32, "width": 32}})))
    return output


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """A copy, to be damaged."""
    shutil.copytree(whole, tmp_path / "run")
    return tmp_path / "run"


def damage_of(run: Path) -> list[str]:
    output = StoragePath.of(run)
    return find_damage(output, require_record(output), output.names())


def change(path: Path, how: Change) -> None:
    path.write_bytes(how(path.read_bytes()))


def zeros_at(begin: int, end: int | None) -> Change:
    """Bytes that a disk has lost, in a file that has its size."""

    def change(data: bytes) -> bytes:
        lost = len(data[begin:end])
        return data[:begin] + bytes(lost) + (data[end:] if end is not None else b"")

    return change


def test_a_whole_run_has_none(whole: Path) -> None:
    assert damage_of(whole) == []


@pytest.mark.parametrize("name", [ZIP, *(f"{table}.parquet" for table in TABLES)])
def test_missing_and_cut_off_files_are_told(run: Path, name: str) -> None:
    size = (run / name).stat().st_size
    for left in (size - 1, 0):
        os.truncate(run / name, left)
        assert damage_of(run) == [f"{name} has {left} bytes, {size} were written"]
    (run / name).unlink()
    assert damage_of(run) == [f"{name} is missing"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (zeros_at(0, None), "does not end as a zip does"),
        (zeros_at(-22, None), "does not end as a zip does"),
        (zeros_at(-4096, None), "does not end as a zip does"),
        (zeros_at(0, 4096), "has lost the content of its member '00000000.png'"),
        (zeros_at(1000, 1001), "has lost the content of its member '00000000.png'"),
    ],
)
def test_zeros_where_the_zip_was(run: Path, how: Change, said: str) -> None:
    change(run / ZIP, how)
    assert damage_of(run) == [f"{ZIP} {said}"]


def test_zeros_at_the_end_of_the_images(run: Path) -> None:
    path = run / ZIP
    directory = path.read_bytes().index(b"PK\1\2")
    change(path, zeros_at(directory - 100, directory))
    last = pq.read_table(run / "input_mapping.parquet")["file_name"][-1].as_py()
    assert damage_of(run) == [f"{ZIP} has lost the content of its member {last!r}"]


def test_zeros_where_the_directory_was(run: Path) -> None:
    path = run / ZIP
    change(path, zeros_at(path.read_bytes().index(b"PK\1\2"), -22))
    assert damage_of(run) == [f"{ZIP} has no directory of its members"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "how", [zeros_at(0, None), zeros_at(-8, None), zeros_at(-200, -8), zeros_at(0, 4)]
)
def test_zeros_where_a_table_was(run: Path, table: str, how: Change) -> None:
    change(run / f"{table}.parquet", how)
    assert damage_of(run) == [f"{table}.parquet is no whole parquet file"]


def test_files_of_another_run_of_the_same_size(run: Path) -> None:
    """Their counts are others."""
    file = run / "run.json"
    file.write_text(file.read_text().replace('"written": 72', '"written": 71'))
    assert damage_of(run) == [
        f"{ZIP} has 72 images, 71 were written",
        *(f"{table}.parquet has 72 rows, 71 were written" for table in TABLES[:-1]),
    ]


def test_finalize_does_not_call_a_damaged_run_complete(run: Path) -> None:
    change(run / ZIP, zeros_at(-22, None))
    before = (run / "run.json").read_bytes()
    with pytest.raises(OutputError) as caught:
        finalize(StoragePath.of(run))
    assert str(caught.value) == (
        f"{run} was complete, but {ZIP} does not end as a zip does: "
        "run the same generate command again, it makes what is missing"
    )
    assert (run / "run.json").read_bytes() == before
