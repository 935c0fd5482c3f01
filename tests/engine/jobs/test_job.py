"""A run that is not alone, and what it does about shards that are not its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from raydrift.catalog import Catalog, load_catalog
from raydrift.engine import image_run as module
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.shard_work import ShardJob, ShardPart, commit_shard, drift_shard
from raydrift.engine.data.tasks import ShardTasks
from raydrift.engine.generate import generate
from raydrift.engine.jobs import job
from raydrift.errors import LockedError, OutputError, PipelineError
from raydrift.paths import StoragePath
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage import lock
from raydrift.storage.record import require_record
from raydrift.storage.shards import LedgerRow
from tests.made_shards import make_shards, shard_file

pytestmark = pytest.mark.usefixtures("ray_session")


def settings_for(scenes: Path, output: Path, **write: Any) -> GenerateSettings:
    return generate_settings(
        {
            "input": str(scenes),
            "output": str(output),
            "transforms": ["hue:0.5"],
            "image": {"height": 32, "width": 32},
            "write": write,
        }
    )


@pytest.mark.slow
def test_a_shard_of_another_size_that_came_late_is_not_merged(scenes: Path, tmp_path: Path) -> None:
    """As a twin on a machine with more CPUs makes them, whose lock was lost."""
    settings = settings_for(scenes, tmp_path / "out", shard_size=16, finalize=False)
    generate(settings, quiet=True)
    make_shards(replace(settings, output=str(tmp_path / "twin")), size=12, commit_order=[1])
    for suffix in ("json", "parquet"):
        late = shard_file(tmp_path / "twin", 1, suffix)
        late.rename(tmp_path / "out/_shards" / late.name)

    record = generate(replace(settings, write=replace(settings.write, finalize=True)), quiet=True)

    assert record.counts["asked"] == 72
    ids = pq.read_table(tmp_path / "out/input_mapping.parquet")["sample_id"].to_pylist()
    assert ids == list(range(72))


def test_a_shard_that_changes_before_the_merge_is_made_again(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a disk that lies."""
    settings = settings_for(scenes, tmp_path, shard_size=24)
    merges: list[Callable[..., Any]] = [module.finalize]

    def finalize_after_damage(*arguments: Any, **options: Any) -> Any:
        if len(merges) == 1:
            shard_file(tmp_path, 2).write_bytes(b"damaged")
        merges.append(module.finalize)
        return merges[0](*arguments, **options)

    monkeypatch.setattr(module, "finalize", finalize_after_damage)
    assert generate(settings, quiet=True).counts["written"] == 72
    assert len(merges) == 3


