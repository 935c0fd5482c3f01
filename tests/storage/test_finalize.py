"""The merge: shards, made here without Ray by the workers' own functions, become the result."""

import io
import json
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZIP_STORED, ZipFile
from zlib import crc32

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift import schemas
from raydrift.errors import OutputError, ShardError
from raydrift.paths import StoragePath
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage import zip_directory
from raydrift.storage.finalize import finalize
from raydrift.storage.parallel_map import ParallelMap, in_threads
from raydrift.storage.record import load_record
from raydrift.storage.shards import LedgerRow, open_shard, read_ledger
from raydrift.storage.tables import TableSink
from raydrift.storage.zip_directory import ZipDirectory
from tests.made_shards import embeddings_of, make_shards, shard_file

SIDE = 32
ALL_FILES = {
    "sampled_images.zip",
    "input_mapping.parquet",
    "target.parquet",
    "embeddings.parquet",
    "provenance.parquet",
    "rejected.parquet",
    "run.json",
}


def settings_for(source: Path, output: str | Path, **values: Any) -> GenerateSettings:
    plain: dict[str, Any] = {
        "input": str(source),
        "output": str(output),
        "transforms": ["rotate:0.3", "gaussian_noise:0.2"],
        "image": {"height": SIDE, "width": SIDE},
    }
    return generate_settings(plain | values)


