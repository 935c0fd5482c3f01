"""One shard's work as plain functions: read, drift, encode, commit."""

import io
import os
import shutil
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from raydrift import schemas
from raydrift.catalog import load_catalog
from raydrift.drift import apply_chain
from raydrift.drift.written import read_back
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.shard_images import shard_images
from raydrift.engine.data.shard_work import (
    ShardJob,
    ShardPart,
    commit_shard,
    drift_shard,
)
from raydrift.errors import ImageError
from raydrift.images.codec import RGB, decode
from raydrift.images.decoded import Decoded
from raydrift.images.profiles import NOT_APPLIED, UNREADABLE
from raydrift.paths import StoragePath
from raydrift.settings import EmbeddingSettings, GenerateSettings, ImageSettings, OutputSettings
from raydrift.storage.shards import open_shard, read_ledger, read_rejected
from raydrift.transforms import ImageTransform, TransformInfo, plain_transforms
from tests.image_files import file_of
from tests.images.made_profiles import ADOBE, rgb_profile

SMALL = ImageSettings(height=40, width=56)
MOST = 2**30
ALL_TRANSFORMS = tuple(TransformInfo(one, 0.7) for one in plain_transforms())


def job_for(source: Path, output: Path | str = "unused", **values: Any) -> ShardJob:
    values = {"image": SMALL, "transforms": ALL_TRANSFORMS, "shuffle": False} | values
    told = GenerateSettings(input=str(source), output=str(output), **values)
    return ShardJob(told, StoragePath.of(source), StoragePath.of(output), "run", {})


def tasks_of(job: ShardJob, count: int, first: int = 0) -> pa.Table:
    catalog = load_catalog(job.settings.input)
    order = catalog.order(job.settings.seed, job.settings.shuffle)
    return catalog.samples(
        order, first, count, shard=3, first_timestamp=0.0, delta_timestamp=1800.0
    )


def pixels_of(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def said(problem: bytes | ImageError) -> tuple[str, str]:
    assert isinstance(problem, ImageError)
    return problem.stage, problem.reason


def spoil(folder: Path) -> None:
    """Makes four of the twelve boats unusable, each in its own way."""
    (folder / "boat_002.jpg").write_bytes(b"")
    (folder / "boat_005.jpg").write_bytes(b"GIF89a, or so it says")
    (folder / "boat_007.jpg").unlink()
    (folder / "boat_009.jpg").unlink()
    (folder / "boat_009.jpg").mkdir()


BROKEN = {
    2: ("decode", "the file is empty"),
    5: ("decode", "not an image in a known format"),
    7: ("read", "No such file or directory"),
    9: ("read", "Is a directory"),
}


@pytest.fixture
def broken(scenes: Path, tmp_path: Path) -> tuple[ShardJob, pa.Table]:
    """A shard of twelve boats of which four were spoiled after the input was listed."""
    shutil.copytree(scenes / "boat", tmp_path / "in" / "boat")
    job = job_for(tmp_path / "in", tmp_path / "out")
    tasks = tasks_of(job, 12)
    spoil(tmp_path / "in" / "boat")
    (job.output / "_shards").create()
    return job, tasks


def drifted(job: ShardJob, tasks: pa.Table, keep_pixels: bool) -> tuple[pa.Table, RGB | None]:
    (whole,) = drift_shard(job, tasks, keep_pixels, Reader(job.source, MOST))
    return whole


@given(st.lists(st.integers(0, 71), max_size=90))
def test_fetch_gives_the_contents_in_the_order_of_the_paths(scenes: Path, picks: list[int]) -> None:
    files = sorted(path for path in scenes.rglob("*.jpg"))
    paths = [str(files[pick].relative_to(scenes)) for pick in picks]
    contents = list(Reader(StoragePath.of(scenes), MOST).fetch(paths))
    assert contents == [files[pick].read_bytes() for pick in picks]


def test_fetch_takes_absolute_paths_as_they_are(scenes: Path, tmp_path: Path) -> None:
    path = scenes / "boat" / "boat_000.jpg"
    assert list(Reader(StoragePath.of(tmp_path), MOST).fetch([str(path)])) == [path.read_bytes()]


def test_fetch_tells_what_it_cannot_read_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "file.jpg").write_bytes(b"abc")
    paths = ["gone.jpg", "folder.jpg", "file.jpg/x.jpg", "loop.jpg", "x" * 300, "file.jpg"]
    *problems, content = Reader(StoragePath.of(tmp_path), MOST).fetch(paths)
    assert [said(problem) for problem in problems] == [
        ("read", "No such file or directory"),
        ("read", "Is a directory"),
        ("read", "Not a directory"),
        ("read", "Too many levels of symbolic links"),
        ("read", "File name too long"),
    ]
    assert content == b"abc"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_fetch_tells_what_it_may_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").touch(mode=0)
    (problem,) = Reader(StoragePath.of(tmp_path), MOST).fetch(["secret.jpg"])
    assert said(problem) == ("read", "Permission denied")


