"""Checkpoints: kept from time to time, read by the job that they are of, gone in the end."""

from pathlib import Path

from raydrift.paths import StoragePath
from raydrift.storage.checkpoints import Checkpoint, make_checkpoints, remove_checkpoints


def test_what_was_kept_last_is_read_until_it_is_removed(tmp_path: Path) -> None:
    folder = StoragePath.of(str(tmp_path))
    make_checkpoints(folder, "a" * 64)
    one, other = (Checkpoint(folder, "a" * 64, number, every=0) for number in (1, 2))
    assert one.read() is None
    one.keep(lambda: b"first")
    one.keep(lambda: b"second")
    assert (one.read(), other.read()) == (b"second", None)
    one.remove()
    one.remove()
    assert one.read() is None


def test_before_it_is_time_nothing_is_made(tmp_path: Path) -> None:
    folder = StoragePath.of(str(tmp_path))
    make_checkpoints(folder, "a")
    made: list[int] = []
    one = Checkpoint(folder, "a", 1, every=1000)
    one.keep(lambda: bytes(len(made.append(1) or b"")))
    assert made == []
    assert one.read() is None


def test_those_of_another_job_are_deleted_and_what_was_half_written(tmp_path: Path) -> None:
    folder = StoragePath.of(str(tmp_path))
    for fingerprint in ("a" * 64, "b" * 64):
        make_checkpoints(folder, fingerprint)
        Checkpoint(folder, fingerprint, 7, every=0).keep(lambda: b"x")
    assert [path.name for path in (tmp_path / "_checkpoints").iterdir()] == [
        f"fit-{'b' * 16}-00000007.pt"
    ]
    make_checkpoints(folder, "b" * 64)
    assert Checkpoint(folder, "b" * 64, 7).read() == b"x"
    remove_checkpoints(folder)
    remove_checkpoints(folder)
    assert list(tmp_path.iterdir()) == []
