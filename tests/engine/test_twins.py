"""Runs that blend images with their twins: those of another run, or of a folder."""

import json
import shutil
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageOps

import raydrift
from raydrift.engine.evaluate import evaluate
from raydrift.engine.generate import generate
from raydrift.errors import CatalogError, OutputError
from raydrift.images.codec import RGB, decode
from raydrift.settings import ImageSettings
from raydrift.settings.toml import evaluate_settings, generate_settings

pytestmark = pytest.mark.usefixtures("ray_session")

SIZE = {"height": 40, "width": 56}


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of six scenes."""
    folder = tmp_path_factory.mktemp("twins") / "in"
    for name in ("boat", "desert"):
        (folder / name).mkdir(parents=True)
        for path in sorted((scenes / name).iterdir())[:6]:
            shutil.copy(path, folder / name)
    return folder


@pytest.fixture
def inverted(source: Path, tmp_path: Path) -> Path:
    """The same images, inverted, as PNGs."""
    for path in source.rglob("*.jpg"):
        place = (tmp_path / "inverted" / path.relative_to(source)).with_suffix(".png")
        place.parent.mkdir(parents=True, exist_ok=True)
        ImageOps.invert(Image.open(path)).save(place)
    return tmp_path / "inverted"


def made(source: Path, output: Path, **values: Any) -> Path:
    told = {"input": str(source), "output": str(output), "image": SIZE, **values}
    told = {"transforms": ["twin:0.5"], "faults": {"max_rejected": 1}, **told}
    generate(generate_settings(told), quiet=True)
    return output


def images(output: Path) -> dict[str, RGB]:
    """By the paths of what they were made of."""
    return {one.provenance["source_path"]: one.image for one in raydrift.open(output)}


def rejected(output: Path) -> dict[str, tuple[str, str]]:
    rows = pq.read_table(output / "rejected.parquet").to_pylist()
    return {row["path"]: (row["stage"], row["error"]) for row in rows}


def test_pixels_are_blended_with_those_of_the_twin_at_the_size_of_the_run(
    source: Path, inverted: Path, tmp_path: Path
) -> None:
    output = made(source, tmp_path / "out", twins=str(inverted), transforms=["twin:0.25"])
    size = ImageSettings(**SIZE)
    for path, image in images(output).items():
        twin = (inverted / path).with_suffix(".png").read_bytes()
        before, after = decode((source / path).read_bytes(), size), decode(twin, size)
        expected = np.rint(0.75 * before + 0.25 * after)
        np.testing.assert_array_equal(image, expected)
    assert len(rejected(output)) == 0


@pytest.mark.parametrize(
    "container",
    ["webdataset", *(pytest.param(one, marks=pytest.mark.slow) for one in ("zip", "zips"))],
)
def test_what_another_run_made_of_the_input_is_twins(
    source: Path, tmp_path: Path, container: str
) -> None:
    """At level 1 its images come back, byte for byte."""
    write = {"container": container, "shard_size": 5, "organize_by_class": True}
    write |= {} if container == "zip" else {"container_bytes": 20_000}
    twins = made(source, tmp_path / "twins", transforms=["hue:0.8"], seed=9, write=write)
    output = made(source, tmp_path / "out", twins=str(twins), transforms=["twin:1"])
    before, after = images(twins), images(output)
    assert before.keys() == after.keys()
    for path, image in after.items():
        np.testing.assert_array_equal(image, before[path])
    files = json.loads((twins / "run.json").read_text())["files"]
    drawn = raydrift.open(output)[0].provenance["transforms"][0]["parameters"]
    file, name = drawn["twin"].split("/", 1)
    assert file in files
    assert name in pq.read_table(twins / "input_mapping.parquet")["file_name"].to_pylist()


def test_the_same_bytes_for_any_shards_and_as_batches(
    source: Path, inverted: Path, tmp_path: Path
) -> None:
    chain = {"twins": str(inverted), "transforms": ["rotate:0.4", "twin:0.3", "hue:0.2"]}
    one = made(source, tmp_path / "one", **chain, write={"shard_size": 12}, cluster={"workers": 1})
    other = made(source, tmp_path / "other", **chain, write={"shard_size": 5})
    name = "sampled_images.zip"
    assert (one / name).read_bytes() == (other / name).read_bytes()
    generator = raydrift.ImageDatasetGenerator(
        42, source, input_dim=(40, 56), twins=inverted, progress=False
    )
    infos = [raydrift.TransformInfo.parse(info) for info in chain["transforms"]]
    generator.add_abrupt_drift(infos)
    batched = np.concatenate([batch.images for batch in generator.batches(batch_size=7)])
    written = np.stack([sample.image for sample in raydrift.open(one)])
    np.testing.assert_array_equal(batched, written)


def test_only_what_is_blended_needs_its_twin(source: Path, inverted: Path, tmp_path: Path) -> None:
    """Of boats the twins are gone, broken, or not to be read; deserts drift, and boats do not."""
    shutil.rmtree(inverted / "boat")
    (inverted / "boat").mkdir()
    (inverted / "boat/boat_000.png").write_bytes(b"no image")
    (inverted / "desert/desert_002.png").write_bytes(b"")
    (inverted / "desert/desert_003.png").unlink()
    drift = {"transforms": ["twin:0.5"], "where": {"class": "desert"}}
    told = {"twins": str(inverted), "shuffle": False}
    output = made(source, tmp_path / "some", transforms=[], drift=[drift], **told)
    missing = f"it has no twin in {inverted}"
    empty = {
        "desert/desert_002.jpg": ("twin", "its twin desert/desert_002.png: the file is empty"),
        "desert/desert_003.jpg": ("twin", missing),
    }
    assert rejected(output) == empty
    clean = images(made(source, tmp_path / "clean", transforms=[]))
    for path, image in images(output).items():
        assert (image == clean[path]).all() == path.startswith("boat")
    broken = "its twin boat/boat_000.png: not an image in a known format"
    boats = {f"boat/boat_{number:03d}.jpg": ("twin", missing) for number in range(6)}
    boats["boat/boat_000.jpg"] = ("twin", broken)
    everything = made(source, tmp_path / "all", **told)
    assert rejected(everything) == boats | empty
    (note,) = json.loads((everything / "run.json").read_text())["notes"]
    told_of = "6 of 12 images with a twin: the others are rejected where theirs is asked for"
    assert note == told_of
    at_0 = made(source, tmp_path / "level 0", transforms=["twin:0"], twins="not there")
    assert not rejected(at_0)
    for path, image in images(at_0).items():
        np.testing.assert_array_equal(image, clean[path])


@pytest.mark.slow
def test_other_twins_are_another_run_and_another_content_is_made_again(
    source: Path, inverted: Path, tmp_path: Path
) -> None:
    write = {"shard_size": 4, "keep_shards": True}
    told = {"twins": str(inverted), "write": write, "shuffle": False}
    output = made(source, tmp_path / "out", **told)
    before = (output / "sampled_images.zip").read_bytes()
    twin = inverted / "desert/desert_001.png"  # of the second shard
    content = twin.read_bytes()
    twin.write_bytes(content)  # merely written again
    made(source, output, **told)
    assert json.loads((output / "run.json").read_text())["notes"] == []
    changed = content[:-20] + bytes(20)  # as large as before
    twin.write_bytes(changed)
    made(source, output, **told)
    assert list(rejected(output)) == ["desert/desert_001.jpg"]
    (note,) = json.loads((output / "run.json").read_text())["notes"]
    assert note.startswith("1 image had another content than when the run read the input, in 1 of")
    twin.write_bytes(content)
    made(source, output, **told)
    assert (output / "sampled_images.zip").read_bytes() == before
    twin.write_bytes(content + b"longer")
    with pytest.raises(OutputError, match="the twins are others"):
        made(source, output, **told)


def test_a_twin_goes_with_a_mask(source: Path, inverted: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted(source.rglob("*.jpg"))):
        place = (tmp_path / "masks" / path.relative_to(source)).with_suffix(".png")
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((240, 320), number, np.uint8)).save(place)
    told = {"twins": str(inverted), "masks": str(tmp_path / "masks"), "shuffle": False}
    output = made(source, tmp_path / "out", transforms=["twin:0.5", "rotate:0.3"], **told)
    found = raydrift.open(output)
    assert [int(sample.mask.max()) for sample in found] == list(range(12))


@pytest.mark.slow
def test_evaluate_measures_what_generate_writes(
    source: Path, inverted: Path, tmp_path: Path
) -> None:
    """An image without a twin is left out at every level, also at 0."""
    (inverted / "boat/boat_004.png").unlink()
    settings = evaluate_settings(
        {
            "input": str(source),
            "output": str(tmp_path / "out"),
            "twins": str(inverted),
            "transforms": ["twin"],
            "levels": "0,0.5,1",
            "image": SIZE,
            "embedding": {"weights": "random"},
        }
    )
    found = evaluate(settings, quiet=True)
    (batch,) = found.batches
    assert (batch.rejected, len(batch.sample_ids)) == (1, 11)
    none, half, whole = batch.pairs.mean(axis=1)
    assert none == 0
    assert min(half, whole) > 0
    page = (tmp_path / "out/report.html").read_text()
    assert f"<span>--twins</span> <span>{inverted}</span>" in page


def test_what_cannot_be_twins_is_told_in_one_line(
    source: Path, inverted: Path, tmp_path: Path
) -> None:
    def refused(twins: Path, kind: type[Exception]) -> str:
        with pytest.raises(kind) as caught:
            made(source, tmp_path / "out", twins=str(twins))
        return str(caught.value)

    (tmp_path / "other/x").mkdir(parents=True)
    assert refused(tmp_path / "none", CatalogError).endswith(
        "none is no folder: give the output of a run, or a folder of images"
    )
    assert "other has no images" in refused(tmp_path / "other", CatalogError)
    shutil.copy(inverted / "boat/boat_000.png", tmp_path / "other/x")
    assert refused(tmp_path / "other", CatalogError).endswith(
        "none of 1 image, as that of x/boat_000.png, is of an image of the input, as "
        "boat/boat_000.jpg: give what raydrift translate made of this input, or a folder with "
        "images of the same paths"
    )
    shutil.copy(inverted / "boat/boat_000.png", inverted / "boat/boat_000.bmp")
    assert refused(inverted, CatalogError).endswith(
        "those of boat/boat_000.bmp and boat/boat_000.png are twins of one image: keep one of them"
    )
    unfinished = made(source, tmp_path / "unfinished", transforms=[], write={"finalize": False})
    assert "is a run that is not finished" in refused(unfinished, OutputError)
    twice = made(source, tmp_path / "twice", transforms=[], copies=2)
    assert "has 2 of boat/boat_000.jpg" in refused(twice, CatalogError)
    tables = made(source, tmp_path / "tables", transforms=[], write={"container": "tables"})
    assert "has tables and no images" in refused(tables, OutputError)


def test_a_worker_reads_of_a_container_what_it_needs(source: Path, tmp_path: Path) -> None:
    """What lies between the twins of the boats is broken, and nobody looks at it."""
    write = {"organize_by_class": True}
    twins = made(source, tmp_path / "twins", transforms=["hue:0.8"], write=write)
    zipped = twins / "sampled_images.zip"
    with ZipFile(zipped) as archive:
        spans = [
            (one.header_offset, one.compress_size)
            for one in archive.infolist()
            if one.filename.startswith("desert")
        ]
    content = bytearray(zipped.read_bytes())
    for offset, size in spans:
        content[offset + 60 : offset + size] = bytes(size - 60)
    zipped.write_bytes(content)
    drift = {"transforms": ["twin:1"], "where": {"class": "boat"}}
    output = made(source, tmp_path / "out", transforms=[], drift=[drift], twins=str(twins))
    assert not rejected(output)
