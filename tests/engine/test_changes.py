"""Images of the input that have another content than when a run saw them."""

import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow.parquet as pq
import pytest

from raydrift.engine import changes
from raydrift.engine.changes import ShardFiles, compare_files
from raydrift.engine.cluster_map import over_cluster
from raydrift.engine.data.companions import MaskReader, content_crc
from raydrift.engine.data.reader import Reader
from raydrift.engine.generate import generate
from raydrift.errors import LockedError, OutputError, ResourcesError
from raydrift.paths import StoragePath
from raydrift.settings import GenerateSettings, ImageSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage import lock
from raydrift.storage.listing import unpack
from tests.made_shards import shard_file
from tests.tiff_files import tiff_of

pytestmark = pytest.mark.usefixtures("ray_session")


def settings_for(source: Path, output: Path, **write: Any) -> GenerateSettings:
    """Eight small images in order, two a shard."""
    return generate_settings(
        {
            "input": str(source),
            "output": str(output),
            "shuffle": False,
            "transforms": ["rotate:0.3"],
            "image": {"height": 32, "width": 32},
            "write": {"shard_size": 2} | write,
            "faults": {"max_rejected": 0.5},
            "cluster": {"workers": 1},
        }
    )


@pytest.fixture
def images(scenes: Path, tmp_path: Path) -> Path:
    """Eight boats, the last of which is no image."""
    folder = tmp_path / "in" / "boat"
    folder.mkdir(parents=True)
    for number in range(8):
        shutil.copy(scenes / f"boat/boat_{number:03d}.jpg", folder)
    (folder / "boat_007.jpg").write_bytes(b"no image")
    return tmp_path / "in"


def replace_image(folder: Path, number: int, like: int) -> None:
    """Puts the picture of another file into one, which keeps its name and its size."""
    file = folder / f"boat/boat_{number:03d}.jpg"
    size, content = file.stat().st_size, (folder / f"boat/boat_{like:03d}.jpg").read_bytes()
    padded = content + bytes(max(0, size - len(content)))  # after the picture's end
    if len(padded) > size:
        whole = file.read_bytes()
        padded = whole[:20] + bytes([whole[20] ^ 1]) + whole[21:]
    file.write_bytes(padded)
    assert file.stat().st_size == size


def results(output: Path) -> dict[str, bytes]:
    """All files of the result, ``run.json`` apart."""
    files = (path for path in output.iterdir() if path.suffix in (".zip", ".parquet"))
    return {path.name: path.read_bytes() for path in files}


def written(output: Path) -> dict[str, int]:
    """When each file of the result was written."""
    return {name: (output / name).stat().st_mtime_ns for name in results(output)}


def test_every_sample_has_the_checksum_of_its_file(images: Path, tmp_path: Path) -> None:
    generate(settings_for(images, tmp_path / "out"), quiet=True)
    files = sorted(images.glob("boat/*.jpg"))
    checksums = [crc32(file.read_bytes()) for file in files]
    provenance = pq.read_table(tmp_path / "out/provenance.parquet")
    assert provenance["content_crc"].to_pylist() == checksums[:7]
    rejected = pq.read_table(tmp_path / "out/rejected.parquet")
    assert rejected["content_crc"].to_pylist() == checksums[7:]


CHANGED = "2 images had another content than when the run read the input, in 2 of 4 shards: "


@pytest.mark.parametrize(
    ("write", "told"),
    [
        ({}, CHANGED + "all, since they were not kept, were made again"),
        ({"keep_shards": True}, CHANGED + "these were made again"),
        ({"finalize": False}, CHANGED + "these were made again"),
    ],
    ids=["complete", "complete with shards", "not merged"],
)
def test_what_was_made_of_other_images_is_made_again(
    images: Path, tmp_path: Path, write: dict[str, bool], told: str
) -> None:
    settings = settings_for(images, tmp_path / "out", **write)
    generate(settings, quiet=True)
    shards = {path.name for path in (tmp_path / "out").glob("_shards/part-*.parquet")}
    replace_image(images, 0, like=3)
    (images / "boat/boat_007.jpg").write_bytes((images / "boat/boat_001.jpg").read_bytes())
    record = generate(settings, quiet=True)
    assert told in record.notes
    now = {path.name for path in (tmp_path / "out").glob("_shards/part-*.parquet")}
    assert len(shards & now) == (2 if shards else 0), "the others are kept"
    again = settings_for(images, tmp_path / "out", keep_shards=True)
    assert generate(again, quiet=True).counts["written"] == 8
    fresh = settings_for(images, tmp_path / "fresh")
    generate(fresh, quiet=True)
    assert results(tmp_path / "out") == results(tmp_path / "fresh")


