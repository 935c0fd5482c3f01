"""Shards and their commit: what counts as there, and what comes back."""

import io
import json
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift import schemas
from raydrift.catalog import load_catalog
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.shard_work import ShardJob, ShardPart, commit_shard, drift_shard
from raydrift.errors import OutputError, ShardError
from raydrift.paths import StoragePath
from raydrift.settings import EmbeddingSettings, GenerateSettings, ImageSettings
from raydrift.storage.shards import (
    LedgerRow,
    Rejected,
    commit,
    intact,
    open_shard,
    read_attempts,
    read_ledger,
    read_rejected,
    remove_other_attempts,
    remove_shards,
    write_samples,
)
from raydrift.transforms import TransformInfo
from tests.made_shards import shard_file

RUN = "the run's fingerprint"
EMBEDDINGS = np.random.default_rng(0).normal(size=(6, 512))


def committed(
    scenes: Path, output: Path, shard: int = 0, embeddings: np.ndarray | None = None
) -> LedgerRow:
    """Commits a shard of six drifted images, 48 x 64."""
    settings = GenerateSettings(
        input=str(scenes),
        output=str(output),
        transforms=(TransformInfo("rotate", 0.5), TransformInfo("gaussian_noise", 0.3)),
        image=ImageSettings(height=48, width=64),
        embedding=EmbeddingSettings(compute=embeddings is not None),
    )
    catalog = load_catalog(settings.input)
    order = catalog.order(settings.seed, settings.shuffle)
    tasks = catalog.samples(
        order, shard * 6, 6, shard=shard, first_timestamp=100.0, delta_timestamp=0.5
    )
    job = ShardJob(settings, catalog.root, StoragePath.of(output), RUN, {})
    (job.output / "_shards").create()
    ((table, _),) = drift_shard(job, tasks, False, Reader(job.source, 2**30))
    return commit_shard(job, shard, [ShardPart(table, embeddings)])


def test_a_shard_comes_back_as_it_was_committed(scenes: Path, tmp_path: Path) -> None:
    row = committed(scenes, tmp_path, shard=2)
    assert read_ledger(StoragePath.of(tmp_path), RUN) == {2: row}
    shard = open_shard(StoragePath.of(tmp_path), row).read()
    assert shard["sample_id"].to_pylist() == [12, 13, 14, 15, 16, 17]
    assert shard["timestamp"].to_pylist() == [106.0, 106.5, 107.0, 107.5, 108.0, 108.5]
    assert shard["file_name"].to_pylist() == [f"{i:08d}.png" for i in range(12, 18)]
    for path, class_name in zip(
        shard["source_path"].to_pylist(), shard["class_name"].to_pylist(), strict=True
    ):
        assert (scenes / path).is_file()
        assert path.startswith(f"{class_name}/")


def test_the_ledger_row_tells_what_the_files_hold(scenes: Path, tmp_path: Path) -> None:
    row = committed(scenes, tmp_path)
    data = shard_file(tmp_path, 0).read_bytes()
    images = pq.read_table(io.BytesIO(data))["image"].to_pylist()
    assert (row.asked, row.written, row.rejected, row.first_rejected) == (6, 6, 0, "")
    assert (row.size, row.crc32) == (len(data), crc32(data))
    assert row.content_bytes == sum(len(image["bytes"]) for image in images)
    assert row.names_size == sum(len(image["path"].encode()) for image in images)


def test_the_files_of_a_commit_are_a_parquet_and_its_entry(scenes: Path, tmp_path: Path) -> None:
    row = committed(scenes, tmp_path)
    names = sorted(path.name for path in (tmp_path / "_shards").iterdir())
    assert names == [row.ledger_name, row.shard_name]
    assert row.shard_name == f"part-00000000-{row.attempt}.parquet"


@pytest.mark.parametrize("embeddings", [None, EMBEDDINGS], ids=["images", "embeddings"])
def test_the_schema_is_the_documented_one(
    scenes: Path, tmp_path: Path, embeddings: np.ndarray | None
) -> None:
    row = committed(scenes, tmp_path, embeddings=embeddings)
    found = pq.read_schema(shard_file(tmp_path, 0))
    assert found.equals(schemas.shard(embeddings is not None))
    assert open_shard(StoragePath.of(tmp_path), row).read().schema.equals(found)