def test_a_worker_that_commits_late_changes_nothing(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was cut off from its input, and comes after the good shard and before the merge."""
    settings = settings_for(scenes, tmp_path / "out", shard_size=16)
    merge = module.finalize

    def commit_late_and_merge(output: StoragePath, **options: Any) -> Any:
        record, catalog = require_record(output), load_catalog(settings.input)
        cut_off = StoragePath.of("/unreachable")
        job = ShardJob(settings, cut_off, output, record.fingerprint, record.versions)
        (tasks,) = ShardTasks(settings, catalog, 72, 16, np.array([0]))
        parts = drift_shard(job, tasks, False, Reader(cut_off, 2**20))
        late = commit_shard(job, 0, (ShardPart(table) for table, _ in parts))
        assert (late.asked, late.unread) == (16, 16)
        return merge(output, **options)

    monkeypatch.setattr(module, "finalize", commit_late_and_merge)
    counts = generate(settings, quiet=True).counts
    assert (counts["written"], counts["rejected"]) == (72, 0)
    assert not (tmp_path / "out/_shards").exists()


@pytest.fixture
def links(scenes: Path, tmp_path: Path) -> Path:
    """A folder of links to 12 boats, of which one leads nowhere: it can be mended later."""
    folder = tmp_path / "in" / "boat"
    folder.mkdir(parents=True)
    for number, path in enumerate(sorted(scenes.glob("boat/*.jpg"))):
        (folder / path.name).symlink_to("nowhere" if number == 5 else path)
    return folder


def mend(links: Path, scenes: Path) -> Catalog:
    """Puts the missing image back; the run is given the list of files that it had before."""
    catalog = load_catalog(str(links.parent))
    (links / "boat_005.jpg").unlink()
    (links / "boat_005.jpg").symlink_to(scenes / "boat/boat_005.jpg")
    return catalog


def test_an_image_that_is_still_missing_does_not_have_its_shard_made_anew(
    links: Path, scenes: Path, tmp_path: Path
) -> None:
    settings = settings_for(links.parent, tmp_path / "out", shard_size=4, finalize=False)
    assert generate(settings, quiet=True).counts["unread"] == 1
    before = sorted((tmp_path / "out/_shards").glob("part-*"))
    assert generate(settings, quiet=True).counts["unread"] == 1
    assert sorted((tmp_path / "out/_shards").glob("part-*")) == before

    assert generate(settings, catalog=mend(links, scenes), quiet=True).counts["unread"] == 0
    after = sorted((tmp_path / "out/_shards").glob("part-*"))
    assert len(after) == len(before)
    assert len(set(after) & set(before)) == 4, "the two files of the two other shards"


def test_a_finished_run_begins_again_if_it_may_and_gains_by_it(
    links: Path, scenes: Path, tmp_path: Path
) -> None:
    settings = settings_for(links.parent, tmp_path / "out")
    overwriting = replace(settings, write=replace(settings.write, overwrite=True))
    first = generate(settings, quiet=True)
    assert (first.status, first.counts["written"], first.counts["unread"]) == ("complete", 11, 1)
    assert generate(overwriting, quiet=True) == first, "a job that is tried again does nothing"
    catalog = mend(links, scenes)
    assert generate(settings, catalog=catalog, quiet=True) == first, "it is complete"
    again = generate(overwriting, catalog=catalog, quiet=True)
    assert (again.status, again.counts["written"], again.counts["unread"]) == ("complete", 12, 0)


def test_what_is_not_raydrifts_outlives_every_run(scenes: Path, tmp_path: Path) -> None:
    """Before, in a run that is made again, and at 'complete already'."""
    mine = {
        "_shards/diary.txt": "a", "_shards/more/diary.txt": "b", "_shards/part-00000.parquet": "c",
        "embeddings.parquet.bak": "d", "run.json.old/diary.txt": "e",
    }  # fmt: skip

    def put() -> None:
        for name, text in mine.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)

    def left() -> dict[str, str]:
        return {name: (tmp_path / name).read_text() for name in mine}

    put()
    settings = settings_for(scenes, tmp_path, shard_size=36)
    record = generate(settings, quiet=True)
    assert (record.status, left()) == ("complete", mine)
    (tmp_path / "_shards/part-00000007-0123abcd.json").write_text("of a run that was killed")
    assert (generate(settings, quiet=True), left()) == (record, mine)
    assert len(list((tmp_path / "_shards").iterdir())) == 3
    (tmp_path / "embeddings.parquet").write_text("mine: the run has none")
    (tmp_path / "target.parquet").unlink()
    assert (generate(settings, quiet=True).files, left()) == (record.files, mine)
    assert (tmp_path / "embeddings.parquet").read_text() == "mine: the run has none"
    other = replace(settings, seed=7, write=replace(settings.write, overwrite=True))
    assert (generate(other, quiet=True).status, left()) == ("complete", mine)


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize(
    ("name", "kind"),
    [("target.parquet", "folder"), ("run.json", "folder"), ("_shards", "file")],
)
def test_a_folder_where_a_file_is_to_be_is_somebodys(
    scenes: Path, tmp_path: Path, name: str, kind: str, overwrite: bool
) -> None:
    """As a table of several parts is one."""
    path = tmp_path / name if kind == "file" else tmp_path / name / "part-0.parquet"
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(OutputError) as caught:
        generate(settings_for(scenes, tmp_path, overwrite=overwrite), quiet=True)
    assert str(caught.value) == (
        f"{tmp_path / name} is a {kind} of another origin: choose another output, or move it away"
    )
    assert path.read_text() == "mine"


def test_a_run_that_slept_and_lost_its_folder_deletes_nothing(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it slept another run took over, and finished."""

    def plan_after_a_long_sleep(*arguments: Any) -> Any:
        (tmp_path / "run.lock").write_text(
            '{"owner": "b", "host": "b", "pid": 1, "machine": "", "renewed": 1}'
        )
        (tmp_path / "sampled_images.zip").write_bytes(b"its result")
        now = lock.time.time()
        monkeypatch.setattr(lock.time, "time", lambda: now + 3600)
        return plan_when_free(*arguments)

    plan_when_free = job.plan_when_free
    monkeypatch.setattr(job, "plan_when_free", plan_after_a_long_sleep)
    with pytest.raises(LockedError, match=r"another run is at work in .* \(b:1\)"):
        generate(settings_for(scenes, tmp_path), quiet=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.lock", "sampled_images.zip"]


@pytest.mark.parametrize(("interrupted", "out_of_reach"), [(5, False), (6, True)])
def test_a_few_images_that_cannot_be_read_are_rejected_and_many_end_the_run(
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    interrupted: int,
    out_of_reach: bool,
) -> None:
    """Links into a process's memory: even root cannot read them, which is no missing file."""
    images = tmp_path / "in" / "boat"
    images.mkdir(parents=True)
    for number, path in enumerate(sorted(scenes.glob("boat/*.jpg"))[:10]):
        if number < interrupted:
            (images / path.name).symlink_to("/proc/self/mem")
        else:
            (images / path.name).write_bytes(path.read_bytes())
    settings = settings_for(tmp_path / "in", tmp_path / "out", shard_size=10)
    settings = replace(settings, faults=replace(settings.faults, max_rejected=1))
    rows = list[LedgerRow]()
    from_dict = LedgerRow.from_dict
    monkeypatch.setattr(
        LedgerRow, "from_dict", lambda values: rows.append(from_dict(values)) or rows[-1]
    )
    if out_of_reach:
        with pytest.raises(
            PipelineError,
            match=r"^the input cannot be reached: 6 images could not be read \(first: boat/boat_0"
            r".*: Input/output error\): what is finished is kept, the same command goes on$",
        ):
            generate(settings, quiet=True)
    else:
        assert generate(settings, quiet=True).counts["rejected"] == interrupted
    made = [row.interrupted for row in rows if row.asked == 10]
    assert made[:2] == [interrupted, interrupted], "it was made twice"
