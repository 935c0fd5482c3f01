"""Runs of views on a real Ray, on photographs: what is in the files, and what stops and goes on."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest

import raydrift
from raydrift import schemas
from raydrift.camera import REFERENCE, VIEWS, Camera, develop, unprocess
from raydrift.engine.generate import generate
from raydrift.engine.jobs.job_log import JobLog
from raydrift.engine.views import views
from raydrift.errors import OutputError
from raydrift.images.codec import decode
from raydrift.images.pixels import RGB
from raydrift.paths import StoragePath
from raydrift.report.inspection import inspect_output
from raydrift.settings import ImageSettings, ViewsSettings
from raydrift.settings.toml import generate_settings, views_settings
from raydrift.storage import merge_views
from raydrift.storage.layout import view_folder
from raydrift.storage.record import require_record

pytestmark = pytest.mark.usefixtures("ray_session")

CODES = [str(view) for view in VIEWS]
TWO = ["bi,s,ga", "me,u,me"]
SAMPLES = 10


def settings_for(source: Path, output: Path, **values: Any) -> ViewsSettings:
    plain = {
        "input": str(source),
        "output": str(output),
        "num_samples": SAMPLES,
        "image": {"height": 48, "width": 64},
        "cluster": {"workers": 2},
        **values,
    }
    plain["write"] = {"shard_size": 4} | values.get("write", {})
    return views_settings(plain)


def digests(output: Path) -> dict[str, str]:
    """Of all that a run of views wrote, but for what tells of times and machines."""
    return {
        str(path.relative_to(output)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(output.rglob("*"))
        if path.is_file() and path.name != "run.json"
    }


@pytest.fixture(scope="module")
def twelve(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("views")
    assert views(settings_for(photos, output), quiet=True).counts["written"] == SAMPLES
    return output


@pytest.fixture(scope="module")
def two(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("two")
    views(settings_for(photos, output, views=TWO), quiet=True)
    return output


def photo(photos: Path, path: str) -> RGB:
    return decode((photos / path).read_bytes(), ImageSettings(48, 64))


def by_hand(raw: npt.NDArray[np.float32], camera: Camera, **how: Any) -> RGB:
    image = develop(
        raw,
        black_level=camera.black_level,
        white_balance=camera.white_balance,
        colour_matrix=camera.colour_matrix,
        **how,
    )
    return np.rint(image * np.float32(255)).astype(np.uint8)


def test_there_is_a_dataset_a_view_and_one_table(twelve: Path) -> None:
    folders = {view_folder(code) for code in CODES}
    files = {"views.parquet", "rejected.parquet", "run.json"}
    assert {path.name for path in twelve.iterdir()} == folders | files
    for folder in folders:
        assert {path.name for path in (twelve / folder).iterdir()} == {
            "input_mapping.parquet", "provenance.parquet", "rejected.parquet", "run.json",
            "sampled_images.zip", "target.parquet",
        }  # fmt: skip


def test_every_picture_is_what_the_view_develops_by_hand(twelve: Path, photos: Path) -> None:
    for code in CODES:
        dataset = raydrift.open(twelve / view_folder(code))
        assert len(dataset) == SAMPLES
        for sample in dataset:
            raw = unprocess(photo(photos, sample.provenance["source_path"]), REFERENCE)
            np.testing.assert_array_equal(sample.image, by_hand(raw, REFERENCE, view=code))


def test_a_provenance_row_explains_the_pixels(twelve: Path, photos: Path) -> None:
    sample = raydrift.open(twelve / "ma_u_me")[3]
    (step,) = sample.provenance["transforms"]
    assert (step["type"], sample.provenance["reason"]) == ("view", "view ma,u,me")
    facts = dict(step["parameters"])
    oversample = facts.pop("oversample")
    raw = unprocess(
        photo(photos, sample.provenance["source_path"]),
        Camera(**{name: value for name, value in facts.items() if name != "compat"}),
        oversample,
    )
    image = develop(raw, view=step["kernel"], **facts)
    np.testing.assert_array_equal(sample.image, np.rint(image * np.float32(255)))


def test_the_table_has_each_sample_by_each_view_and_names_what_is_there(twelve: Path) -> None:
    table = pq.read_table(twelve / "views.parquet")
    assert table.schema.equals(schemas.VIEWS)
    rows = table.to_pylist()
    wanted = [(sample, code) for sample in range(SAMPLES) for code in CODES]
    assert [(row["sample_id"], row["view"]) for row in rows] == wanted
    classes = require_record(StoragePath.of(twelve)).classes
    members = {code: ZipFile(twelve / view_folder(code) / "sampled_images.zip") for code in CODES}
    for row in rows:
        assert row["folder"] == view_folder(row["view"])
        assert row["file_name"] in members[row["view"]].namelist()
        assert row["label"] == classes[row["class_name"]]
        assert row["source_path"].startswith(row["class_name"])


def test_a_run_of_views_is_whole_and_is_opened_by_view(twelve: Path) -> None:
    found = inspect_output(StoragePath.of(twelve))
    assert (found.problems, sum(found.classes.values())) == ([], SAMPLES)
    with pytest.raises(OutputError, match=r"a folder for each view: open one of them, as .*me$"):
        raydrift.open(twelve)


def test_the_constants_of_the_camera_are_in_run_json(twelve: Path) -> None:
    record = json.loads((twelve / "run.json").read_text())
    camera = record["identity"]["camera"]
    assert camera["white_balance"] == [*REFERENCE.white_balance]
    assert camera["oversample"] == 1
    assert record["settings"]["views"] == CODES
    of_view = json.loads((twelve / "bi_s_ga/run.json").read_text())
    assert of_view["settings"]["view"] == of_view["identity"]["view"] == "bi,s,ga"


def test_other_workers_shards_and_views_beside_it_give_the_same_bytes(
    twelve: Path, photos: Path, tmp_path: Path
) -> None:
    one = settings_for(photos, tmp_path, views=TWO, write={"shard_size": 7}, cluster={"workers": 1})
    views(one, quiet=True)
    all_of_them = digests(twelve)
    for name, digest in digests(tmp_path).items():
        assert digest == all_of_them[name] or name == "views.parquet"


@pytest.mark.slow
def test_all_views_by_one_worker_are_the_same_bytes(
    twelve: Path, photos: Path, tmp_path: Path
) -> None:
    views(settings_for(photos, tmp_path, cluster={"workers": 1}), quiet=True)
    assert digests(tmp_path) == digests(twelve)


def test_the_published_views_and_a_larger_mosaic(photos: Path, tmp_path: Path) -> None:
    """Both are asked for at once, as each is a part of its own of the same chain."""
    asked = {"views": TWO, "compat": True, "camera": {"oversample": 2, "gamma": 1.8}}
    views(settings_for(photos, tmp_path, num_samples=2, **asked), quiet=True)
    camera = replace(REFERENCE, gamma=1.8)
    for code in TWO:
        for sample in raydrift.open(tmp_path / view_folder(code)):
            raw = unprocess(photo(photos, sample.provenance["source_path"]), camera, 2)
            image = develop(
                raw,
                black_level=camera.black_level,
                white_balance=camera.white_balance,
                colour_matrix=camera.colour_matrix,
                gamma=1.8,
                view=code,
                compat=True,
            ).reshape(48, 2, 64, 2, 3)
            mean = image.mean(axis=(1, 3), dtype=np.float64) * 255
            assert np.abs(sample.image - mean).max() <= 0.5 + 1e-4


class Stopped(BaseException):
    """In the place of Ctrl-C, which pytest keeps for itself."""


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The driver is stopped as it hears of the second shard."""
    heard: list[int] = []
    tell = JobLog.shard

    def stop(log: JobLog, row: Any) -> None:
        tell(log, row)
        heard.append(row.shard)
        if len(heard) == 2:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(JobLog, "shard", stop)
        yield


