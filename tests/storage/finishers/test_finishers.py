"""What every finisher makes of the same shards, and how it is read back."""

import pickle
import shutil
from collections.abc import Callable, Generator, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest

import raydrift
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.report.inspection import inspect_output
from raydrift.settings.output import CONTAINERS, OutputSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage import layout
from raydrift.storage.accepted import rows_there
from raydrift.storage.finalize import finalize
from raydrift.storage.finishers.chosen import FINISHERS, finisher_for, finisher_of
from raydrift.storage.finishers.finisher import Finisher
from raydrift.storage.finishers.tables_alone import TablesAlone
from raydrift.storage.finishers.webdataset import WebDataset
from raydrift.storage.finishers.zips import OneZip, SeveralZips
from raydrift.storage.output import clear, find_run
from raydrift.storage.parallel_map import ParallelMap, in_threads
from raydrift.storage.record import require_record
from raydrift.storage.shards import LedgerRow
from tests.made_shards import make_shards

TABLES = ["input_mapping.parquet", "target.parquet", "provenance.parquet", "rejected.parquet"]
SEVERAL = 90_000  # bytes: four of the nine shards a zip, two a tar file

IMAGE_FILES = {
    OneZip(): ["sampled_images.zip"],
    SeveralZips(SEVERAL): [f"sampled_images-0000{number}.zip" for number in range(3)],
    WebDataset(SEVERAL): [f"sampled_images-00000{number}.tar" for number in range(5)],
    TablesAlone(): [],
}
FOUR = pytest.mark.parametrize("finisher", IMAGE_FILES, ids=lambda finisher: finisher.name)
WITH_IMAGES = pytest.mark.parametrize(
    "finisher", [*IMAGE_FILES][:3], ids=lambda finisher: finisher.name
)