def test_embeddings_come_back_to_the_last_bit(scenes: Path, tmp_path: Path) -> None:
    row = committed(scenes, tmp_path, embeddings=EMBEDDINGS)
    column = open_shard(StoragePath.of(tmp_path), row).read()["embedding"].combine_chunks()
    assert np.array_equal(column.flatten().to_numpy().reshape(6, 512), EMBEDDINGS)


def test_images_are_what_hugging_face_datasets_reads_as_images(
    scenes: Path, tmp_path: Path
) -> None:
    committed(scenes, tmp_path)
    column = pq.read_table(shard_file(tmp_path, 0))["image"]
    assert column.type == pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    for number, image in enumerate(column.to_pylist()):
        assert image["path"] == f"{number:08d}.png"
        with Image.open(io.BytesIO(image["bytes"])) as png:
            png.load()
            assert (png.format, png.mode, png.size) == ("PNG", "RGB", (64, 48))


def test_a_second_attempt_at_a_shard_has_the_same_bytes_in_files_of_its_own(
    scenes: Path, tmp_path: Path
) -> None:
    first, second = committed(scenes, tmp_path), committed(scenes, tmp_path)
    folder = tmp_path / "_shards"
    assert (folder / first.shard_name).read_bytes() == (folder / second.shard_name).read_bytes()
    assert (second.crc32, second.size) == (first.crc32, first.size)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [first.shard_name, first.ledger_name, second.shard_name, second.ledger_name]
    )


def test_of_several_attempts_the_one_with_the_fewest_unread_images_counts(tmp_path: Path) -> None:
    """Then the one with the fewest rejected, then the one begun first: always the same one."""
    output = StoragePath.of(tmp_path)
    (output / "_shards").create()
    empty = schemas.shard(embeddings=False).empty_table()
    tried = [("c", 0, 2, 1.0), ("a", 1, 1, 1.0), ("d", 0, 1, 7.0), ("e", 0, 1, 3.0)]
    for attempt, unread, rejected, started in tried:
        attempt *= 8
        facts = write_samples(output, 0, attempt, empty.schema, [empty])
        counts = (9, 9 - rejected, rejected, unread, 0, 0)
        commit(output, LedgerRow(0, RUN, *counts, *facts, attempt=attempt, started=started), [])
    assert len(read_attempts(output, RUN)) == 4
    assert read_ledger(output, RUN)[0].attempt == "e" * 8


def test_what_is_not_raydrifts_stays_in_the_folder_of_the_shards(
    scenes: Path, tmp_path: Path
) -> None:
    """Files whose names are nearly ours, and folders, are somebody's."""
    output, folder = StoragePath.of(tmp_path), tmp_path / "_shards"
    kept, other = committed(scenes, tmp_path), committed(scenes, tmp_path)
    (folder / "accepted.arrow").write_bytes(b"")
    (folder / f".{kept.shard_name}.0123abcd.tmp").write_bytes(b"half")
    mine = {
        "part-00000000.parquet", "part-00000-0123abcd.parquet", "part-00000000-0123ABCD.json",
        "diary.txt", ".part-00000000-0123abcd.parquet.mine.tmp", ".diary.txt.0123abcd.tmp",
    }  # fmt: skip
    for name in mine:
        (folder / name).write_text("mine")
    (folder / "part-00000001-0123abcd.parquet").mkdir()
    mine.add("part-00000001-0123abcd.parquet")

    def left() -> set[str]:
        return {path.name for path in folder.iterdir()}

    remove_other_attempts(output, [kept])
    assert other.shard_name not in left()
    assert left() - mine == {kept.shard_name, kept.ledger_name, "accepted.arrow"}
    remove_shards(output)
    assert left() == mine


def test_the_folder_of_the_shards_goes_with_the_last_of_them(scenes: Path, tmp_path: Path) -> None:
    committed(scenes, tmp_path)
    remove_shards(StoragePath.of(tmp_path))
    assert list(tmp_path.iterdir()) == []
    remove_shards(StoragePath.of(tmp_path))


def test_nothing_is_committed_where_nothing_is(tmp_path: Path) -> None:
    assert read_ledger(StoragePath.of(tmp_path / "nowhere"), RUN) == {}


def test_a_truncated_shard_is_not_committed(scenes: Path, tmp_path: Path) -> None:
    whole = committed(scenes, tmp_path, shard=0)
    cut = committed(scenes, tmp_path, shard=1)
    with shard_file(tmp_path, 1).open("r+b") as file:
        file.truncate(cut.size - 1)
    assert read_ledger(StoragePath.of(tmp_path), RUN) == {0: whole}


