"""The events of a run, in the order in which a reader of its log meets them."""

import json
from pathlib import Path
from typing import Any

import pytest

from raydrift.cli import run
from tests.faults.runs import CONFIG, SPOILED, write_album

Lines = list[dict[str, Any]]


def of(event: str, lines: Lines) -> Lines:
    return [line for line in lines if line["event"] == event]


@pytest.mark.usefixtures("ray_session")
def test_a_run_tells_its_begin_its_shards_what_was_rejected_and_how_it_ended(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It fails as five of 288 images are too many, and goes on where they are not."""
    config, output = tmp_path / "config.toml", tmp_path / "out"
    config.write_text(CONFIG)
    album = write_album(tmp_path / "album", scenes) / "album.csv"
    command = ["generate", str(album), str(output), "--config", str(config), "--log", "json"]

    assert run([*command, "--verbose", "--max-rejected", "0.01"]) == 1
    said = capsys.readouterr().err.splitlines()
    # The others are Ray's, which --verbose asks for.
    listed, *lines, last = (json.loads(line) for line in said if line.startswith('{"time"'))
    assert not [line for line in said if line.startswith("raydrift")]
    record = json.loads((output / "run.json").read_text())
    assert {line["run"] for line in lines} == {record["fingerprint"][:12]}

    assert (listed["event"], listed["images"], listed["classes"]) == ("input", 288, 6)
    assert sum(listed["images_by_class"].values()) == 288
    begin, failed = lines[0], lines[-1]
    assert (begin["event"], begin["level"], begin["output"]) == ("begin", "INFO", str(output))
    assert (begin["samples"], begin["shards"], begin["missing"]) == (288, 24, 24)
    shards = {line["shard"]: line for line in of("shard", lines)}
    assert sorted(shards) == list(range(24))
    assert {line["level"] for line in shards.values()} == {"DEBUG"}
    assert sum(line["png_bytes"] for line in shards.values()) == record["counts"]["image_bytes"]
    slowest = record["slowest_shards"][0]
    assert shards[slowest["shard"]]["seconds"] == slowest["seconds"]
    rejected = {line["shard"]: line for line in of("rejected", lines)}
    assert {shard: line["rejected"] for shard, line in rejected.items()} == {
        3: 1,
        8: 1,
        10: 2,
        20: 1,
    }
    assert rejected[3]["level"] == "WARNING"
    assert rejected[3]["first"] == f"{SPOILED[0]:03d}.jpg: the file is empty"
    progress = of("progress", lines)[-1]
    assert (progress["done"], progress["samples"], progress["rejected"]) == (288, 288, 5)
    assert (failed["event"], failed["level"], failed["error"]) == (
        "failed",
        "ERROR",
        "RejectedError",
    )
    assert failed["message"] == f"the run failed: {last['message']}"
    assert (last["event"], last["status"]) == ("exit", 1)

    assert run([*command, "--max-rejected", "0.1"]) == 0
    _, merge, end = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (merge["event"], merge["run"]) == ("merge", begin["run"])
    assert (end["event"], end["run"], end["status"]) == ("end", begin["run"], "complete")
    assert {name: end[name] for name in record["counts"]} == record["counts"]