def test_a_path_that_no_filesystem_can_have_is_an_unreadable_image(scenes: Path) -> None:
    (problem,) = Reader(StoragePath.of(scenes), MOST).fetch(["boat/a\0b.jpg"])
    assert said(problem)[0] == "read"


def test_a_missing_file_behind_fsspec_is_told_in_words() -> None:
    source = StoragePath.of(f"memory://{uuid4().hex}")
    (problem,) = Reader(source, MOST).fetch(["boat/gone.jpg"])
    stage, reason = said(problem)
    assert stage == "read"
    assert reason not in (f"{source.path}/boat/gone.jpg", "boat/gone.jpg")


def test_the_table_keeps_the_tasks_and_adds_what_was_made(scenes: Path) -> None:
    job = job_for(scenes)
    tasks = tasks_of(job, 5)
    table, pixels = drifted(job, tasks, keep_pixels=False)
    assert pixels is None
    assert table.select(schemas.TASK.names).equals(tasks)
    assert table["file_name"].to_pylist() == [f"{i:08d}.png" for i in range(5)]
    assert [image["path"] for image in table["image"].to_pylist()] == [
        f"{i:08d}.png" for i in range(5)
    ]
    assert table.schema.field("transforms").type == schemas.TRANSFORMS
    assert table["stage"].null_count == table["error"].null_count == 5


def test_organized_members_lie_in_their_class_folder(scenes: Path) -> None:
    job = job_for(scenes, write=OutputSettings(organize_by_class=True))
    table, _ = drifted(job, tasks_of(job, 2, first=11), keep_pixels=False)
    names = ["boat/00000011.png", "city_night/00000012.png"]
    assert table["file_name"].to_pylist() == names
    assert [image["path"] for image in table["image"].to_pylist()] == names


def test_the_pixels_are_those_of_the_pngs(scenes: Path) -> None:
    job = job_for(scenes)
    table, pixels = drifted(job, tasks_of(job, 6, first=9), keep_pixels=True)
    assert pixels is not None
    assert (pixels.shape, pixels.dtype) == ((6, 40, 56, 3), np.uint8)
    for image, kept in zip(table["image"].to_pylist(), pixels, strict=True):
        assert np.array_equal(pixels_of(image["bytes"]), kept)


@pytest.mark.parametrize(("height", "width"), [(8192, 8), (8, 8192)])
def test_noise_of_any_proportions_finds_room_as_png(scenes: Path, height: int, width: int) -> None:
    """It does not compress, and each of a narrow image's rows has a byte more."""
    noise = (TransformInfo(ImageTransform.GAUSSIAN_NOISE, 1.0),)
    job = job_for(scenes, image=ImageSettings(height=height, width=width), transforms=noise)
    table, pixels = drifted(job, tasks_of(job, 3), keep_pixels=True)
    for png, expected in zip(table["image"].to_pylist(), pixels, strict=True):
        assert (pixels_of(png["bytes"]) == expected).all()


def test_rejected_images_are_rows_without_an_image_and_black_pixels(
    broken: tuple[ShardJob, pa.Table],
) -> None:
    table, pixels = drifted(*broken, keep_pixels=True)
    assert pixels is not None
    rows = table.to_pylist()
    assert {i: (row["stage"], row["error"]) for i, row in enumerate(rows) if row["error"]} == BROKEN
    for number, (row, kept) in enumerate(zip(rows, pixels, strict=True)):
        assert (row["image"]["bytes"] is None) == (number in BROKEN)
        assert (row["transforms"] == []) == (number in BROKEN)
        assert (not kept.any()) == (number in BROKEN)