def shard_files(output: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in output.rglob("part-*")}


@pytest.mark.usefixtures("stopping")
def test_a_run_that_was_stopped_goes_on_and_gives_the_same_bytes(
    two: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(photos, tmp_path, views=TWO, cluster={"workers": 1})
    with pytest.raises(Stopped):
        views(settings, quiet=True)
    monkeypatch.undo()
    there = {path.name for path in (tmp_path / "_shards").glob("part-*.json")}
    assert len(there) in (2, 3)
    entries = [path for path in tmp_path.rglob("part-*") if path.with_suffix(".json").name in there]
    before = {path: path.stat().st_mtime_ns for path in entries}
    kept = replace(settings.run.write, keep_shards=True)
    views(replace(settings, run=replace(settings.run, write=kept)), quiet=True)
    assert before.items() <= shard_files(tmp_path).items()
    views(settings, quiet=True)  # which clears them away
    assert digests(tmp_path) == digests(two)


Spoil = Callable[[Path], object]


SPOILED: dict[str, Spoil] = {
    "its entry is gone": lambda shards: next(shards.glob("part-00000001-*.json")).unlink(),
    "it is gone": lambda shards: next(shards.glob("part-00000001-*.parquet")).unlink(),
    "it is damaged": lambda shards: next(shards.glob("part-00000001-*.parquet")).write_bytes(b"x"),
    "all are gone": shutil.rmtree,
}
CHEAP = [("me_u_me", "it is damaged"), (".", "its entry is gone")]


@pytest.mark.parametrize(
    ("folder", "spoil"),
    [
        pytest.param(
            folder,
            spoil,
            id=f"{folder} {how}",
            marks=[] if (folder, how) in CHEAP else [pytest.mark.slow],
        )
        for folder in ("me_u_me", ".")
        for how, spoil in SPOILED.items()
    ],
)
def test_a_shard_that_a_view_or_the_run_has_lost_is_made_again(
    sharded: Path, two: Path, photos: Path, folder: str, spoil: Spoil
) -> None:
    """The unmerged run is copied, so that the shards are made once for all of these."""
    before = shard_files(sharded)
    spoil(sharded / folder / "_shards")
    keep = settings_for(photos, sharded, views=TWO, write={"keep_shards": True})
    views(keep, quiet=True)
    same = {path for path, time in shard_files(sharded).items() if before.get(path) == time}
    shards = 0 if not same else len(before) - len(same)
    assert shards in (0, 6), "one shard of three: two files in each of three folders"
    views(settings_for(photos, sharded, views=TWO), quiet=True)
    assert digests(sharded) == digests(two)


@pytest.fixture(scope="module")
def unmerged(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("unmerged")
    record = views(settings_for(photos, output, views=TWO, write={"finalize": False}), quiet=True)
    assert record.status == "sharded"
    return output


@pytest.fixture
def sharded(unmerged: Path, tmp_path: Path) -> Path:
    return shutil.copytree(unmerged, tmp_path / "sharded")


def test_an_unmerged_view_can_be_opened(unmerged: Path, two: Path) -> None:
    for code in TWO:
        pairs = zip(
            raydrift.open(unmerged / view_folder(code)),
            raydrift.open(two / view_folder(code)),
            strict=True,
        )
        for sample, merged in pairs:
            np.testing.assert_array_equal(sample.image, merged.image)


def test_a_merge_that_was_killed_between_two_views_goes_on(
    sharded: Path, two: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> NoReturn:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(merge_views, "_write_table", killed)
        with pytest.raises(Stopped):
            views(settings_for(photos, sharded, views=TWO), quiet=True)
    first = sharded / "bi_s_ga/sampled_images.zip"
    written = first.stat().st_mtime_ns
    (sharded / "me_u_me/sampled_images.zip").unlink()  # as if that one had not been there yet
    views(settings_for(photos, sharded, views=TWO), quiet=True)
    assert first.stat().st_mtime_ns == written
    assert digests(sharded) == digests(two)


def test_a_finished_run_is_left_alone_until_a_view_has_lost_something(
    two: Path, photos: Path, tmp_path: Path
) -> None:
    output = shutil.copytree(two, tmp_path / "out")
    settings = settings_for(photos, output, views=TWO)
    written = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    assert views(settings, quiet=True).status == "complete"
    assert {path: path.stat().st_mtime_ns for path in written} == written
    (output / "me_u_me/target.parquet").unlink()
    assert inspect_output(StoragePath.of(output)).problems == ["me_u_me/target.parquet is missing"]
    views(settings, quiet=True)
    assert digests(output) == digests(two)


def test_another_run_is_not_written_over_unless_it_may_be(
    two: Path, photos: Path, tmp_path: Path
) -> None:
    output = shutil.copytree(two, tmp_path / "out")
    with pytest.raises(OutputError, match=r"holds another run \(views is \[.* there and \[.* here"):
        views(settings_for(photos, output, views=["bi,u,ga"]), quiet=True)
    (output / "run.json").unlink()
    (output / "views.parquet").unlink()
    (output / "rejected.parquet").unlink()
    with pytest.raises(OutputError, match=r"me_u_me holds another run \(seed is 42 there and 7"):
        views(settings_for(photos, output, views=["me,u,me"], seed=7), quiet=True)
    clean = {"input": str(photos), "output": str(output / "me_u_me"), "num_samples": SAMPLES}
    with pytest.raises(OutputError, match=r"holds another run \("):
        generate(generate_settings(clean), quiet=True)

    output = shutil.copytree(two, tmp_path / "again")
    (output / "me_u_me/mine.txt").write_text("mine")
    new = settings_for(photos, output, views=["bi,u,ga"], num_samples=2, write={"overwrite": True})
    views(new, quiet=True)
    assert {path.name for path in output.iterdir()} == {
        "bi_u_ga", "me_u_me", "rejected.parquet", "run.json", "views.parquet",
    }  # fmt: skip
    assert [path.name for path in (output / "me_u_me").iterdir()] == ["mine.txt"]


def test_an_image_that_cannot_be_used_is_in_no_view(scenes: Path, tmp_path: Path) -> None:
    source = tmp_path / "in"
    shutil.copytree(scenes / "boat", source / "boat")
    (source / "boat/boat_003.jpg").write_bytes(b"")
    settings = settings_for(source, tmp_path / "out", views=TWO, num_samples=12)
    record = views(settings, quiet=True)
    assert (record.counts["written"], record.counts["rejected"]) == (11, 1)
    table = pq.read_table(tmp_path / "out/views.parquet")
    assert len(table) == 22
    for folder in (".", *map(view_folder, TWO)):
        (row,) = pq.read_table(tmp_path / "out" / folder / "rejected.parquet").to_pylist()
        assert (row["path"], row["error"]) == ("boat/boat_003.jpg", "the file is empty")


@pytest.mark.slow
def test_an_image_that_changed_is_developed_again(photos: Path, tmp_path: Path) -> None:
    source = tmp_path / "in"
    shutil.copytree(photos / "fish", source / "fish")
    first, second = sorted((source / "fish").iterdir())[:2]
    settings = settings_for(source, tmp_path / "out", views=TWO, num_samples=None)
    views(settings, quiet=True)
    first.write_bytes(second.read_bytes())
    assert any("had another content" in note for note in views(settings, quiet=True).notes)
    views(settings_for(source, tmp_path / "new", views=TWO, num_samples=None), quiet=True)
    assert digests(tmp_path / "out") == digests(tmp_path / "new")


def test_the_python_face(photos: Path, tmp_path: Path, two: Path) -> None:
    sets = raydrift.views(
        photos, tmp_path, TWO, num_samples=SAMPLES, input_dim=(48, 64), progress=False
    )
    assert list(sets) == TWO
    assert len(sets["me,u,me"]) == SAMPLES
    assert digests(tmp_path) == digests(two)


@pytest.mark.slow
@pytest.mark.parametrize("container", ["zips", "webdataset", "tables"])
def test_the_other_containers(photos: Path, tmp_path: Path, two: Path, container: str) -> None:
    write = {"container": container, "keep_shards": True}
    views(settings_for(photos, tmp_path, views=TWO, write=write), quiet=True)
    assert inspect_output(StoragePath.of(tmp_path)).problems == []
    views(settings_for(photos, tmp_path, views=TWO), quiet=True)  # in one zip, of the same shards
    assert digests(tmp_path) == digests(two)


@pytest.mark.slow
def test_views_differ_as_they_are_known_to(photos: Path, tmp_path: Path) -> None:
    """Of the twelve two stand out: sharpened by the filter after Malvar or Menon, and Gaussian."""
    values = {"num_samples": 14, "image": {"height": 256, "width": 256}}
    views(settings_for(photos, tmp_path, **values), quiet=True)
    sets = {code: raydrift.open(tmp_path / view_folder(code)) for code in CODES}
    pixels = {
        code: np.stack([sample.image for sample in dataset]).astype(np.float32) / 255
        for code, dataset in sets.items()
    }
    far = {
        code: np.mean([np.abs(own - other).mean() for other in pixels.values() if other is not own])
        for code, own in pixels.items()
    }
    assert set(sorted(far, key=lambda code: -far[code])[:2]) == {"me,s,ga", "ma,s,ga"}


def test_raw_files_are_developed_by_every_view(tmp_path: Path) -> None:
    """As ``generate --raw`` develops them with that view."""
    rose = Path(__file__).parents[3] / "shared" / "raw" / "files" / "rose_rggb.dng"
    if not rose.is_file():
        pytest.skip(f"no raw file at {rose}")
    source = tmp_path / "raws" / "rose"
    source.mkdir(parents=True)
    for name in ("a.dng", "b.dng"):
        shutil.copy(rose, source / name)
    values = {"num_samples": 2, "raw": {}}
    views(settings_for(source.parent, tmp_path / "views", views=TWO, **values), quiet=True)
    for code in TWO:
        plain = {
            "input": str(source.parent),
            "output": str(tmp_path / code),
            "image": {"height": 48, "width": 64},
            "raw": {"view": code},
        }
        generate(generate_settings(plain), quiet=True)
        expected = raydrift.open(tmp_path / code)
        found = raydrift.open(tmp_path / "views" / view_folder(code))
        assert np.array_equal(found[0].image, expected[0].image)
        camera = found[1].provenance["camera"]
        assert camera | {"compat": False} == expected[1].provenance["camera"] | {"compat": False}
