"""Whole runs with a timeline on a real Ray: the same bytes however they are cut and shared."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift import ImageDatasetGenerator
from raydrift.cli import run as main
from raydrift.drift import apply_chain
from raydrift.drift.written import read_back
from raydrift.engine.generate import generate
from raydrift.errors import OutputError
from raydrift.images.codec import decode
from raydrift.paths import StoragePath
from raydrift.report.inspection import inspect_output
from raydrift.settings import ClusterSettings, ImageSettings
from raydrift.settings.toml import generate_settings
from raydrift.transforms import TransformInfo

pytestmark = pytest.mark.usefixtures("ray_session")

SMALL = {"height": 32, "width": 32}
DRIFTS: list[dict[str, Any]] = [
    {"transforms": ["gaussian_noise:0.6"], "kind": "gradual", "start": 10, "width": 0.5},
    {
        "transforms": ["hue:0.5", "rotate:0.2"],
        "kind": "recurring",
        "period": "6h",
        "where": {"class": ["boat", "flower", "house"]},
    },
    {"transforms": ["gaussian_blur:1"], "kind": "incremental", "start": 0.6, "width": 20},
]
SHIFT = {"start": 30, "width": 10, "proportions": {"boat": 0.3}}


def run(source: Path, output: Path, workers: int, shard_size: int, **values: Any) -> Path:
    plain = {
        "input": str(source),
        "output": str(output),
        "seed": 5,
        "image": SMALL,
        "transforms": ["contrast:0.1"],
        "drift": DRIFTS,
        "label_shift": [SHIFT],
        "write": {"shard_size": shard_size},
        "cluster": {"workers": workers},
    }
    generate(generate_settings(plain | values), quiet=True)
    return output


@pytest.fixture(scope="module")
def whole(scenes: Path, ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert ray_session is None
    return run(scenes, tmp_path_factory.mktemp("whole"), workers=1, shard_size=64)


def members_of(archive: BytesIO) -> dict[str, str]:
    """The digest of each image; reading it checks it."""
    with ZipFile(archive) as members:
        return {name: sha256(members.read(name)).hexdigest() for name in members.namelist()}


def rows(output: Path, name: str = "provenance") -> list[dict[str, Any]]:
    return pq.read_table(output / f"{name}.parquet").to_pylist()


def test_two_workers_and_small_shards_give_the_same_files(
    whole: Path, scenes: Path, tmp_path: Path
) -> None:
    other = run(scenes, tmp_path, workers=2, shard_size=7)
    for name in ("sampled_images.zip", "provenance.parquet", "target.parquet"):
        assert (other / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.slow
def test_three_calls_in_python_give_the_same_samples(
    whole: Path, scenes: Path, tmp_path: Path
) -> None:
    """Three zips, their members put into one, are the one zip; fractions are of the whole."""
    generator = ImageDatasetGenerator(
        seed=5,
        input_path=scenes,
        input_dim=(32, 32),
        cluster=ClusterSettings(workers=2),
        progress=False,
    )
    generator.add_abrupt_drift([TransformInfo.parse("contrast:0.1")])
    generator.add_gradual_drift([TransformInfo.parse("gaussian_noise:0.6")], start=10, width=0.5)
    generator.add_recurring_drift(
        [TransformInfo.parse("hue:0.5"), TransformInfo.parse("rotate:0.2")],
        period="6h",
        where={"class": ["boat", "flower", "house"]},
    )
    generator.add_incremental_drift([TransformInfo.parse("gaussian_blur:1")], start=0.6, width=20)
    generator.add_label_shift({"boat": 0.3}, start=30, width=10)
    calls = [generator.sample(tmp_path / str(count), count) for count in (17, 25, None)]
    assert generator.remaining == 0
    one = (whole / "sampled_images.zip").read_bytes()
    merged = BytesIO()
    with ZipFile(merged, "w") as archive:
        for call in calls:
            with ZipFile(call.zip_path) as members:
                for info in members.infolist():
                    archive.writestr(info, members.read(info))
    assert members_of(merged) == members_of(BytesIO(one))
    assert sha256(merged.getvalue()).hexdigest() == sha256(one).hexdigest()
    parts = [pq.read_table(tmp_path / str(n) / "provenance.parquet") for n in (17, 25, None)]
    assert pa.concat_tables(parts).to_pylist() == rows(whole)


def test_the_provenance_says_what_happened_to_whom_and_why(whole: Path) -> None:
    found = rows(whole)
    for row in found:
        noise, hue, rotate, blur = row["transforms"][1:]
        assert row["transforms"][0]["level"] == 0.1
        assert row["level"] == max(step["level"] for step in row["transforms"])
        assert row["drifted"] is True
        assert noise["level"] in (0.0, 0.6)
        meant = row["class_name"] in ("boat", "flower", "house")
        on = row["sample_id"] % 12 < 6 and meant
        assert (hue["level"], rotate["level"]) == ((0.5, 0.2) if on else (0, 0))
        assert blur["level"] == pytest.approx(np.clip((row["sample_id"] - 43) / 20, 0, 1))
        parts = row["reason"].split("; ")
        assert parts[0] == "contrast:0.1 on every sample"
        if noise["level"]:
            assert "gradual gaussian_noise:0.6 from sample 10 over 36: chance" in parts[1]
    levels = [row["transforms"][1]["level"] for row in found]
    assert set(levels[:11]) == {0.0}
    assert set(levels[46:]) == {0.6}


def test_an_unscheduled_drift_says_so_too(scenes: Path, tmp_path: Path) -> None:
    run(scenes, tmp_path, 1, 64, drift=[], label_shift=[], transforms=[], num_samples=3)
    assert {(row["drifted"], row["level"], row["reason"]) for row in rows(tmp_path)} == {
        (False, 0.0, "no drift")
    }


def test_a_provenance_row_still_explains_every_pixel(whole: Path, scenes: Path) -> None:
    with ZipFile(whole / "sampled_images.zip") as archive:
        for row, name in list(zip(rows(whole), archive.namelist(), strict=True))[::6]:
            chain = read_back(row["transforms"])
            source = decode((scenes / row["source_path"]).read_bytes(), ImageSettings(32, 32))
            image = apply_chain(source, chain, seed=5, sample_id=row["sample_id"])
            assert np.array_equal(image, np.asarray(Image.open(archive.open(name))))


def test_inspect_tells_the_timeline_and_the_levels(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = inspect_output(StoragePath.of(whole))
    assert [asked for _, asked, _, parameter in found.drawn if parameter != "size"] == [
        "contrast:0.1",
        "gaussian_noise:0.6",
        "gaussian_noise:0.6",
        "hue:0.5",
        "rotate:0.2",
        found_blur(whole),
    ]
    assert found.drifted == found.record.samples
    assert main(["inspect", str(whole)]) == 0
    said = capsys.readouterr().out
    assert "drift 2                recurring, hue:0.5, rotate:0.2, start 0, period 6h" in said
    assert "where class in boat, flower, house" in said
    assert "label shift 1          start 30, width 10, proportions {'boat': 0.3}" in said


def found_blur(output: Path) -> str:
    levels = [row["transforms"][4]["level"] for row in rows(output)]
    return f"gaussian_blur:{min(filter(None, levels)):.3g} to {max(levels):.3g}"


def test_the_label_shift_is_told_and_the_output_is_whole(whole: Path) -> None:
    found = inspect_output(StoragePath.of(whole))
    assert found.problems == []
    assert found.record.counts["written"] < 72
    assert found.record.notes == [
        f"the stream ends at sample {found.record.samples}: the class 'boat' has run out"
    ]
    assert len({row["source_path"] for row in rows(whole)}) == found.record.samples


def test_what_is_not_reached_is_noted(scenes: Path, tmp_path: Path) -> None:
    late = [{"transforms": ["hue:0.1"], "start": 50}]
    run(scenes, tmp_path, 1, 64, drift=late, label_shift=[], num_samples=9, stream=72)
    notes = inspect_output(StoragePath.of(tmp_path)).record.notes
    assert notes == ["abrupt hue:0.1 from sample 50: begins after the last sample, 8"]


def test_the_same_command_again_finds_it_done(whole: Path, scenes: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in whole.iterdir()}
    run(scenes, whole, workers=2, shard_size=64)
    assert {path.name: path.stat().st_mtime_ns for path in whole.iterdir()} == before


@pytest.mark.slow
def test_an_evaluation_measures_what_is_in_force_on_each_batch(scenes: Path) -> None:
    generator = ImageDatasetGenerator(
        seed=5,
        input_path=scenes,
        weights="random",
        batch_size=8,
        cluster=ClusterSettings(workers=1),
        progress=False,
    )
    generator.add_abrupt_drift(drift_level=0.7, start=8, until=12)
    clean, half = generator.evaluate_transformation_pipeline(num_samples=16)
    assert (clean.drift_level, clean.divergence) == (0, 0)
    assert half.drift_level == pytest.approx(0.35)
    assert half.divergence > 0


def test_another_timeline_is_another_run(whole: Path, scenes: Path) -> None:
    with pytest.raises(OutputError, match=r"holds another run .*drift is .* there and"):
        run(scenes, whole, 1, 64, drift=DRIFTS[:1])


@pytest.mark.slow
def test_a_manifest_that_tells_otherwise_is_another_run(scenes: Path, tmp_path: Path) -> None:
    """The filter is the same, but another column lets other images through."""
    paths = sorted(str(path) for path in scenes.glob("boat/*.jpg"))
    drift = [{"transforms": ["hue:0.5"], "where": [["t", "<", 3]]}]
    for name in ("one", "other"):
        t = list(range(12)) if name == "one" else list(range(12))[::-1]
        table = pa.table({"path": paths, "class": ["boat"] * 12, "t": t})
        pq.write_table(table, tmp_path / "manifest.parquet")
        if name == "one":
            run(tmp_path / "manifest.parquet", tmp_path / "out", 1, 64, drift=drift, label_shift=[])
            drifted = [row["source_path"] for row in rows(tmp_path / "out") if row["level"] > 0.1]
            assert sorted(drifted) == paths[:3]
    with pytest.raises(OutputError, match="holds another run"):
        run(tmp_path / "manifest.parquet", tmp_path / "out", 1, 64, drift=drift, label_shift=[])