def test_shards_that_do_not_tell_what_they_were_made_of_are_made_again(
    images: Path, tmp_path: Path
) -> None:
    """As after a power cut that left zeros, or with an entry that lost what was rejected."""
    settings = settings_for(images, tmp_path / "out", finalize=False)
    record = generate(settings, quiet=True)
    shard, entry = shard_file(tmp_path / "out", 0), shard_file(tmp_path / "out", 3, "json")
    shard.write_bytes(bytes(shard.stat().st_size))
    entry.write_text(entry.read_text().replace("rejected_images", "others"))
    touched(images)
    again = generate(settings_for(images, tmp_path / "out"), quiet=True)
    assert (again.counts, again.notes) == (record.counts, record.notes)


def test_results_that_cannot_be_read_to_compare_are_named(images: Path, tmp_path: Path) -> None:
    settings = settings_for(images, tmp_path / "out")
    generate(settings, quiet=True)
    provenance = tmp_path / "out/provenance.parquet"
    content = provenance.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    provenance.write_bytes(b"PAR1" + bytes(len(content) - footer - 4) + content[-footer:])
    touched(images)
    with pytest.raises(OutputError, match=r"provenance\.parquet cannot be read \(.*delete it and"):
        generate(settings, quiet=True)
    provenance.unlink()
    assert generate(settings, quiet=True).status == "complete"
    assert provenance.read_bytes() == content


def test_the_results_stay_until_others_take_their_place(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(images, tmp_path / "out")
    generate(settings, quiet=True)
    before = results(tmp_path / "out")
    replace_image(images, 0, like=3)

    def fails(*_: object, **__: object) -> None:
        raise ResourcesError("no CPU is free")

    with monkeypatch.context() as patched:
        patched.setattr("raydrift.engine.jobs.job.run_pipeline", fails)
        with pytest.raises(ResourcesError):
            generate(settings, quiet=True)
    assert results(tmp_path / "out") == before
    generate(settings, quiet=True)
    assert results(tmp_path / "out").keys() == before.keys()
    assert results(tmp_path / "out") != before


def test_an_image_that_changes_the_range_of_values_does_not_make_it_another_run(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "in/scan"
    folder.mkdir(parents=True)
    for number in range(2):
        (folder / f"{number}.tif").write_bytes(tiff_of(np.full((8, 8), 900 + number, "u2"), 1))
    settings = settings_for(tmp_path / "in", tmp_path / "out")
    assert generate(settings, quiet=True).ranges_found == {"uint16": [0.0, 1023.0]}
    (folder / "1.tif").write_bytes(tiff_of(np.full((8, 8), 4000, "u2"), 1))
    record = generate(settings, quiet=True)
    assert record.ranges_found == {"uint16": [0.0, 1023.0]}
    assert any("1 image had another content" in note for note in record.notes)


def touched(folder: Path) -> Path:
    for file in folder.glob("boat/*.jpg"):
        os.utime(file, ns=(1, 1))
    return folder


def copied(folder: Path) -> Path:
    there = folder.with_name("elsewhere")
    return Path(shutil.copytree(folder, there, symlinks=True, copy_function=shutil.copy))


@pytest.mark.parametrize("change", [touched, copied])
def test_files_that_were_touched_or_copied_change_nothing(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], Path]
) -> None:
    """They are read once, even if one of them never could be."""
    (images / "boat/boat_0065.jpeg").symlink_to("nowhere")
    first = generate(settings_for(images, tmp_path / "out"), quiet=True)
    before = written(tmp_path / "out")
    settings = settings_for(change(images), tmp_path / "out")
    record = generate(settings, quiet=True)
    assert written(tmp_path / "out") == before
    assert record.notes == first.notes
    assert all(a != b for a, b in zip(unpack(record.listing), unpack(first.listing), strict=True))
    assert json.loads((tmp_path / "out/run.json").read_text())["listing"] == record.listing

    def unexpected(*_: object) -> None:
        raise AssertionError("they were looked at already")

    monkeypatch.setattr(changes, "compare_files", unexpected)
    assert generate(settings, quiet=True) == record


