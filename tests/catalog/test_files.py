"""What is told of the files that a manifest names."""

import os
from pathlib import Path
from uuid import uuid4

import pytest

from raydrift.catalog import files, load_catalog
from raydrift.paths import StoragePath


def manifest(folder: Path, *names: str) -> str:
    """A manifest of some files; the first two of them are there."""
    for number, name in enumerate(names[:2]):
        (folder / name).write_bytes(b"x" * (number + 1))
        os.utime(folder / name, ns=(0, 7 + number))
    (folder / "list.csv").write_text("path,class\n" + "".join(f"{name},cat\n" for name in names))
    return str(folder / "list.csv")


def test_sizes_and_times_are_the_filesystems(tmp_path: Path) -> None:
    table = load_catalog(manifest(tmp_path, "1.jpg", "2.jpg", "gone.jpg")).table
    assert table["size"].to_pylist() == [1, 2, -1]
    assert table["modified"].to_pylist() == [7, 8, 0]


def test_a_manifest_elsewhere_is_the_same_input(tmp_path: Path) -> None:
    """Where its files have another content, that is seen as for a folder."""
    digests = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        digests.add(load_catalog(manifest(tmp_path / name, "1.jpg", "2.jpg", "gone.jpg")).digest())
    assert len(digests) == 1


def test_too_many_files_of_a_store_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would be a request. Where a manifest lies counts then."""
    monkeypatch.setattr(files, "MOST_REMOTE", 1)
    found = []
    for _ in range(2):
        root = StoragePath.of(f"memory://{uuid4().hex}")
        for name in ("1.jpg", "2.jpg"):
            (root / name).write_bytes(b"x")
        (root / "list.csv").write_bytes(b"path,class\n1.jpg,cat\n2.jpg,cat\n")
        found.append(load_catalog((root / "list.csv").uri))
    assert [one.table["size"].to_pylist() for one in found] == [[-1, -1]] * 2
    assert [one.table["modified"].to_pylist() for one in found] == [[-1, -1]] * 2
    assert found[0].digest() != found[1].digest()
