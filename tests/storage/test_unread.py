"""Images that could not be read: which shards are worth making anew."""

from pathlib import Path

import pytest

from raydrift.paths import StoragePath
from raydrift.settings import ImageSettings
from raydrift.storage import unread
from raydrift.storage.finalize import finalize
from raydrift.storage.record import require_record
from raydrift.storage.shards import LedgerRow, read_ledger
from raydrift.storage.unread import is_any_readable_now, look, shards_to_read_again
from tests.made_shards import make_shards
from tests.storage.test_finalize import settings_for

MOST = 2**20


@pytest.fixture
def album(scenes: Path, tmp_path: Path) -> Path:
    """A folder of 12 boats, of which numbers 1, 5 and 6 are dangling links."""
    folder = tmp_path / "in" / "boat"
    folder.mkdir(parents=True)
    for number, path in enumerate(sorted(scenes.glob("boat/*.jpg"))):
        target = "nowhere" if number in (1, 5, 6) else path
        (folder / path.name).symlink_to(target)
    return folder


@pytest.fixture
def output(album: Path, tmp_path: Path) -> StoragePath:
    """Its run in four shards of three; the unread are in the first three."""
    settings = settings_for(album.parent, tmp_path / "out", shuffle=False)
    return make_shards(settings, size=3)


def rows_of(output: StoragePath) -> list[LedgerRow]:
    return list(read_ledger(output, require_record(output).fingerprint).values())


def put_back(album: Path, number: int) -> None:
    path = album / f"boat_{number:03d}.jpg"
    path.unlink()
    path.write_bytes(b"an image, perhaps")


def test_shards_whose_images_are_still_missing_are_not_made_anew(
    album: Path, output: StoragePath
) -> None:
    source, rows = StoragePath.of(album.parent), rows_of(output)
    assert [row.unread for row in rows] == [1, 1, 1, 0]
    assert shards_to_read_again(output, rows, source, MOST) == []
    put_back(album, 5)
    assert shards_to_read_again(output, rows, source, MOST) == [1]
    assert shards_to_read_again(output, rows, source, 5) == [], "it is larger than max_bytes"


def test_a_shard_whose_ledger_entry_was_altered_is_made_anew(
    album: Path, output: StoragePath
) -> None:
    rows = rows_of(output)
    entry = Path(output.path, "_shards", rows[2].ledger_name)
    entry.write_text(entry.read_text().replace("rejected_images", "others"))
    assert shards_to_read_again(output, rows, StoragePath.of(album.parent), MOST) == [2]


def test_shards_whose_reading_was_interrupted_are_made_anew_unseen(
    album: Path, output: StoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [LedgerRow(**vars(row) | {"interrupted": row.unread}) for row in rows_of(output)]
    monkeypatch.setattr(unread, "look", None)
    assert shards_to_read_again(output, rows, StoragePath.of(album.parent), MOST) == [0, 1, 2]


def test_where_the_input_is_out_of_reach_the_run_has_to_find_out(
    album: Path, output: StoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at a store that does not answer takes many seconds."""
    looks = list[str]()
    monkeypatch.setattr(unread, "_LOOKING", 1)
    monkeypatch.setattr(unread, "look", lambda _, path, __: looks.append(path) or "interrupted")
    assert shards_to_read_again(output, rows_of(output), StoragePath.of(album), MOST) == [0, 1, 2]
    assert looks == ["boat/boat_001.jpg"]


def test_a_finished_run_is_asked_by_its_table_of_rejected_images(
    album: Path, output: StoragePath
) -> None:
    finalize(output, accept_rejected=True)
    source = StoragePath.of(album.parent)
    assert not is_any_readable_now(output, source, MOST)
    put_back(album, 6)
    assert is_any_readable_now(output, source, MOST)


def test_an_image_that_is_too_large_to_decode_is_not_read_again(
    album: Path, output: StoragePath
) -> None:
    put_back(album, 5)
    most = ImageSettings(max_memory=5).most_read
    assert shards_to_read_again(output, rows_of(output), StoragePath.of(album.parent), most) == []


def test_what_counts_as_readable(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"12345")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    source = StoragePath.of(tmp_path)
    found = {name: look(source, name, 5) for name in ("a.jpg", "empty.jpg", "folder.jpg", "x\0y")}
    assert found == {
        "a.jpg": "readable",
        "empty.jpg": "readable",
        "folder.jpg": "unreadable",
        "x\0y": "unreadable",
    }
    assert look(source, "a.jpg", 4) == "unreadable"
    assert look(StoragePath.of("/proc/self"), "mem", MOST) == "interrupted", "an input/output error"
