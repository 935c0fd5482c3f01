"""What Prometheus is told: exactly what run.json says, however short or interrupted the run was."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from raydrift.storage import layout
from tests.cluster.grafana import names_in, panels, queries
from tests.faults.runs import SHARDS, Gate, until, write_album
from tests.jobs.heads import Head, free_port

STAGES = ("read", "drift", "embed", "write")


def record_of(output: Path) -> dict[str, Any]:
    found = json.loads((output / layout.RUN).read_text())
    assert isinstance(found, dict)
    return found


def run_of(output: Path) -> str:
    return str(record_of(output)["fingerprint"][:12])


def check_all_is_told(head: Head, output: Path) -> dict[str, float]:
    """Compares the endpoint with run.json; what is at the endpoint."""
    record = record_of(output)
    counts, timings, told = record["counts"], record["timings"], head.told(run_of(output))
    assert told["images_written_total"] == told["merged_images_total"] == counts["written"]
    assert told["png_bytes_total"] == told["merged_png_bytes_total"] == counts["image_bytes"]
    rejected = [told[f"images_rejected_total {stage}"] for stage in ("read", "decode")]
    assert sum(rejected) == counts["rejected"]
    assert told["shard_seconds_count"] == -(-record["samples"] // record["shard_size"])
    for stage in STAGES:
        seconds = timings[f"all_workers_{stage}_seconds"]
        assert told[f"stage_seconds_total {stage}"] == pytest.approx(seconds, abs=1e-3)
    return told


def test_the_last_values_of_a_short_job_are_there_when_it_has_ended(
    head: Head, submitted: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    """Ray's report comes every 10 s, and its shards were all made in the last second."""
    output, done = submitted
    assert done.returncode == 0, done.stdout + done.stderr
    told = check_all_is_told(head, output)
    assert (told["images_written_total"], told["images_rejected_total decode"]) == (24, 0)
    assert told["png_bytes_total"] < told["shard_bytes_total"] < 1.5 * told["png_bytes_total"]
    assert told["stage_seconds_total embed"] > 0


