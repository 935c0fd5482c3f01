"""The tar files, as those read them who stream them."""

import gc
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import raydrift
from raydrift import schemas
from raydrift.drift.written import parameters_of
from raydrift.paths import StoragePath
from raydrift.settings.toml import generate_settings
from raydrift.storage import layout
from raydrift.storage.finalize import finalize
from raydrift.storage.finishers.webdataset import WebDataset
from raydrift.storage.tar_members import END, FACTS, after_image, member_header, samples_size
from tests.made_shards import make_shards

CLASSES = ["boat", "golden.retriever", "Zürich", "x" * 120]


@pytest.fixture(scope="module")
def run(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 images in tar files with a folder for each class; their names are none too easy."""
    source, output = tmp_path_factory.mktemp("in"), tmp_path_factory.mktemp("out")
    for name, drawn in zip(CLASSES, sorted(scenes.iterdir()), strict=False):
        shutil.copytree(drawn, source / name)
    plain = {
        "input": str(source),
        "output": str(output),
        "transforms": ["rotate:0.3", "gaussian_noise:0.2"],
        "image": {"height": 32, "width": 32},
        "write": {"organize_by_class": True},
    }
    finalize(make_shards(generate_settings(plain), 8), finisher=WebDataset(100_000))
    return output


def tars(run: Path) -> list[Path]:
    return sorted(run.glob("*.tar"))


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # it leaves its last file open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_streams_every_sample_in_order(run: Path) -> None:
    dataset = raydrift.open(run)
    urls = f"{run}/sampled_images-{{000000..{len(tars(run)) - 1:06d}}}.tar"
    streamed = list(webdataset.WebDataset(urls, shardshuffle=False).decode("rgb8"))
    gc.collect()
    assert (len(streamed), len(tars(run))) == (48, 6)
    names = dataset.mapping["file_name"].to_pylist()
    for one, name, sample in zip(streamed, names, dataset, strict=True):
        assert f"{one['__key__']}.png" == name
        assert one["cls"] == sample.label
        assert np.array_equal(one["png"], sample.image)
        assert one["json"] == sample.provenance | {
            "timestamp": sample.timestamp,
            "label": sample.label,
        }


def test_the_facts_of_a_sample_are_readable_text(run: Path) -> None:
    with tarfile.open(tars(run)[0]) as archive:
        png, label, facts = (
            archive.extractfile(member).read() for member in archive.getmembers()[:3]
        )
    row = pq.read_table(run / "provenance.parquet").slice(0, 1).to_pylist()[0]
    labels = dict(zip(sorted(CLASSES), range(4), strict=True))
    assert label == str(labels[row["class_name"]]).encode()
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.size) == ("PNG", (32, 32))
    told = json.loads(facts)
    assert [*told] == [*FACTS]
    assert told["timestamp"] == 1717232400.0
    assert told["transforms"] == [
        one | {"parameters": parameters_of(one["parameters"])} for one in row["transforms"]
    ]
    assert told["transforms"][0]["parameters"]["degrees"] == pytest.approx(0, abs=27)


def test_members_are_regular_files_of_nobody_dated_1980(run: Path) -> None:
    for path in tars(run):
        with tarfile.open(path) as archive:
            for member in archive:
                assert member.isreg()
                assert (member.mtime, member.mode) == (315_532_800, 0o644)
                assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")


def test_tar_lists_and_unpacks_them_without_a_word(run: Path, tmp_path: Path) -> None:
    if shutil.which("tar") is None:
        pytest.skip("tar is not installed")
    for path in tars(run):
        done = subprocess.run(["tar", "xf", path], cwd=tmp_path, capture_output=True, check=True)
        assert (done.stdout, done.stderr) == (b"", b"")
    unpacked = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*") if path.is_file()}
    names = pq.read_table(run / "input_mapping.parquet")["file_name"].to_pylist()
    keys = [name.removesuffix(".png") for name in names]
    assert unpacked == {f"{key}.{kind}" for key in keys for kind in ("png", "cls", "json")}


def test_the_index_finds_every_image(run: Path) -> None:
    index = pq.read_table(run / "image_index.parquet")
    assert index.schema.equals(schemas.IMAGE_INDEX)
    found = {}
    for path in tars(run):
        with tarfile.open(path) as archive:
            for member in archive:
                if member.name.endswith(".png"):
                    found[member.name] = (path.name, member.offset_data, member.size)
    names = pq.read_table(run / "input_mapping.parquet")["file_name"].to_pylist()
    rows = index.select(["container", "offset", "size"]).to_pylist()
    assert [found[name] for name in names] == [tuple(row.values()) for row in rows]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=120)


@given(NAMES, st.binary(max_size=1_100), st.integers(-5, 10**6), st.text(max_size=600))
def test_the_size_that_the_ledger_tells_is_that_of_the_members(
    class_name: str, png: bytes, label: int, path: str
) -> None:
    name = layout.member_name(7, class_name)
    transforms = [{"type": "hue", "level": 0.5, "kernel": "hue", "parameters": '{"turns": 0.1}'}]
    row = {
        "sample_id": 7, "timestamp": 0.5, "label": label, "class_name": class_name,
        "source_path": path, "file_name": name, "image": {"bytes": png, "path": name},
        "drifted": True, "level": 0.5, "reason": "", "transforms": transforms,
        "content_crc": None, "profile": None,
    }  # fmt: skip
    content = member_header(name, len(png)) + png + after_image(name, len(png), row)
    table = pa.Table.from_pylist([row], schema=schemas.shard(embeddings=False))
    assert samples_size(table) == len(content)
    with tarfile.open(fileobj=io.BytesIO(content + END)) as archive:
        members = archive.getmembers()
        key = name.removesuffix(".png")
        assert [member.name for member in members] == [f"{key}.{k}" for k in ("png", "cls", "json")]
        contents = [archive.extractfile(member).read() for member in members]
    assert contents[:2] == [png, str(label).encode()]
    assert json.loads(contents[2])["source_path"] == path


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        (0, 512, "does not begin as a tar file does"),
        (1_000, 1_010, "has lost the content of its member"),
        (-1_536, None, "does not end as a tar file does"),
    ],
)
def test_a_short_look_sees_zeros_at_both_ends(
    run: Path, tmp_path: Path, begin: int, end: int | None, said: str
) -> None:
    data = bytearray(tars(run)[1].read_bytes())
    data[begin:end] = bytes(len(data[begin:end]))
    (tmp_path / "damaged.tar").write_bytes(data)
    with (
        (StoragePath.of(tmp_path) / "damaged.tar").open_here_and_there() as file,
        pytest.raises(Exception, match=said),
    ):
        WebDataset().check_ends(file, 16)