def test_images_do_not_depend_on_the_shard_they_are_in(scenes: Path) -> None:
    job = job_for(scenes)
    together, _ = drifted(job, tasks_of(job, 8), keep_pixels=False)
    alone, _ = drifted(job, tasks_of(job, 1, first=6), keep_pixels=False)
    assert alone["image"][0] == together["image"][6]
    assert alone["transforms"][0] == together["transforms"][6]


@settings(max_examples=40)
@given(
    transforms=st.lists(
        st.builds(TransformInfo, st.sampled_from(plain_transforms()), st.floats(0, 1)), max_size=4
    ),
    seed=st.integers(0, 2**64 - 1),
    first=st.integers(0, 71),
)
def test_the_transforms_column_replays_to_the_same_pixels(
    scenes: Path, transforms: list[TransformInfo], seed: int, first: int
) -> None:
    job = job_for(scenes, transforms=tuple(transforms), seed=seed)
    table, pixels = drifted(job, tasks_of(job, 1, first), keep_pixels=True)
    assert pixels is not None
    (row,) = table.to_pylist()
    original = decode((scenes / row["source_path"]).read_bytes(), SMALL)
    replayed = apply_chain(
        original, read_back(row["transforms"]), seed=seed, sample_id=row["sample_id"]
    )
    assert [(one["type"], one["level"]) for one in row["transforms"]] == [
        (str(info.transf_type), info.drift_level) for info in transforms
    ]
    assert np.array_equal(replayed, pixels[0])


def test_clean_images_are_the_decoded_ones(scenes: Path) -> None:
    job = job_for(scenes, transforms=())
    table, pixels = drifted(job, tasks_of(job, 3), keep_pixels=True)
    assert pixels is not None
    assert table["transforms"].to_pylist() == [[], [], []]
    for path, kept in zip(table["source_path"].to_pylist(), pixels, strict=True):
        assert np.array_equal(decode((scenes / path).read_bytes(), SMALL), kept)


def test_a_commit_writes_what_is_fine_and_tells_what_is_rejected(
    broken: tuple[ShardJob, pa.Table],
) -> None:
    job, tasks = broken
    table, _ = drifted(job, tasks, keep_pixels=False)
    row = commit_shard(job, 3, [ShardPart(table)])
    assert (row.shard, row.asked, row.written, row.rejected) == (3, 12, 8, 4)
    assert row.first_rejected == "boat/boat_002.jpg: the file is empty"
    assert read_ledger(job.output, "run") == {3: row}
    rejected = {one.sample_id: (one.stage, one.error) for one in read_rejected(job.output, row)}
    assert rejected == BROKEN
    shard = open_shard(job.output, row).read()
    assert shard["sample_id"].to_pylist() == [i for i in range(12) if i not in BROKEN]
    assert shard.schema.equals(schemas.shard(embeddings=False))
    images = table.filter(pa.array([i not in BROKEN for i in range(12)]))["image"]
    assert shard["image"].combine_chunks() == images.combine_chunks()


def test_embeddings_stay_with_their_images_where_others_are_rejected(
    broken: tuple[ShardJob, pa.Table],
) -> None:
    job, tasks = broken
    job = replace(job, settings=replace(job.settings, embedding=EmbeddingSettings(compute=True)))
    table, _ = drifted(job, tasks, keep_pixels=False)
    embeddings = np.repeat(np.arange(12.0)[:, None], 512, axis=1)
    row = commit_shard(job, 3, [ShardPart(table, embeddings)])
    shard = open_shard(job.output, row).read()
    assert shard.schema.equals(schemas.shard(embeddings=True))
    for sample_id, embedding in zip(
        shard["sample_id"].to_pylist(), shard["embedding"].to_pylist(), strict=True
    ):
        assert embedding == [float(sample_id)] * 512