@pytest.fixture(scope="module")
def shards(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 72 samples in nine shards that are not merged yet."""
    output = tmp_path_factory.mktemp("shards")
    plain = {"input": str(scenes), "output": str(output), "transforms": ["rotate:0.3"]}
    make_shards(generate_settings(plain | {"image": {"height": 32, "width": 32}}), 8)
    return output


@pytest.fixture
def run(shards: Path, tmp_path: Path) -> Path:
    """A copy of it, to be finished."""
    shutil.copytree(shards, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture(scope="module")
def finished(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Finisher, Path]:
    """The run finished in each way, with its shards."""
    folders = {}
    for finisher in IMAGE_FILES:
        folders[finisher] = tmp_path_factory.mktemp(finisher.name)
        shutil.copytree(shards, folders[finisher], dirs_exist_ok=True)
        finalize(StoragePath.of(folders[finisher]), finisher=finisher, keep_shards=True)
    return folders


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if layout.is_result(path.name)
    }


def tables_of(finisher: Finisher) -> set[str]:
    return {*TABLES, *finisher.tables}


def test_there_is_a_finisher_for_every_container_of_the_settings() -> None:
    assert tuple(FINISHERS) == CONTAINERS
    made = [finisher_for(OutputSettings(container=name)) for name in CONTAINERS]
    assert [one.name for one in made] == [*CONTAINERS]
    assert [one.file_bytes for one in made] == [None, 4 * 2**30, 2**30, None]


@FOUR
def test_it_makes_its_files_and_no_others(
    finisher: Finisher, finished: dict[Finisher, Path]
) -> None:
    files = {path.name for path in finished[finisher].iterdir()}
    assert files == {*IMAGE_FILES[finisher], *tables_of(finisher), "run.json", "_shards"}
    record = require_record(StoragePath.of(finished[finisher]))
    assert finisher_of(record) == finisher
    assert {*record.files} == files - {"run.json", "_shards"}
    for name, facts in record.files.items():
        assert facts["size"] == (finished[finisher] / name).stat().st_size


@FOUR
def test_the_tables_are_the_same_in_every_container(
    finisher: Finisher, finished: dict[Finisher, Path]
) -> None:
    one_zip, this = digests(finished[OneZip()]), digests(finished[finisher])
    assert {name: this[name] for name in TABLES} == {name: one_zip[name] for name in TABLES}


@pytest.mark.parametrize("finisher", [SeveralZips(SEVERAL), WebDataset(SEVERAL)])
def test_the_record_tells_which_file_has_which_samples(
    finisher: Finisher, finished: dict[Finisher, Path]
) -> None:
    files = require_record(StoragePath.of(finished[finisher])).files
    of_images = [files[name] for name in IMAGE_FILES[finisher]]
    assert all(one["size"] <= SEVERAL for one in of_images)
    assert all(one["images"] % 8 == 0 for one in of_images), "whole shards"
    begins = [one["first_sample"] for one in of_images]
    assert begins == [0, *(one["last_sample"] + 1 for one in of_images[:-1])]
    assert of_images[-1]["last_sample"] == 71


@WITH_IMAGES
def test_every_image_is_read_back_as_it_is_in_the_shards(
    finisher: Finisher, finished: dict[Finisher, Path], shards: Path
) -> None:
    unmerged = raydrift.open(shards)
    dataset = pickle.loads(pickle.dumps(raydrift.open(finished[finisher])))
    backwards = range(len(dataset) - 1, -1, -1)
    assert [dataset.png(n) for n in backwards] == [unmerged.png(n) for n in backwards]


def test_without_images_their_place_is_a_clear_error(finished: dict[Finisher, Path]) -> None:
    output = finished[TablesAlone()]
    dataset = raydrift.open(output)
    assert (len(dataset), dataset.target.num_rows) == (72, 72)
    with pytest.raises(OutputError) as caught:
        dataset[0]
    assert str(caught.value) == (
        f"{output} has tables and no images, since --container tables made it: make the set again "
        f"with --container zip --overwrite; if it has its shards, raydrift finalize {output} "
        "--container zip is enough"
    )


def alone(work: Callable[[Any], Any], items: Iterable[Any], _: int) -> Generator[Any]:
    """One part after the other."""
    yield from map(work, items)


def backwards(work: Callable[[Any], Any], items: Iterable[Any], _: int) -> Generator[Any]:
    """All files are open at once, and the last part is written first."""
    done = [work(item) for item in reversed(list(items))]
    yield from reversed(done)


@pytest.mark.parametrize("part_bytes", [1, 30_000])
@pytest.mark.parametrize("spread", [alone, in_threads, backwards])
@FOUR
def test_any_number_of_writers_gives_the_same_files(
    finisher: Finisher,
    spread: ParallelMap,
    part_bytes: int,
    run: Path,
    finished: dict[Finisher, Path],
) -> None:
    output = StoragePath.of(run)
    merged = finalize(output, finisher=finisher, parallel_map=spread, part_bytes=part_bytes)
    assert merged.files == require_record(StoragePath.of(finished[finisher])).files
    assert digests(run) == digests(finished[finisher])


@FOUR
def test_a_filesystem_that_takes_bytes_in_order_gets_the_same_files(
    finisher: Finisher, shards: Path, finished: dict[Finisher, Path]
) -> None:
    output = StoragePath.of(f"memory://{uuid4().hex}")
    for path in (shards / "_shards").iterdir():
        (output / "_shards" / path.name).write_bytes(path.read_bytes())
    require_record(StoragePath.of(shards)).save(output)
    finalize(output, finisher=finisher)
    made = {name for name in output.names() if layout.is_result(name)}
    assert {n: sha256((output / n).read_bytes()).hexdigest() for n in made} == digests(
        finished[finisher]
    )
    fsspec.filesystem("memory").rm(f"/{output.path}", recursive=True)


@FOUR
def test_what_is_whole_is_said_to_be(finisher: Finisher, finished: dict[Finisher, Path]) -> None:
    found = inspect_output(StoragePath.of(finished[finisher]))
    assert found.problems == []
    assert sum(found.classes.values()) == 72
    assert {*found.files} == {*IMAGE_FILES[finisher], *tables_of(finisher)}


@WITH_IMAGES
def test_what_was_altered_or_lost_is_said(finisher: Finisher, run: Path) -> None:
    output = StoragePath.of(run)
    finalize(output, finisher=finisher)
    name = IMAGE_FILES[finisher][-1]
    content = (run / name).read_bytes()
    middle = len(content) // 2
    (run / name).write_bytes(content[:middle] + b"?" + content[middle + 1 :])
    assert inspect_output(output, quick=True).problems == []
    told = f"{name} was altered: its CRC-32 is not the one in run.json"
    assert inspect_output(output).problems == [told]
    (run / name).write_bytes(bytes(len(content)))
    kind = "zip does" if name.endswith("zip") else "tar file does"
    assert inspect_output(output, quick=True).problems == [f"{name} does not end as a {kind}"]
    (run / name).unlink()
    assert inspect_output(output).problems == [f"{name} is missing"]


@FOUR
def test_a_finished_run_with_its_shards_goes_into_another_container(
    finisher: Finisher, finished: dict[Finisher, Path], tmp_path: Path
) -> None:
    for first, folder in finished.items():
        run = tmp_path / first.name
        shutil.copytree(folder, run)
        record = finalize(StoragePath.of(run), finisher=finisher)
        assert digests(run) == digests(finished[finisher]), "and nothing is left of the other one"
        assert record.files == require_record(StoragePath.of(finished[finisher])).files
        assert (run / "_shards").is_dir(), "they were kept on purpose"


def test_without_its_shards_it_stays_what_it_is(run: Path) -> None:
    output = StoragePath.of(run)
    finalize(output, finisher=WebDataset(SEVERAL))
    before = digests(run)
    with pytest.raises(OutputError) as caught:
        finalize(output, finisher=OneZip())
    assert str(caught.value) == (
        f"{run} is complete with --container webdataset --container-bytes {SEVERAL} "
        "(sampled_images-{000000..000004}.tar), and without its shards it cannot become "
        "--container zip: choose another output, or make it again with --overwrite"
    )
    with pytest.raises(OutputError, match=r"it cannot become --container webdataset --container-b"):
        finalize(output, finisher=WebDataset())
    assert digests(run) == before
    assert finalize(output) == require_record(output)


class Killed(BaseException):
    """Nobody catches it."""


def killed_in(run: Path, finisher: Finisher) -> None:
    def stop(row: LedgerRow) -> None:
        if row.shard == 5:
            raise Killed

    with pytest.raises(Killed):
        finalize(
            StoragePath.of(run), finisher=finisher, on_shard=stop, part_bytes=1, parallel_map=alone
        )


@FOUR
def test_after_a_merge_that_was_killed_another_one_leaves_nothing_of_it(
    finisher: Finisher, run: Path, finished: dict[Finisher, Path]
) -> None:
    killed_in(run, WebDataset(SEVERAL))
    assert [*digests(run)], "files appear as they are whole"
    (run / ".sampled_images-000002.tar.0123abcd.tmp").write_bytes(b"half")
    record = require_record(StoragePath.of(run))
    assert record.status == "sharded"
    assert {*record.files} == {*IMAGE_FILES[WebDataset(SEVERAL)]}, "those that may be there"
    finalize(StoragePath.of(run), finisher=finisher)
    assert digests(run) == digests(finished[finisher])
    assert not [*run.glob(".*.tmp")]


def test_a_merge_in_another_container_that_was_killed_goes_on(
    finished: dict[Finisher, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished[OneZip()], run)
    killed_in(run, SeveralZips(SEVERAL))
    finalize(StoragePath.of(run))
    assert digests(run) == digests(finished[SeveralZips(SEVERAL)])


def test_the_files_are_known_as_results(run: Path, tmp_path: Path) -> None:
    output = StoragePath.of(run)
    identity = finalize(output, finisher=WebDataset(SEVERAL)).identity
    for name in ("sampled_images-mine.tar", "sampled_images-1.zip"):
        (run / name).write_bytes(b"mine")
    shutil.copytree(run, tmp_path / "other")
    (tmp_path / "other" / "run.json").unlink()
    with pytest.raises(OutputError, match=r"holds image_index\.parquet of another"):
        find_run(StoragePath.of(tmp_path / "other"), identity, overwrite=False)
    clear(StoragePath.of(tmp_path / "other"), overwrite=True)
    clear(output, overwrite=False)
    for folder in (run, tmp_path / "other"):
        left = {path.name for path in folder.iterdir()}
        assert left == {"sampled_images-mine.tar", "sampled_images-1.zip"}


@FOUR
def test_a_run_without_a_usable_image_can_be_finished(finisher: Finisher, tmp_path: Path) -> None:
    (tmp_path / "in" / "boat").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "in" / "boat" / f"{number}.png").write_bytes(b"no image")
    plain = {"input": str(tmp_path / "in"), "output": str(tmp_path / "out")}
    output = make_shards(generate_settings(plain), 2)
    finalize(output, finisher=finisher, accept_rejected=True)
    assert inspect_output(output).problems == []
    assert len(raydrift.open(tmp_path / "out")) == 0


def test_shards_that_were_made_for_a_zip_become_the_same_tar_files(
    scenes: Path, tmp_path: Path
) -> None:
    """What their samples take in a tar is measured when it is asked for."""
    tars = []
    for container in ("zip", "webdataset"):
        plain = {
            "input": str(scenes),
            "output": str(tmp_path / container),
            "image": {"height": 16, "width": 16},
            "write": {"container": container},
        }
        output = make_shards(generate_settings(plain), 16)
        sizes = [row.tar_size for row in rows_there(output, require_record(output))]
        assert all(size < 0 for size in sizes) == (container == "zip")
        finalize(output, finisher=WebDataset())
        tars.append((output / "sampled_images-000000.tar").read_bytes())
    assert tars[0] == tars[1]