def test_a_shard_without_its_entry_or_an_entry_without_its_shard_is_not_committed(
    scenes: Path, tmp_path: Path
) -> None:
    for shard in (0, 1):
        committed(scenes, tmp_path, shard=shard)
    shard_file(tmp_path, 0, "json").unlink()
    shard_file(tmp_path, 1).unlink()
    assert read_ledger(StoragePath.of(tmp_path), RUN) == {}


def test_an_entry_cut_anywhere_is_not_committed(scenes: Path, tmp_path: Path) -> None:
    committed(scenes, tmp_path)
    path = shard_file(tmp_path, 0, "json")
    entry = path.read_bytes()
    for length in range(len(entry)):
        for rest in (b"", bytes(len(entry) - length)):  # zeros, as a power cut leaves them
            path.write_bytes(entry[:length] + rest)
            assert read_ledger(StoragePath.of(tmp_path), RUN) == {}, f"cut to {length} bytes"


def test_an_altered_byte_is_found_by_intact_and_refused_by_open_shard(
    scenes: Path, tmp_path: Path
) -> None:
    whole, altered = committed(scenes, tmp_path, shard=0), committed(scenes, tmp_path, shard=1)
    path = shard_file(tmp_path, 1)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    output = StoragePath.of(tmp_path)
    assert read_ledger(output, RUN) == {0: whole, 1: altered}, "the size alone does not tell"
    assert intact(output, [whole, altered]) == [whole]
    with pytest.raises(OutputError) as caught:
        open_shard(output, altered)
    assert str(caught.value) == (
        f"{path} was altered since it was written: "
        "run the same generate command again, it redoes this shard"
    )


def test_its_bytes_are_the_same_on_a_disk_and_in_a_store(tmp_path: Path) -> None:
    """To a disk they go page by page, to a store in one request."""
    (tmp_path / "_shards").mkdir()
    image = {"bytes": bytes(range(256)) * 500, "path": "a.png"}
    row = {"sample_id": 1, "class_name": "猫", "image": image, "transforms": []}
    schema = schemas.shard(embeddings=False)
    parts = [pa.Table.from_pylist([row] * count, schema=schema) for count in (20, 0, 3)]
    store = StoragePath.of(f"memory://{uuid4().hex}")
    name = "_shards/part-00000007-0123abcd.parquet"
    written = (tmp_path / name, store / name)
    facts = [
        write_samples(place, 7, "0123abcd", schema, parts)
        for place in (StoragePath.of(tmp_path), store)
    ]
    on_disk, stored = (place.read_bytes() for place in written)
    assert on_disk == stored
    assert facts == [(len(stored), crc32(stored))] * 2
    assert pq.read_table(io.BytesIO(stored)).equals(pa.concat_tables(parts))


def test_rejected_images_are_kept_in_the_entry(tmp_path: Path) -> None:
    (tmp_path / "_shards").mkdir()
    empty = schemas.shard(embeddings=False).empty_table()
    rejected = [
        Rejected(3, "猫/a.jpg", "read", "No such file or directory"),
        Rejected(4, "猫/b.jpg", "decode", "the file is empty"),
    ]
    output, attempt = StoragePath.of(tmp_path), "0123abcd"
    facts = write_samples(output, 0, attempt, empty.schema, [empty])
    row = LedgerRow(0, RUN, 2, 0, 2, 1, 0, 0, *facts, "猫/a.jpg: gone", attempt=attempt)
    commit(output, row, rejected)
    assert read_ledger(output, RUN) == {0: row}
    assert read_rejected(output, row) == rejected
    assert open_shard(output, row).read().num_rows == 0
    commit(output, row, rejected[:1])
    with pytest.raises(ShardError) as caught:
        read_rejected(output, row)
    assert str(caught.value) == (
        f"{tmp_path}/_shards/part-00000000-0123abcd.json is gone or was altered since it was "
        "written: run the same generate command again, it redoes this shard"
    )


def test_a_shard_of_another_run_does_not_count(scenes: Path, tmp_path: Path) -> None:
    """A worker that outlived a run which was replaced may still write one."""
    committed(scenes, tmp_path)
    assert read_ledger(StoragePath.of(tmp_path), "another run's") == {}


def test_an_entry_with_keys_of_a_later_version_is_read() -> None:
    row = LedgerRow(1, RUN, 2, 2, 0, 0, 100, 24, 200, 300)
    values = json.loads(json.dumps(asdict(row))) | {"colour": "blue"}
    assert LedgerRow.from_dict(values) == row