def test_a_shard_of_nothing_but_rejected_images_is_committed(tmp_path: Path) -> None:
    (tmp_path / "in" / "boat").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "in" / "boat" / f"{number}.png").write_bytes(b"")
    job = job_for(tmp_path / "in", tmp_path / "out")
    (job.output / "_shards").create()
    row = commit_shard(job, 3, [ShardPart(drifted(job, tasks_of(job, 3), keep_pixels=False)[0])])
    assert (row.asked, row.written, row.rejected, row.content_bytes) == (3, 0, 3, 0)
    assert open_shard(job.output, row).read().num_rows == 0


@pytest.mark.parametrize("rows", [1, 5, 12, 100])
def test_parts_make_the_same_shard_as_the_whole(
    broken: tuple[ShardJob, pa.Table], rows: int
) -> None:
    """Each of 1 row and of 5 begins somewhere else among what is rejected."""
    job, tasks = broken
    whole = commit_shard(job, 3, [ShardPart(drifted(job, tasks, keep_pixels=False)[0])])
    expected = open_shard(job.output, whole).read()
    told = read_rejected(job.output, whole)
    found = drift_shard(job, tasks, True, Reader(job.source, MOST), rows=rows)
    row = commit_shard(job, 3, (ShardPart(table) for table, _ in found))
    assert open_shard(job.output, row).read().equals(expected)
    assert read_rejected(job.output, row) == told
    for name in ("asked", "written", "rejected", "unread", "interrupted", "first_rejected"):
        assert getattr(row, name) == getattr(whole, name)
    assert (row.content_bytes, row.names_size) == (whole.content_bytes, whole.names_size)


def test_a_part_is_written_before_the_next_is_made(scenes: Path, tmp_path: Path) -> None:
    """However large a shard, a worker holds the images of one part."""
    job = job_for(scenes, tmp_path)
    (job.output / "_shards").create()
    sizes = list[int]()

    def parts() -> Iterator[ShardPart]:
        for table, _ in drift_shard(
            job, tasks_of(job, 30), False, Reader(job.source, MOST), rows=10
        ):
            sizes.append(sum(path.stat().st_size for path in (tmp_path / "_shards").iterdir()))
            yield ShardPart(table)

    row = commit_shard(job, 3, parts())
    assert sizes[0] < 100
    assert sizes[1] > row.content_bytes / 4
    assert sizes[2] > row.content_bytes / 2


def test_the_profile_that_was_applied_is_kept_and_one_that_was_not_is_told(tmp_path: Path) -> None:
    (tmp_path / "in" / "boat").mkdir(parents=True)
    wide = rgb_profile("like Adobe RGB", ADOBE, 2.2)
    for number, options in enumerate([{"icc_profile": wide}, {}, {"icc_profile": b"junk"}]):
        data = file_of(np.full((40, 56, 3), 99, np.uint8), "PNG", **options)
        (tmp_path / "in" / "boat" / f"{number}.png").write_bytes(data)
    found = {}
    for choice in ("ignore", "convert"):
        job = job_for(tmp_path / "in", image=replace(SMALL, profile=choice), transforms=())
        table, _ = drifted(job, tasks_of(job, 3), False)
        found[choice] = list(
            zip(table["profile"].to_pylist(), table["remarks"].to_pylist(), strict=True)
        )
    assert found == {
        "ignore": [(None, [NOT_APPLIED]), (None, []), (None, [UNREADABLE])],
        "convert": [("like Adobe RGB", []), (None, []), (None, [UNREADABLE])],
    }


def test_a_rejected_image_is_not_kept_by_its_error(scenes: Path, tmp_path: Path) -> None:
    """An exception's traceback holds its frames, and those the file and the pixels."""
    held: list[weakref.ref[object]] = []

    class Pixels:
        """What a decoder has in its hands when it fails."""

    def failing(_: bytes, __: ImageSettings) -> Decoded:
        pixels = Pixels()
        held.append(weakref.ref(pixels))
        raise ImageError("decode", "broken")

    job = job_for(scenes, tmp_path)
    tasks = tasks_of(job, 4)
    ((table, _),) = drift_shard(job, tasks, False, Reader(job.source, MOST), failing)
    assert table["error"].to_pylist() == ["broken"] * 4
    images = shard_images(job.settings, tasks, Reader(job.source, MOST), failing)
    problem = next(images).image
    assert isinstance(problem, ImageError)
    assert problem.__traceback__ is None
    assert problem.__context__ is None
    assert [one() for one in held] == [None] * 5
