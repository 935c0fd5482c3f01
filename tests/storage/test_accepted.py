"""What a run accepted is what is merged, whatever comes to the folder of its shards later."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from raydrift.errors import RejectedError, ShardError
from raydrift.paths import StoragePath
from raydrift.storage.accepted import accept, read_accepted, rows_there
from raydrift.storage.finalize import finalize
from raydrift.storage.record import load_record, require_record
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import LedgerRow, read_attempts, read_ledger
from tests.made_shards import make_shards, shard_file
from tests.storage.test_finalize import digest, settings_for


@pytest.fixture
def accepted(scenes: Path, tmp_path: Path) -> StoragePath:
    """A run of 72 images whose five shards were accepted."""
    output = make_shards(settings_for(scenes, tmp_path / "out"))
    record = require_record(output)
    accept(output, record, list(read_ledger(output, record.fingerprint).values()))
    return output


def names(output: StoragePath) -> set[str]:
    return {path.name for path in Path(output.path, "_shards").iterdir()}


def commit_late(scenes: Path, output: StoragePath, tmp_path: Path) -> None:
    """A worker that sees nothing of the input commits its attempt at every shard."""
    unreachable = tmp_path / "unreachable"
    for path in scenes.glob("*/*.jpg"):
        link = unreachable / path.parent.name / path.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to("nowhere")
    before = require_record(output)
    late = tmp_path / "late"
    make_shards(settings_for(unreachable, late))
    for path in (late / "_shards").glob("*.parquet"):
        path.rename(Path(output.path, "_shards", path.name))
    for path in (late / "_shards").glob("*.json"):
        entry = json.loads(path.read_text()) | {"fingerprint": before.fingerprint}
        Path(output.path, "_shards", path.name).write_text(json.dumps(entry))


def test_the_ledger_rows_come_back_as_they_were_accepted(accepted: StoragePath) -> None:
    record = require_record(accepted)
    assert record.status == "sharded"
    rows = read_accepted(accepted, record)
    assert rows == list(read_ledger(accepted, record.fingerprint).values())
    assert [row.shard for row in rows] == [0, 1, 2, 3, 4]


def test_many_rows_are_packed_in_batches(accepted: StoragePath) -> None:
    record = require_record(accepted)
    one = read_accepted(accepted, record)[0]
    rows = [replace(one, shard=number, crc32=2**32 - 1 - number) for number in range(10_000)]
    accept(accepted, record, rows)
    assert read_accepted(accepted, require_record(accepted)) == rows


def test_a_late_attempt_is_not_merged(scenes: Path, accepted: StoragePath, tmp_path: Path) -> None:
    commit_late(scenes, accepted, tmp_path)
    record = require_record(accepted)
    assert len(read_attempts(accepted, record.fingerprint)) == 10
    assert len(rows_there(accepted, record)) == 5
    finalize(make_shards(settings_for(scenes, tmp_path / "undisturbed")))
    assert finalize(accepted).counts["written"] == 72
    assert digest(accepted) == digest(tmp_path / "undisturbed")
    assert not Path(accepted.path, "_shards").exists()


def test_a_late_attempt_is_not_kept_either(
    scenes: Path, accepted: StoragePath, tmp_path: Path
) -> None:
    before = names(accepted)
    commit_late(scenes, accepted, tmp_path)
    finalize(accepted, keep_shards=True)
    assert names(accepted) == before


def test_of_a_run_that_accepted_nothing_yet_the_best_attempts_are_merged(
    scenes: Path, tmp_path: Path
) -> None:
    """As one whose driver was killed after the last shard."""
    output = make_shards(settings_for(scenes, tmp_path / "out"))
    commit_late(scenes, output, tmp_path)
    counts = finalize(output, keep_shards=True).counts
    assert (counts["written"], counts["unread"]) == (72, 0)
    assert len(names(output)) == 2 * 5 + 1, "the other attempts are gone"


@pytest.mark.parametrize("damage", ["deleted", "altered"])
def test_a_damaged_list_of_shards_is_not_believed(accepted: StoragePath, damage: str) -> None:
    path = Path(accepted.path, "_shards", "accepted.arrow")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    if damage == "deleted":
        path.unlink()
    with pytest.raises(ShardError) as caught:
        finalize(accepted)
    assert str(caught.value) == (
        f"{path} is gone or was altered since it was written: "
        "run the same generate command again, it looks at all shards"
    )
    assert len(rows_there(accepted, require_record(accepted))) == 5


def test_an_accepted_shard_that_is_gone_stops_the_merge(accepted: StoragePath) -> None:
    shard_file(Path(accepted.path), 2).unlink()
    assert len(rows_there(accepted, require_record(accepted))) == 4
    with pytest.raises(ShardError, match=r"part-00000002-\w{8}\.parquet was altered"):
        finalize(accepted)


@pytest.fixture
def missing(scenes: Path, tmp_path: Path) -> Iterator[Path]:
    """72 images, of which the first so many of a class can be taken out of reach."""
    source = tmp_path / "in"
    for path in scenes.glob("*/*.jpg"):
        (source / path.parent.name).mkdir(parents=True, exist_ok=True)
        (source / path.parent.name / path.name).symlink_to(path)
    return source


def out_of_reach(source: Path, count: int) -> None:
    for path in sorted(source.glob("*/*.jpg"))[:count]:
        path.unlink()
        path.symlink_to("nowhere.jpg")


def shards_of(source: Path, output: Path, **faults: Any) -> StoragePath:
    return make_shards(settings_for(source, output, shuffle=False, faults=faults))


def test_more_rejected_images_than_the_run_allows_stop_a_merge_alone(
    missing: Path, tmp_path: Path
) -> None:
    out_of_reach(missing, 24)
    output = shards_of(missing, tmp_path / "out")
    before = names(output)
    with pytest.raises(RejectedError) as caught:
        finalize(output)
    assert str(caught.value) == (
        "24 of 72 images cannot be used, more than --max-rejected 0.1 (first: boat/boat_000.jpg: "
        f"No such file or directory): see {output}/rejected.parquet; 24 of them could not be read, "
        "the same generate command looks for them again; the shards are kept, generate "
        "with a higher limit or raydrift finalize --accept-rejected finishes with the rest"
    )
    assert names(output) == before
    assert not (tmp_path / "out/sampled_images.zip").exists()
    assert finalize(output, accept_rejected=True).counts["written"] == 48
    assert load_record(output).status == "complete"


def test_an_unread_image_stops_a_merge_alone_under_the_limit_too(
    missing: Path, tmp_path: Path
) -> None:
    """The run that made the shards would look for it once more."""
    out_of_reach(missing, 2)
    output = shards_of(missing, tmp_path / "out")
    with pytest.raises(RejectedError) as caught:
        finalize(output)
    assert str(caught.value) == (
        "2 of 72 images could not be read (first: boat/boat_000.jpg): run the same generate "
        "command again, it reads those that are there by now, or finish without them by raydrift "
        "finalize --accept-rejected"
    )
    assert finalize(output, accept_rejected=True).counts["unread"] == 2


def test_a_run_that_is_to_stop_at_the_first_image_is_not_merged_with_one(
    missing: Path, tmp_path: Path
) -> None:
    (missing / "boat/boat_000.jpg").unlink()
    (missing / "boat/boat_000.jpg").write_bytes(b"")
    output = shards_of(missing, tmp_path / "out", on_error="fail")
    with pytest.raises(RejectedError) as caught:
        finalize(output)
    assert str(caught.value) == (
        "boat/boat_000.jpg: the file is empty: the run is to stop at images that cannot be used: "
        "give the same generate command with --on-error skip, or finish without them by raydrift "
        "finalize --accept-rejected"
    )


def test_damaged_images_under_the_limit_are_no_matter(missing: Path, tmp_path: Path) -> None:
    (missing / "boat/boat_000.jpg").unlink()
    (missing / "boat/boat_000.jpg").write_bytes(b"")
    counts = finalize(shards_of(missing, tmp_path / "out")).counts
    assert (counts["rejected"], counts["unread"]) == (1, 0)


def test_a_rows_every_field_is_kept() -> None:
    from raydrift.storage.accepted import _pack, _unpack

    remarks = (Remark("came out flat", 2, ("猫/1.tif", "猫/2.tif")),)
    row = LedgerRow(
        shard=1, fingerprint="f", asked=2, written=2, rejected=0, unread=0, content_bytes=100,
        names_size=24, size=200, crc32=300, first_rejected="猫: x", interrupted=1,
        attempt="0123abcd", remarks=remarks, worker="h:1", pixels_on="x86-64-v3",
        embedded_on="cpu", listing=7, started=1.5, read_seconds=0.1,
    )  # fmt: skip
    assert list(_unpack(_pack([row]))) == [row]