def test_a_thousand_shards_are_no_more_series_than_one(
    head: Head, submitted: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    """No label but the run and the stage is ours."""
    ours = [one for one in head.scrape() if one.labels.get("run") == run_of(submitted[0])]
    rays = {"Component", "NodeAddress", "SessionName", "Version", "WorkerId", "le"}
    labels = {label for one in ours for label in one.labels if not label.startswith("otel_")}
    assert labels == {"run", "stage"} | rays
    assert {one.labels["stage"] for one in ours if "stage" in one.labels} == {*STAGES, "decode"}


@pytest.mark.slow
def test_a_job_that_is_stopped_and_sent_again_tells_each_shard_once(
    head: Head, scenes: Path, config: Path, tmp_path: Path
) -> None:
    """Seven of 24 shards of twelve images are done when it is stopped; five images are none."""
    album, output = write_album(tmp_path / "album", scenes), tmp_path / "out"
    command = ["jobs/generate.py", album / "album.csv", output, "--config", config, "--keep-shards"]
    command += ["--seed=7"]  # a run of its own, whatever other tests sent to this head
    gate = Gate(album, shard=7)
    assert head.send("told-1", *command).returncode == 0
    gate.wait()
    run = run_of(output)

    until(lambda: head.told(run).get("run_samples_done") == 84, "the next report")
    told = head.told(run)
    assert (told["run_samples"], told["shard_seconds_count"]) == (288, 7)
    assert (told["images_written_total"], told["images_rejected_total decode"]) == (83, 1)
    assert told["merged_images_total"] == 0
    time.sleep(25)  # in which no shard is made
    assert head.told(run) == told

    assert head.job("stop", "told-1").returncode == 0
    assert head.end("told-1") == "STOPPED"
    gate.open()
    assert head.send("told-2", *command, "--log", "json").returncode == 0
    assert head.end("told-2") == "SUCCEEDED", head.said("told-2")
    told = check_all_is_told(head, output)
    assert (told["images_written_total"], told["images_rejected_total decode"]) == (283, 5)
    sizes = [file.stat().st_size for file in (output / layout.SHARDS).glob("part-*.parquet")]
    assert (len(sizes), sum(sizes)) == (SHARDS, told["shard_bytes_total"])

    *lines, last = head.said("told-2")
    events = [json.loads(line) for line in lines if line.startswith("{")]
    listed, begin, *_, merge, end = events
    assert listed["event"] == "input"
    assert (begin["event"], begin["missing"], merge["event"], end["event"]) == (
        "begin", SHARDS - 7, "merge", "end",
    )  # fmt: skip
    assert {event["run"] for event in events if event is not listed} == {run}
    rejected = {one["shard"]: one["rejected"] for one in events if one["event"] == "rejected"}
    assert rejected == {8: 1, 10: 2, 20: 1}
    assert last == "raydrift: succeeded"


Query = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def prometheus(head: Head, tmp_path: Path) -> Iterator[Query]:
    """A Prometheus that watches the head node: what it answers about the time since it began."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("no prometheus on this machine (Debian has it)")
    config, address, began = tmp_path / "prometheus.yml", f"127.0.0.1:{free_port()}", time.time()
    target = head.metrics.removeprefix("http://")
    config.write_text(
        "scrape_configs: [{job_name: ray, scrape_interval: 1s, "
        f"static_configs: [{{targets: ['{target}']}}]}}]"
    )
    command = [program, f"--config.file={config}", f"--web.listen-address={address}"]
    process = subprocess.Popen(
        [*command, f"--storage.tsdb.path={tmp_path / 'tsdb'}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def query(text: str) -> list[dict[str, Any]]:
        span = {"query": text, "start": began, "end": time.time(), "step": 1}
        with urlopen(f"http://{address}/api/v1/query_range?{urlencode(span)}") as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return found

    try:
        yield query
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_every_query_of_the_dashboard_has_an_answer(
    prometheus: Query, head: Head, scenes: Path, config: Path, tmp_path: Path
) -> None:
    """From a real Prometheus, which saw one run from its begin to its end."""
    album, output = write_album(tmp_path / "album", scenes), tmp_path / "out"
    command = ["jobs/generate.py", album / "album.csv", output, "--config", config, "--seed", "7"]
    gate = Gate(album, shard=20)
    assert head.send("watched", *command).returncode == 0
    gate.wait()
    run = run_of(output)
    until(lambda: head.told(run).get("run_samples_done") == 240, "the next report")
    gate.open()
    assert head.end("watched") == "SUCCEEDED", head.said("watched")
    time.sleep(2)

    def values(text: str) -> list[float]:
        text = text.replace("$__rate_interval", "30s").replace("$run", run)
        found = [float(value) for one in prometheus(text) for _, value in one["values"]]
        return [value for value in found if value == value]

    answers = {text: values(text) for text in queries()}
    assert [text for text, found in answers.items() if not found] == []
    by_title = {panel["title"]: answers[panel["targets"][0]["expr"]] for panel in panels()}
    counts = record_of(output)["counts"]
    assert 240 <= max(by_title["Samples"]) <= counts["asked"]
    assert max(by_title["Rejected"]) == pytest.approx(5 / 288)
    assert max(by_title["Merged"]) == counts["written"] == 283
    assert max(by_title["Rejected images"]) == 5
    for title in ("Images/s", "Bytes/s", "Seconds per image, by stage", "Seconds per shard"):
        assert max(by_title[title]) > 0, title
    assert max(by_title["Done"]) >= 240 / 288
    assert min(by_title["Time left"]) >= 0


@pytest.mark.usefixtures("submitted")
def test_the_dashboard_asks_for_what_there_is(head: Head) -> None:
    """But for the two gauges of a run, which go with it."""
    there = {one.name for one in head.scrape()} | {
        f"ray_raydrift_{name}" for name in ("run_samples", "run_samples_done")
    }
    asked = {name for text in queries() for name in names_in(text)}
    assert asked - there == set()
    ours = {name for name in there if name.startswith("ray_raydrift_")}
    unasked = {re.sub("_(sum|count)$", "", name) for name in ours - asked}
    assert unasked <= {"ray_raydrift_shard_seconds"}, "else nobody sees it"