def digest(output: Path | StoragePath) -> str:
    place = StoragePath.of(output) if isinstance(output, Path) else output
    return sha256((place / "sampled_images.zip").read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def finished(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A merged run with embeddings, its shards kept."""
    output = tmp_path_factory.mktemp("finished")
    finalize(
        make_shards(settings_for(scenes, output, embedding={"compute": True})), keep_shards=True
    )
    return output


def ledger_of(output: StoragePath) -> dict[int, LedgerRow]:
    record = load_record(output)
    assert record is not None
    return read_ledger(output, record.fingerprint)


def members_of_shards(output: Path) -> list[tuple[str, bytes]]:
    place = StoragePath.of(output)
    ledger = ledger_of(place)
    return [
        (name, image["bytes"])
        for shard in sorted(ledger)
        for name, image in zip(
            *(
                open_shard(place, ledger[shard]).read()[c].to_pylist()
                for c in ("file_name", "image")
            ),
            strict=True,
        )
    ]


def test_the_folder_has_the_documented_files_and_nothing_else(finished: Path) -> None:
    assert {path.name for path in finished.iterdir()} == ALL_FILES | {"_shards"}


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        (
            "input_mapping.parquet",
            {"sample_id": pa.int64(), "timestamp": pa.float64(), "file_name": pa.string()},
        ),
        (
            "target.parquet",
            {"sample_id": pa.int64(), "timestamp": pa.float64(), "label": pa.int64()},
        ),
        (
            "embeddings.parquet",
            {
                "sample_id": pa.int64(),
                "timestamp": pa.float64(),
                "embedding": pa.list_(pa.float64(), 512),
            },
        ),
        (
            "provenance.parquet",
            {
                "sample_id": pa.int64(),
                "source_path": pa.string(),
                "class_name": pa.string(),
                "drifted": pa.bool_(),
                "level": pa.float64(),
                "reason": pa.string(),
                "transforms": schemas.TRANSFORMS,
                "content_crc": pa.int64(),
                "profile": pa.string(),
            },
        ),
        (
            "rejected.parquet",
            {
                "sample_id": pa.int64(),
                "path": pa.string(),
                "stage": pa.string(),
                "error": pa.string(),
                "content_crc": pa.int64(),
            },
        ),
    ],
)
def test_a_table_has_exactly_the_documented_columns(
    finished: Path, name: str, columns: dict[str, pa.DataType]
) -> None:
    schema = pq.read_schema(finished / name)
    assert dict(zip(schema.names, schema.types, strict=True)) == columns
    assert schema.names == list(columns)


def test_without_embeddings_there_is_no_file_of_them(scenes: Path, tmp_path: Path) -> None:
    finalize(make_shards(settings_for(scenes, tmp_path)))
    assert {path.name for path in tmp_path.iterdir()} == ALL_FILES - {"embeddings.parquet"}


def test_the_zip_holds_the_pngs_of_the_shards_in_id_order(finished: Path) -> None:
    with ZipFile(finished / "sampled_images.zip") as archive:
        infos = archive.infolist()
        members = [(info.filename, archive.read(info)) for info in infos]
    assert members == members_of_shards(finished)
    assert [name for name, _ in members] == [f"{i:08d}.png" for i in range(72)]
    assert {info.compress_type for info in infos} == {ZIP_STORED}
    with Image.open(io.BytesIO(members[0][1])) as png:
        assert (png.format, png.mode, png.size) == ("PNG", "RGB", (SIDE, SIDE))


def test_the_tables_hold_every_sample_once_in_id_order(finished: Path) -> None:
    ids = list(range(72))
    times = [1717232400.0 + 1800.0 * i for i in ids]
    for name in ("input_mapping", "target", "embeddings"):
        table = pq.read_table(finished / f"{name}.parquet")
        assert table["sample_id"].to_pylist() == ids, name
        assert table["timestamp"].to_pylist() == times, name
    assert pq.read_table(finished / "provenance.parquet")["sample_id"].to_pylist() == ids


def test_every_name_of_the_mapping_opens_in_the_zip(scenes: Path, tmp_path: Path) -> None:
    finalize(make_shards(settings_for(scenes, tmp_path, write={"organize_by_class": True})))
    names = pq.read_table(tmp_path / "input_mapping.parquet")["file_name"].to_pylist()
    classes = pq.read_table(tmp_path / "provenance.parquet")["class_name"].to_pylist()
    assert names == [f"{name}/{i:08d}.png" for i, name in enumerate(classes)]
    with ZipFile(tmp_path / "sampled_images.zip") as archive:
        for name in names:
            with archive.open(name) as member:
                assert member.read(8) == b"\x89PNG\r\n\x1a\n"


def test_labels_are_those_of_the_class_folders(finished: Path, scenes: Path) -> None:
    classes = sorted(path.name for path in scenes.iterdir())
    labels = pq.read_table(finished / "target.parquet")["label"].to_pylist()
    paths = pq.read_table(finished / "provenance.parquet")["source_path"].to_pylist()
    assert labels == [classes.index(path.split("/")[0]) for path in paths]


def test_embeddings_come_through_to_the_last_bit(finished: Path) -> None:
    column = pq.read_table(finished / "embeddings.parquet")["embedding"].combine_chunks()
    wanted = embeddings_of(pa.table({"sample_id": range(72)}))
    assert np.array_equal(column.flatten().to_numpy().reshape(72, 512), wanted)


def test_the_record_tells_counts_size_and_checksum(finished: Path) -> None:
    record = load_record(StoragePath.of(finished))
    assert record.status == "complete"
    results = {path.name: path.read_bytes() for path in finished.iterdir() if path.is_file()}
    del results["run.json"]
    zipped = results.pop("sampled_images.zip")
    assert record.files.pop("sampled_images.zip") == {
        "size": len(zipped),
        "crc32": f"{crc32(zipped):08x}",
    }
    assert record.files == {
        name: {"size": len(data), "sha256": sha256(data).hexdigest()}
        for name, data in results.items()
    }
    assert record.counts == {
        "asked": 72,
        "written": 72,
        "rejected": 0,
        "unread": 0,
        "image_bytes": sum(len(png) for _, png in members_of_shards(finished)),
    }


def test_shards_of_5_and_of_16_give_the_same_zip_and_tables(scenes: Path, tmp_path: Path) -> None:
    for size in (5, 16):
        finalize(make_shards(settings_for(scenes, tmp_path / f"{size}"), size))
    assert digest(tmp_path / "5") == digest(tmp_path / "16")
    for name in ("input_mapping", "target", "provenance"):
        five, sixteen = (tmp_path / size / f"{name}.parquet" for size in ("5", "16"))
        assert five.read_bytes() == sixteen.read_bytes(), name


def alone(work: Callable[[Any], Any], items: Iterable[Any], _: int) -> Generator[Any]:
    """One part after the other."""
    yield from map(work, items)


def seven(work: Callable[[Any], Any], items: Iterable[Any], _: int) -> Generator[Any]:
    yield from in_threads(work, items, threads=7)


def backwards(work: Callable[[Any], Any], items: Iterable[Any], _: int) -> Generator[Any]:
    """The last part is written first."""
    done = [work(item) for item in reversed(list(items))]
    yield from reversed(done)


@pytest.mark.parametrize("part_bytes", [1, 10_000, 100_000, 2**26])
@pytest.mark.parametrize("parallel_map", [alone, seven, backwards])
def test_any_number_of_writers_gives_the_same_files(
    finished: Path, tmp_path: Path, part_bytes: int, parallel_map: ParallelMap
) -> None:
    shutil.copytree(finished / "_shards", tmp_path / "_shards")
    record = load_record(StoragePath.of(finished))
    replace(record, status="sharded").save(StoragePath.of(tmp_path))
    merged = finalize(StoragePath.of(tmp_path), parallel_map=parallel_map, part_bytes=part_bytes)
    assert merged.files == record.files
    for name in ALL_FILES - {"run.json"}:
        assert (tmp_path / name).read_bytes() == (finished / name).read_bytes(), name


def test_a_long_directory_is_written_in_pieces(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_directory, "_PART_BYTES", 100)
    put, parts = ZipDirectory._put, list[int]()
    monkeypatch.setattr(ZipDirectory, "_put", lambda self: (parts.append(1), put(self)))
    shutil.copytree(finished / "_shards", tmp_path / "_shards")
    record = load_record(StoragePath.of(finished))
    replace(record, status="sharded").save(StoragePath.of(tmp_path))
    assert finalize(StoragePath.of(tmp_path), part_bytes=1).files == record.files
    assert len(parts) > 3
    name = "sampled_images.zip"
    assert (tmp_path / name).read_bytes() == (finished / name).read_bytes()


def test_a_ledger_that_does_not_fit_its_shard_stops_the_merge(scenes: Path, tmp_path: Path) -> None:
    """Its neighbours' bytes would else be overwritten."""
    output = make_shards(settings_for(scenes, tmp_path))
    path = shard_file(tmp_path, 1, "json")
    entry = json.loads(path.read_text())
    path.write_text(json.dumps(entry | {"names_size": entry["names_size"] + 1}))
    with pytest.raises(ShardError) as caught:
        finalize(output)
    assert str(caught.value) == (
        f"{path} does not fit its shard: "
        "delete it and run the same generate command again, it redoes this shard"
    )
    assert not (tmp_path / "sampled_images.zip").exists()


def test_the_bytes_of_a_long_table_do_not_depend_on_the_shard_size() -> None:
    ids = np.arange(40_000)
    whole = pa.table([ids, ids * 0.5, ids % 7], schema=schemas.TARGET)

    def written(shard_size: int) -> bytes:
        sink = pa.BufferOutputStream()
        with TableSink(sink, schemas.TARGET) as table:
            for start in range(0, len(ids), shard_size):
                table.add(whole.slice(start, shard_size))
        return sink.getvalue().to_pybytes()

    assert pq.read_table(io.BytesIO(written(100))).equals(whole)
    assert written(100) == written(256)


def test_shards_committed_in_any_order_give_the_same_zip(scenes: Path, tmp_path: Path) -> None:
    orders = [range(9), range(8, -1, -1), (4, 0, 8, 2, 6, 1, 7, 3, 5)]
    for number, commit_order in enumerate(orders):
        finalize(make_shards(settings_for(scenes, tmp_path / f"{number}"), 8, commit_order))
    assert digest(tmp_path / "0") == digest(tmp_path / "1") == digest(tmp_path / "2")


def test_another_seed_gives_another_zip(scenes: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        finalize(make_shards(settings_for(scenes, tmp_path / f"{seed}", seed=seed)))
    assert digest(tmp_path / "1") != digest(tmp_path / "2")


@pytest.mark.parametrize("keep", [True, False])
def test_shards_stay_if_asked_for(scenes: Path, tmp_path: Path, keep: bool) -> None:
    finalize(make_shards(settings_for(scenes, tmp_path)), keep_shards=keep)
    assert (tmp_path / "_shards").exists() == keep


def test_a_complete_run_is_left_as_it_is(finished: Path) -> None:
    def times() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in finished.iterdir()}

    before = times()
    assert finalize(StoragePath.of(finished)) == load_record(StoragePath.of(finished))
    assert times() == before


def test_on_shard_hears_of_each_shard_in_order(scenes: Path, tmp_path: Path) -> None:
    output = make_shards(settings_for(scenes, tmp_path))
    ledger, heard = ledger_of(output), list[LedgerRow]()
    finalize(output, on_shard=heard.append)
    assert heard == [ledger[shard] for shard in range(5)]


def test_where_there_is_no_run_there_is_nothing_to_merge(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        finalize(StoragePath.of(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path} has no run.json: give the output folder of a generate run"
    )


def test_missing_shards_are_counted(scenes: Path, tmp_path: Path) -> None:
    output = make_shards(settings_for(scenes, tmp_path))
    shard_file(tmp_path, 1).unlink()
    shard_file(tmp_path, 4, "json").unlink()
    with pytest.raises(OutputError) as caught:
        finalize(output)
    assert str(caught.value) == (
        f"{tmp_path}: 2 of 5 shards are missing: "
        "run the same generate command again, it makes what is missing"
    )


def test_an_altered_shard_stops_the_merge(scenes: Path, tmp_path: Path) -> None:
    output = make_shards(settings_for(scenes, tmp_path))
    path = shard_file(tmp_path, 3)
    path.write_bytes(path.read_bytes().replace(b"IDAT", b"IDAD", 1))
    with pytest.raises(OutputError) as caught:
        finalize(output)
    assert str(caught.value) == (
        f"{path} was altered since it was written: "
        "run the same generate command again, it redoes this shard"
    )
    assert load_record(output).status == "sharded"


def fail_at_the_third(row: LedgerRow) -> None:
    if row.shard == 2:
        raise ZeroDivisionError


@pytest.fixture(scope="module")
def stopped(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose merge failed in the middle."""
    folder = tmp_path_factory.mktemp("stopped")
    output = make_shards(settings_for(scenes, folder, embedding={"compute": True}))
    shutil.copytree(folder / "_shards", folder / "before")
    with pytest.raises(ZeroDivisionError):
        finalize(output, on_shard=fail_at_the_third)
    return folder


@pytest.mark.parametrize("name", sorted(ALL_FILES - {"run.json"}))
def test_a_merge_that_fails_leaves_no_result_file(stopped: Path, name: str) -> None:
    assert not (stopped / name).exists()


def test_a_merge_that_fails_leaves_no_file_under_another_name(stopped: Path) -> None:
    left = {path.name for path in stopped.iterdir()}
    assert left - ALL_FILES == {"_shards", "before"}


def test_a_merge_that_fails_leaves_the_shards_as_they_were(stopped: Path) -> None:
    before, after = stopped / "before", stopped / "_shards"
    assert {path.name: path.read_bytes() for path in after.iterdir()} == {
        path.name: path.read_bytes() for path in before.iterdir()
    } | {"accepted.arrow": (after / "accepted.arrow").read_bytes()}
    assert load_record(StoragePath.of(stopped)).status == "sharded"


def test_a_merge_that_failed_can_be_done_again(
    stopped: Path, finished: Path, tmp_path: Path
) -> None:
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    finalize(StoragePath.of(tmp_path))
    for name in ALL_FILES - {"run.json"}:
        assert (tmp_path / name).read_bytes() == (finished / name).read_bytes(), name


def test_what_a_merge_that_was_killed_wrote_aside_is_removed(scenes: Path, tmp_path: Path) -> None:
    output = make_shards(settings_for(scenes, tmp_path))
    for name in (".sampled_images.zip.0123abcd.tmp", ".target.parquet.4567cdef.tmp"):
        (tmp_path / name).write_bytes(b"half")
    others = {".mine.tmp", ".run.lock.0123abcd.tmp"}  # the lock may be being written just now
    for name in others:
        (tmp_path / name).write_bytes(b"half")
    finalize(output)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == ALL_FILES - {"embeddings.parquet"} | others


def test_what_a_killed_worker_left_half_is_not_among_the_kept_shards(
    scenes: Path, tmp_path: Path
) -> None:
    output = make_shards(settings_for(scenes, tmp_path))
    whole = {path.name for path in (tmp_path / "_shards").iterdir()}
    half = f".{shard_file(tmp_path, 1).name}.0123abcd.tmp"
    for name in (half, ".mine.tmp"):
        (tmp_path / "_shards" / name).write_bytes(b"half")
    finalize(output, keep_shards=True)
    left = {path.name for path in (tmp_path / "_shards").iterdir()}
    assert left == whole | {".mine.tmp", "accepted.arrow"}


@pytest.fixture
def partly_broken(scenes: Path, tmp_path: Path) -> Path:
    """24 images of 2 classes, of which three cannot be used."""
    folder = tmp_path / "partly_broken"
    for name in ("boat", "house"):
        shutil.copytree(scenes / name, folder / name)
    jpeg = (folder / "boat" / "boat_003.jpg").read_bytes()
    (folder / "boat" / "boat_003.jpg").write_bytes(jpeg[:2000])
    (folder / "boat" / "boat_007.jpg").write_bytes(b"")
    (folder / "house" / "house_001.jpg").unlink()
    (folder / "house" / "house_001.jpg").symlink_to("nowhere.jpg")
    return folder


def test_rejected_images_are_told_and_left_out_of_everything_else(
    partly_broken: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    settings = settings_for(partly_broken, output, shuffle=False)
    record = finalize(make_shards(settings, 7), accept_rejected=True)
    rejected = pq.read_table(output / "rejected.parquet").to_pylist()
    truncated = rejected[0].pop("error")
    files = [partly_broken / row["path"] for row in rejected]
    assert [row.pop("content_crc") for row in rejected] == [
        crc32(files[0].read_bytes()), crc32(b""), None
    ]  # fmt: skip
    assert rejected == [
        {"sample_id": 3, "path": "boat/boat_003.jpg", "stage": "decode"},
        {
            "sample_id": 7,
            "path": "boat/boat_007.jpg",
            "stage": "decode",
            "error": "the file is empty",
        },
        {
            "sample_id": 13,
            "path": "house/house_001.jpg",
            "stage": "read",
            "error": "No such file or directory",
        },
    ]
    assert truncated == "the file is damaged: Premature end of JPEG file"
    ids = [i for i in range(24) if i not in (3, 7, 13)]
    for name in ("input_mapping", "target", "provenance"):
        assert pq.read_table(output / f"{name}.parquet")["sample_id"].to_pylist() == ids
    with ZipFile(output / "sampled_images.zip") as archive:
        assert archive.namelist() == [f"{i:08d}.png" for i in ids]
    del record.counts["image_bytes"]
    assert record.counts == {"asked": 24, "written": 21, "rejected": 3, "unread": 1}


def test_a_run_of_which_every_image_was_rejected_has_empty_tables(tmp_path: Path) -> None:
    (tmp_path / "in" / "boat").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "in" / "boat" / f"{number}.png").write_bytes(b"no image")
    finalize(make_shards(settings_for(tmp_path / "in", tmp_path / "out"), 2), accept_rejected=True)
    assert pq.read_table(tmp_path / "out" / "rejected.parquet")["sample_id"].to_pylist() == [
        0,
        1,
        2,
    ]
    for name in ("input_mapping", "target", "provenance"):
        assert pq.read_table(tmp_path / "out" / f"{name}.parquet").num_rows == 0
    with ZipFile(tmp_path / "out" / "sampled_images.zip") as archive:
        assert archive.namelist() == []


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder of fsspec's filesystem in memory."""
    uri = f"memory://{uuid4().hex}"
    yield uri
    files, path = fsspec.core.url_to_fs(uri)
    files.rm(path, recursive=True)


def test_a_run_in_memory_has_the_same_bytes(scenes: Path, finished: Path, memory: str) -> None:
    settings = settings_for(scenes, memory, embedding={"compute": True})
    output = make_shards(settings)
    finalize(output)
    assert set(output.names()) == ALL_FILES
    for name in ALL_FILES - {"run.json"}:
        assert (output / name).read_bytes() == (finished / name).read_bytes(), name
    assert not (output / "_shards").names()


def test_a_merge_in_memory_that_fails_leaves_no_merged_file(scenes: Path, memory: str) -> None:
    output = make_shards(replace(settings_for(scenes, memory), seed=3))
    with pytest.raises(ZeroDivisionError):
        finalize(output, on_shard=fail_at_the_third)
    assert not output.names().keys() & (ALL_FILES - {"run.json", "rejected.parquet"})
    finalize(output)
    assert set(output.names()) == ALL_FILES - {"embeddings.parquet"}


@pytest.fixture(params=["local", "memory"])
def anywhere(request: pytest.FixtureRequest) -> str:
    """An output folder on this machine, and one of fsspec's in memory."""
    fixture = {"local": "tmp_path", "memory": "memory"}[request.param]
    return str(request.getfixturevalue(fixture))


def test_a_merge_that_fails_spares_the_result_of_another_that_was_faster(
    scenes: Path, finished: Path, anywhere: str
) -> None:
    output = make_shards(settings_for(scenes, anywhere))

    def merge_faster_and_fail(_: LedgerRow) -> None:
        finalize(output, keep_shards=True)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        finalize(output, on_shard=merge_faster_and_fail)
    assert load_record(output).status == "complete"
    assert set(output.names()) == ALL_FILES - {"embeddings.parquet"}
    assert digest(output) == digest(finished)
