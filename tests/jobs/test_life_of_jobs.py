"""Jobs as one has them on a cluster: sent off, asked after, stopped, sent again."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from raydrift.calibrate import CalibrationProfile
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.record import require_record
from tests.faults.runs import SHARDS, Gate, committed, contents, write_album
from tests.jobs.heads import Head

IMAGES = "283 images, 5 rejected"


@pytest.mark.slow
def test_a_stopped_job_is_finished_by_the_same_command_under_another_id(
    head: Head, scenes: Path, config: Path, tmp_path: Path
) -> None:
    """Meanwhile the same run is made by a job that nobody disturbs, on the other CPU."""
    albums = [write_album(tmp_path / name, scenes) for name in ("album", "twin")]
    outputs = [tmp_path / name for name in ("out", "undisturbed")]
    command, undisturbed = (
        ["jobs/generate.py", album / "album.csv", output, "--config", config, "--keep-shards"]
        for album, output in zip(albums, outputs, strict=True)
    )
    output = outputs[0]

    gate = Gate(albums[0], shard=7)
    sent = head.send("first", *command)
    assert sent.returncode == 0, sent.stderr
    assert head.send("undisturbed", *undisturbed).returncode == 0
    gate.wait()
    assert head.status("first") == "RUNNING"
    first = committed(output)
    assert len(first) == 7

    twice = head.send("first", *command)
    assert twice.returncode == 1
    assert "Job with submission_id first already exists" in twice.stderr
    assert head.status("first") == "RUNNING"

    assert "Job 'first' was stopped" in head.job("stop", "first").stdout
    assert head.said("first") == [
        "raydrift: terminated: what is finished is kept, the same command goes on",
        "raydrift: failed with status 143",
    ]
    assert committed(output) == first
    assert not (output / layout.LOCK).exists()
    gate.open()

    assert head.send("second", *command).returncode == 0
    assert head.end("second") == "SUCCEEDED"
    assert head.said("second")[0].startswith(f"{IMAGES} in ")
    assert head.said("second")[-1] == "raydrift: succeeded"
    assert first.items() <= committed(output).items()
    assert len(committed(output)) == SHARDS
    assert head.end("undisturbed") == "SUCCEEDED"
    assert contents(output) == contents(outputs[1])

    written = {path.name: path.stat().st_mtime_ns for path in output.iterdir()}
    assert head.send("third", *command).returncode == 0
    assert head.end("third") == "SUCCEEDED"
    assert head.said("third")[0] == f"{IMAGES}, complete already: nothing was done"
    assert head.said("third")[-1] == "raydrift: succeeded"
    assert {path.name: path.stat().st_mtime_ns for path in output.iterdir()} == written


def test_a_job_that_cannot_be_has_failed_and_says_why(head: Head, scenes: Path) -> None:
    """Its output would be in the folder that was unpacked for it."""
    command = ["jobs/generate.py", scenes, "out", "-t", "hue:0.2"]
    assert head.send("relative", *command).returncode == 0
    assert head.end("relative") == "FAILED"
    told = head.job("logs", "relative")
    assert told.returncode == 0
    why, last = head.said("relative")
    assert why.startswith("raydrift: output out is relative to the folder of this Ray job")
    assert last == "raydrift: failed with status 2"
    assert f"{why}\n{last}\n" in told.stdout
    assert "Job 'relative' failed" in head.job("status", "relative").stdout


@pytest.mark.slow
def test_a_profile_that_a_job_measured_is_what_another_drifts_by_and_a_third_merges(
    head: Head, scenes: Path, tmp_path: Path
) -> None:
    profile, output = tmp_path / "profile.toml", tmp_path / "out"
    config = tmp_path / "calibrate.toml"
    config.write_text(
        f'input = "{scenes}"\nnum_samples = 16\ntransforms = ["gaussian_blur"]\n'
        f'image = {{ height = 64, width = 64 }}\nembedding = {{ weights = "random" }}\n'
        f'[calibration]\nprofile = "{profile}"\nplot = "{tmp_path / "curve.png"}"\n'
        'metric = "energy_distance"\n'
    )
    assert head.send("calibrate", "jobs/calibrate.py", "--config", config).returncode == 0
    assert head.end("calibrate") == "SUCCEEDED"
    curve, written, last = head.said("calibrate")[-3:]
    assert (curve, written) == (f"curve: {tmp_path / 'curve.png'}", f"profile: {profile}")
    assert last == "raydrift: succeeded"
    measured = CalibrationProfile.load(profile)
    level = measured.level_for(measured.target_of(0.5))

    by_profile = ["--profile", profile, "--level", "0.5", "--image-size", "64", "--no-finalize"]
    assert head.send("drift", "jobs/generate.py", scenes, output, *by_profile).returncode == 0
    assert head.end("drift") == "SUCCEEDED"
    assert not (output / layout.ZIP).exists()

    merge = tmp_path / "finalize.toml"
    merge.write_text(f'output = "{output}"\n')
    for name in ("merge", "merge-again"):
        assert head.send(name, "jobs/finalize.py", "--config", merge).returncode == 0
        assert head.end(name) == "SUCCEEDED"
        assert head.said(name)[-1] == "raydrift: succeeded"
    assert head.said("merge")[0].startswith("72 images in ")
    assert head.said("merge-again")[0] == "72 images, complete already: nothing was done"
    told = head.told(require_record(StoragePath.of(output)).short_id)
    assert (told["images_written_total"], told["merged_images_total"]) == (72, 72)
    steps = pq.read_table(output / layout.PROVENANCE)["transforms"].to_pylist()
    assert {step["level"] for sample in steps for step in sample} == {level}
