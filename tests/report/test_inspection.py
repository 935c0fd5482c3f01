"""What inspect_output tells of a whole output, and of each kind of damage."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.cli import run
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.report.inspection import Inspection, ValueStats, inspect_output
from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from raydrift.storage.record import load_record
from tests.made_shards import make_shards, shard_file, with_maps
from tests.report.many_samples import write_run

TRANSFORMS = [
    "rotate:0.3", "default:0.4", "hue:0.0", "default:0.9", "rotate:1.0", "saturation:0.25",
]  # fmt: skip
SIZE = 16


def shards_in(folder: Path, source: Path, embed: bool = True) -> StoragePath:
    plain = {
        "input": str(source),
        "output": str(folder),
        "transforms": TRANSFORMS,
        "image": {"height": 16, "width": 16},
        "embedding": {"compute": embed},
    }
    return make_shards(generate_settings(plain), SIZE)


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenes, and two files that are no images."""
    folder = tmp_path_factory.mktemp("source")
    shutil.copytree(scenes, folder, dirs_exist_ok=True)
    for name in ("boat", "house"):
        (folder / name / "broken.png").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def sharded(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose shards are there and not merged."""
    folder = tmp_path_factory.mktemp("sharded")
    shards_in(folder, source)
    return folder


@pytest.fixture(scope="module")
def whole(sharded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(sharded, folder, dirs_exist_ok=True)
    finalize(StoragePath.of(folder))
    return folder


@pytest.fixture
def damaged(whole: Path, tmp_path: Path) -> Path:
    """A copy of a finished run, to be damaged."""
    shutil.copytree(whole, tmp_path / "run")
    return tmp_path / "run"


def inspected(folder: Path, quick: bool = False) -> Inspection:
    return inspect_output(StoragePath.of(folder), quick)


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / name).to_pylist()


@pytest.mark.parametrize("quick", [False, True])
def test_a_whole_output_has_no_problems(whole: Path, quick: bool) -> None:
    found = inspected(whole, quick)
    assert found.problems == []
    assert found.record.status == "complete"
    assert found.shards_done == 0


def test_files_are_told_with_their_sizes(whole: Path) -> None:
    assert inspected(whole).files == {
        name: (whole / name).stat().st_size
        for name in (
            "sampled_images.zip",
            "input_mapping.parquet",
            "target.parquet",
            "embeddings.parquet",
            "provenance.parquet",
            "rejected.parquet",
        )
    }


def test_without_embeddings_their_file_is_not_missed(source: Path, tmp_path: Path) -> None:
    finalize(shards_in(tmp_path, source, embed=False))
    found = inspected(tmp_path)
    assert found.problems == []
    assert "embeddings.parquet" not in found.files


def test_samples_are_counted_by_class(whole: Path, scenes: Path) -> None:
    assert inspected(whole).classes == {path.name: 12 for path in scenes.iterdir()}


def test_rejected_images_are_told(whole: Path) -> None:
    found = inspected(whole)
    assert found.rejected == 2
    assert found.first_rejected == rows_of(whole, "rejected.parquet")
    assert sorted(row["path"] for row in found.first_rejected) == [
        "boat/broken.png",
        "house/broken.png",
    ]


def test_what_was_drawn_is_that_of_the_provenance(whole: Path) -> None:
    drawn: dict[tuple[int, str, str, str], list[float]] = {}
    for row in rows_of(whole, "provenance.parquet"):
        for position, one in enumerate(row["transforms"]):
            for name, value in json.loads(one["parameters"]).items():
                key = (position, f"{one['type']}:{one['level']!r}", one["kernel"], name)
                drawn.setdefault(key, []).append(value)
    found = inspected(whole).drawn
    assert found.keys() == drawn.keys()
    for key, values in drawn.items():
        stats = found[key]
        assert (stats.count, stats.least, stats.most) == (72, min(values), max(values))
        assert stats.mean == pytest.approx(fmean(values), rel=1e-12, abs=1e-12)


def test_what_was_drawn_is_told_by_position_request_kernel_and_parameter(whole: Path) -> None:
    assert list(inspected(whole).drawn) == [
        (0, "rotate:0.3", "rotate", "degrees"),
        (1, "default:0.4", "gaussian_blur", "sigma"),
        (1, "default:0.4", "gaussian_blur", "size"),
        (3, "default:0.9", "gaussian_noise", "mean"),
        (3, "default:0.9", "gaussian_noise", "sigma"),
        (4, "rotate:1.0", "rotate", "degrees"),
        (5, "saturation:0.25", "saturation", "factor"),
    ]


def test_what_was_drawn_is_found_in_the_files_of_an_earlier_version_too(
    whole: Path, tmp_path: Path
) -> None:
    """Whose parameters are maps."""
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    provenance = tmp_path / "provenance.parquet"
    pq.write_table(with_maps(pq.read_table(provenance)), provenance)
    content = provenance.read_bytes()
    record = json.loads((tmp_path / "run.json").read_bytes())
    facts = {"size": len(content), "sha256": sha256(content).hexdigest()}
    record["files"]["provenance.parquet"] = facts
    (tmp_path / "run.json").write_text(json.dumps(record | {"format": 3}))
    assert inspected(tmp_path).drawn == inspected(whole).drawn


def test_a_spread_of_nothing_has_no_mean() -> None:
    stats = ValueStats()
    stats.add(pa.array([], pa.float64()))
    assert (stats.count, stats.mean) == (0, 0.0)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        inspected(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} has no run.json: give the output folder of a generate run"
    )


@pytest.mark.parametrize(
    "name",
    [
        "sampled_images.zip",
        "input_mapping.parquet",
        "target.parquet",
        "embeddings.parquet",
        "provenance.parquet",
        "rejected.parquet",
    ],
)
def test_a_missing_file_is_told(damaged: Path, name: str) -> None:
    (damaged / name).unlink()
    assert inspected(damaged).problems == [f"{name} is missing"]


def test_every_missing_file_is_told(damaged: Path) -> None:
    for name in ("target.parquet", "sampled_images.zip"):
        (damaged / name).unlink()
    assert inspected(damaged).problems == [
        "sampled_images.zip is missing",
        "target.parquet is missing",
    ]


def alter(path: Path, where: int) -> None:
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.write_bytes(data)


def test_a_zip_altered_in_one_bit_is_told(damaged: Path) -> None:
    alter(damaged / "sampled_images.zip", 1000)
    assert inspected(damaged).problems == [
        "sampled_images.zip was altered: its CRC-32 is not the one in run.json"
    ]


def test_a_quick_look_does_not_read_the_images(damaged: Path) -> None:
    alter(damaged / "sampled_images.zip", 1000)
    assert inspected(damaged, quick=True).problems == []


def test_a_quick_look_sees_other_members(damaged: Path) -> None:
    path = damaged / "sampled_images.zip"
    head, last = path.read_bytes().rsplit(b"00000071.png", 1)
    path.write_bytes(head + b"00000099.png" + last)
    assert inspected(damaged, quick=True).problems == [
        "sampled_images.zip has other members than input_mapping.parquet"
    ]


def test_a_quick_look_sees_a_zip_without_an_end(damaged: Path) -> None:
    alter(damaged / "sampled_images.zip", -22)
    assert inspected(damaged, quick=True).problems == [
        "sampled_images.zip does not end as a zip does"
    ]


@pytest.mark.parametrize("quick", [False, True])
def test_a_truncated_zip_is_told(damaged: Path, quick: bool) -> None:
    path = damaged / "sampled_images.zip"
    data = path.read_bytes()
    path.write_bytes(data[:-10])
    assert inspected(damaged, quick).problems == [
        f"sampled_images.zip has {len(data) - 10} bytes, {len(data)} were written"
    ]


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Changes a table as if it had been written so: its checksum in run.json is the new one."""
    pq.write_table(change(pq.read_table(path)), path)
    data = path.read_bytes()
    record = load_record(StoragePath.of(path.parent))
    assert record is not None
    record.files[path.name] = {"size": len(data), "sha256": sha256(data).hexdigest()}
    record.save(StoragePath.of(path.parent))


def test_an_altered_label_is_told(damaged: Path) -> None:
    path = damaged / "target.parquet"
    data = bytearray(path.read_bytes())
    data[8] ^= 1
    path.write_bytes(data)
    found = inspected(damaged).problems
    assert len(found) == 1
    assert found[0].startswith("target.parquet ")


@pytest.mark.parametrize("name", ["target", "provenance", "embeddings"])
def test_a_table_with_a_row_less_is_told(damaged: Path, name: str) -> None:
    rewrite(damaged / f"{name}.parquet", lambda table: table.slice(1))
    assert inspected(damaged).problems == [f"{name}.parquet has 71 rows, 72 were written"]


def test_a_table_with_its_rows_in_another_order_is_told(damaged: Path) -> None:
    rewrite(damaged / "target.parquet", lambda table: table.take(list(range(71, -1, -1))))
    assert inspected(damaged).problems == [
        "target.parquet has other samples than input_mapping.parquet"
    ]


def test_tables_that_agree_and_have_a_row_less_are_told(damaged: Path) -> None:
    for name in ("input_mapping", "target", "provenance", "embeddings"):
        rewrite(damaged / f"{name}.parquet", lambda table: table.slice(0, 71))
    assert inspected(damaged).problems == [
        f"{name}.parquet has 71 rows, 72 were written"
        for name in ("input_mapping", "target", "embeddings", "provenance")
    ]


def test_a_rejected_image_less_is_told(damaged: Path) -> None:
    rewrite(damaged / "rejected.parquet", lambda table: table.slice(1))
    assert inspected(damaged).problems == ["rejected.parquet has 1 row, 2 were written"]


@pytest.mark.parametrize(
    "name", ["input_mapping", "target", "embeddings", "provenance", "rejected"]
)
def test_a_table_that_cannot_be_read_is_a_problem_not_a_crash(damaged: Path, name: str) -> None:
    path = damaged / f"{name}.parquet"
    path.write_bytes(path.read_bytes()[:-10])
    problems = inspected(damaged).problems
    assert len(problems) == 1
    assert problems[0].startswith(f"{name}.parquet ")


def test_a_run_with_missing_shards_is_unfinished(sharded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(sharded, folder)
    shard_file(folder, 1, "json").unlink()
    remedy = "missing: run the same generate command again"
    assert inspected(folder).problems == [f"1 of 5 shards is {remedy}"]
    shard_file(folder, 3).unlink()
    found = inspected(folder)
    assert found.shards_done == 3
    assert found.problems == [f"2 of 5 shards are {remedy}"]


def test_a_run_that_is_not_merged_is_told(sharded: Path) -> None:
    found = inspected(sharded)
    assert found.shards_done == 5
    assert found.problems == ["the shards are not merged yet: run raydrift finalize"]


def test_a_run_that_kept_its_shards_is_whole(sharded: Path, tmp_path: Path) -> None:
    shutil.copytree(sharded, tmp_path / "run")
    finalize(StoragePath.of(tmp_path / "run"), keep_shards=True)
    found = inspected(tmp_path / "run")
    assert found.shards_done == 5
    assert found.problems == []


def test_a_run_without_a_usable_image_is_whole(tmp_path: Path) -> None:
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "in" / "cat").mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / "cat" / name).touch()
    finalize(shards_in(tmp_path / "out", tmp_path / "in"), accept_rejected=True)
    found = inspected(tmp_path / "out")
    assert found.problems == []
    assert (found.classes, found.drifted, found.drawn) == ({"cat": 0}, 0, {})
    assert found.rejected == 2
    assert run(["inspect", str(tmp_path / "out")]) == 0


def peak_mib(folder: Path) -> float:
    """What a process takes that does nothing but inspect a run."""
    code = (
        "import resource, sys; from raydrift.paths import StoragePath; "
        "from raydrift.report.inspection import inspect_output; "
        "assert not inspect_output(StoragePath.of(sys.argv[1])).problems; "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    return float(subprocess.check_output([sys.executable, "-c", code, folder]))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_samples(tmp_path: Path) -> None:
    """Each million had taken 850 MiB."""
    peaks = []
    for samples in (50_000, 300_000):
        folder = tmp_path / str(samples)
        folder.mkdir()
        write_run(folder, samples)
        peaks.append(peak_mib(folder))
    assert peaks[1] - peaks[0] < 30