def test_a_long_look_at_the_input_that_lost_its_folder_writes_nothing(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    generate(settings_for(images, output, keep_shards=True), quiet=True)
    before = {path: path.read_bytes() for path in output.rglob("*.*")}
    touched(images)
    compare = changes.compare_files

    def compare_for_long(*arguments: Any) -> tuple[int, int, bool]:
        (output / "run.lock").write_text(
            '{"owner": "b", "host": "b", "pid": 1, "machine": "", "renewed": 1}'
        )
        now = lock.time.time()
        monkeypatch.setattr(lock.time, "time", lambda: now + 3600)
        return compare(*arguments)

    monkeypatch.setattr(changes, "compare_files", compare_for_long)
    with pytest.raises(LockedError, match=r"another run is at work in .* \(b:1\)"):
        generate(settings_for(images, output), quiet=True)
    (output / "run.lock").unlink()
    assert {path: path.read_bytes() for path in output.rglob("*.*")} == before


def test_the_nodes_of_a_cluster_compare_files_too(images: Path) -> None:
    """Of another content, of none before, gone now, and as they were."""
    names = sorted(str(path.relative_to(images)) for path in images.glob("boat/*.jpg"))
    before = np.array([crc32((images / name).read_bytes()) for name in names])
    replace_image(images, 5, like=2)
    before[4] = -1
    (images / "boat/boat_006.jpg").unlink()
    shards = [ShardFiles(2 + n, names[n : n + 2], before[n : n + 2]) for n in range(0, 8, 2)]
    compare = partial(compare_files, Reader(StoragePath.of(images), 2**20), ())
    found = list(over_cluster(compare, shards, 1, cpus=2))
    assert found == [(2, 0, True), (4, 0, True), (6, 1, True), (8, 0, False)]


def test_a_file_is_known_by_its_mask_too(tmp_path: Path) -> None:
    """One image of two masks; of another the mask cannot be read now."""
    place = StoragePath.of(tmp_path)
    for name in ("1.jpg", "2.jpg", "a.png", "b.png"):
        (tmp_path / name).write_bytes(name.encode())
    paths, masks = ["1.jpg", "1.jpg", "2.jpg", "2.jpg"], ["a.png", "b.png", None, "gone.png"]
    crcs = [
        content_crc(path.encode(), mask and mask.encode())
        for path, mask in zip(paths, masks, strict=True)
    ]
    files = ShardFiles(3, paths, np.array(crcs), [masks])
    readers = [MaskReader(place, ImageSettings())]
    assert compare_files(Reader(place, 2**20), readers, files) == (3, 0, False)
    (tmp_path / "b.png").write_bytes(b"other")
    (tmp_path / "gone.png").write_bytes(b"gone.png")
    assert compare_files(Reader(place, 2**20), readers, files) == (3, 1, True)


def test_images_of_a_manifest_are_looked_at_as_well(images: Path, tmp_path: Path) -> None:
    rows = "".join(f"boat/boat_{number:03d}.jpg,boat\n" for number in range(6))
    (images / "list.csv").write_text("path,class\n" + rows)
    settings = settings_for(images / "list.csv", tmp_path / "out", keep_shards=True)
    generate(settings, quiet=True)
    replace_image(images, 5, like=2)
    record = generate(settings, quiet=True)
    assert record.notes == [
        "1 image had another content than when the run read the input, in 1 of 3 shards: "
        "these were made again"
    ]


def test_a_file_that_cannot_be_read_now_is_no_change(images: Path, tmp_path: Path) -> None:
    """What was made of it stays; the file is looked at again another time."""
    settings = settings_for(images, tmp_path / "out")
    first = generate(settings, quiet=True)
    (images / "boat/boat_000.jpg").unlink()
    (images / "boat/boat_000.jpg").symlink_to("nowhere.jpg")
    record = generate(settings, quiet=True)
    assert record == first
