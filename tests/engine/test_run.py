"""A run that is not alone, and what it does about shards that are not its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from raydrift.config import generate_settings
from raydrift.engine import run
from raydrift.engine.generate import generate
from raydrift.errors import LockedError, PipelineError
from raydrift.settings import GenerateSettings
from raydrift.storage import lock
from raydrift.storage.shards import LedgerRow
from tests.made_shards import make_shards

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


def test_a_shard_of_another_size_that_came_late_is_not_merged(scenes: Path, tmp_path: Path) -> None:
    """As a twin on a machine with more CPUs makes them, whose lock was lost."""
    settings = settings_for(scenes, tmp_path / "out", shard_size=16, finalize=False)
    generate(settings, quiet=True)
    make_shards(replace(settings, output=str(tmp_path / "twin")), size=12, commit_order=[1])
    for suffix in ("json", "parquet"):
        late = (tmp_path / f"twin/_shards/part-00000001.{suffix}").read_bytes()
        (tmp_path / f"out/_shards/part-00000001.{suffix}").write_bytes(late)

    record = generate(replace(settings, write=replace(settings.write, finalize=True)), quiet=True)

    assert record.counts["asked"] == 72
    ids = pq.read_table(tmp_path / "out/input_mapping.parquet")["sample_id"].to_pylist()
    assert ids == list(range(72))


def test_a_shard_that_changes_before_the_merge_is_made_again(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a worker of an attempt that was killed, which writes at the last moment."""
    settings = settings_for(scenes, tmp_path, shard_size=24)
    merges: list[Callable[..., Any]] = [run.finalize]

    def finalize_after_damage(*arguments: Any, **options: Any) -> Any:
        if len(merges) == 1:
            (tmp_path / "_shards/part-00000002.parquet").write_bytes(b"late")
        merges.append(run.finalize)
        return merges[0](*arguments, **options)

    monkeypatch.setattr(run, "finalize", finalize_after_damage)
    assert generate(settings, quiet=True).counts["written"] == 72
    assert len(merges) == 3


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

    plan_when_free = run.plan_when_free
    monkeypatch.setattr(run, "plan_when_free", plan_after_a_long_sleep)
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
            r".*: Input/output error\): finished shards are kept, the same command goes on$",
        ):
            generate(settings, quiet=True)
    else:
        assert generate(settings, quiet=True).counts["rejected"] == interrupted
    made = [row.interrupted for row in rows if row.asked == 10]
    assert made[:2] == [interrupted, interrupted], "it was made twice"
