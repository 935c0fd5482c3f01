"""The images of a folder that a run takes from."""

import os
from pathlib import Path

from raydrift.catalog.image_files import files_of_folder
from raydrift.paths import StoragePath


def test_what_is_hidden_no_image_or_not_utf8_is_passed_over(tmp_path: Path) -> None:
    names = ["cat/1.PNG", "top.jpg", "cat/.2.png", "cat/notes.txt"]
    for name in [os.fsencode(name) for name in names] + [b"\xff/3.png", b"cat/\xff.png"]:
        path = os.path.join(os.fsencode(tmp_path), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(b"12")
    found = files_of_folder(StoragePath.of(tmp_path), "twins")
    assert found.keys.to_pylist() == ["cat/1.PNG", "top.jpg"]
    assert found.classes.to_pylist() == ["cat", "all"]
    assert [one["size"] for one in found.places.to_pylist()] == [2, 2]
