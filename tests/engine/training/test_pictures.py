"""Pictures are decoded once, and mapped by whoever trains."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from pyarrow import fs

from raydrift.catalog import load_catalog
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.training.mapped import MappedPictures
from raydrift.engine.training.pictures import Domain, KeptImages, keep_pictures, remove_pictures
from raydrift.images.codec import decode
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.storage.lock import OutputLock

pytestmark = pytest.mark.usefixtures("ray_session")


def keep(
    source: Path, folder: Path, height: int, width: int, channels: int = 3, fit: str = "stretch"
) -> KeptImages:
    run = GenerateSettings(
        str(source), str(folder), image=ImageSettings(height=height, width=width)
    )
    domain = Domain("images", run, load_catalog(str(source)))
    with locked(folder) as (place, lock):
        (kept,) = keep_pictures(
            [domain], place / "_pictures", lock, Clock(), channels=channels, fit=fit, quiet=True
        )
    return kept


@contextmanager
def locked(folder: Path) -> Iterator[tuple[StoragePath, OutputLock]]:
    place = StoragePath.of(str(folder))
    place.create()
    with OutputLock(place) as lock:
        yield place, lock


def test_pictures_are_those_of_the_decoder_in_the_order_of_the_catalog(
    scenes: Path, tmp_path: Path
) -> None:
    kept = keep(scenes, tmp_path, 40, 32)

    pictures = MappedPictures(kept.shards.mapped())
    paths = kept.facts["path"].to_pylist()
    assert paths == load_catalog(str(scenes)).table["path"].to_pylist()
    assert len(pictures) == len(paths) == 72
    places = np.array([71, 0, 30])
    wanted = [
        decode((scenes / paths[one]).read_bytes(), ImageSettings(height=40, width=32))
        for one in places
    ]
    assert (pictures.take(places) == np.stack(wanted)).all()
    first = kept.facts.slice(0, 1).to_pylist()[0]
    assert (first["height"], first["width"], first["grey"]) == (240, 320, False)
    assert first["class_name"] == Path(paths[0]).parts[0]
    assert first["deviation"] == pytest.approx(
        decode((scenes / paths[0]).read_bytes(), ImageSettings(height=40, width=32))
        .reshape(-1, 3)
        .std(axis=0)
        .max()
    )


def test_shards_are_mapped_from_their_files(scenes: Path, tmp_path: Path) -> None:
    kept = keep(scenes, tmp_path, 16, 16)

    for part in kept.shards.mapped():
        assert isinstance(part, np.memmap)
        assert str(tmp_path) in str(part.filename)


def test_the_same_again_decodes_nothing(scenes: Path, tmp_path: Path) -> None:
    before = keep(scenes, tmp_path, 16, 16)
    again = keep(scenes, tmp_path, 16, 16)
    other = keep(scenes, tmp_path, 16, 16, channels=1)

    assert again.shards.rows == before.shards.rows
    assert other.shards.rows != before.shards.rows
    assert other.shards.mapped()[0].shape[1:] == (16, 16, 1)
    remove_pictures(StoragePath.of(str(tmp_path / "_pictures")))
    assert list(tmp_path.iterdir()) == []


def test_crop_keeps_the_centre_and_grey_the_luma(tmp_path: Path) -> None:
    source = tmp_path / "in" / "one"
    source.mkdir(parents=True)
    wide = np.zeros((64, 192, 3), np.uint8)
    wide[:, 64:128] = np.random.default_rng(1).integers(0, 256, (64, 64, 3))
    wide[:, :64], wide[:, 128:] = (255, 0, 0), (0, 255, 0)
    Image.fromarray(wide).save(source / "wide.png")

    kept = keep(tmp_path / "in", tmp_path / "out", 64, 64, channels=1, fit="crop")

    (picture,) = MappedPictures(kept.shards.mapped()).take(np.array([0]))
    centre = cv2.cvtColor(np.ascontiguousarray(wide[:, 64:128]), cv2.COLOR_RGB2GRAY)
    assert (picture[..., 0] == centre).all()
    assert kept.facts["width"].to_pylist() == [192]


def test_constant_and_broken_images_are_rejected(tmp_path: Path) -> None:
    source = tmp_path / "in" / "one"
    source.mkdir(parents=True)
    noise = np.random.default_rng(1).integers(0, 256, (32, 32), np.uint8)
    Image.fromarray(noise).save(source / "grey.png")
    Image.new("RGB", (32, 32), (200, 10, 10)).save(source / "red.png")
    (source / "text.png").write_text("no image")

    kept = keep(tmp_path / "in", tmp_path / "out", 32, 32)

    assert kept.facts["path"].to_pylist() == ["one/grey.png"]
    assert kept.facts["grey"].to_pylist() == [True]
    told = {one.path: one.error for one in kept.rejected}
    assert told["one/red.png"] == "all its pixels are alike (standard deviation 0.00 grey levels)"
    assert set(told) == {"one/red.png", "one/text.png"}


def test_shards_of_another_filesystem_are_fetched_once_and_mapped_here(
    scenes: Path, tmp_path: Path
) -> None:
    kept = keep(scenes, tmp_path, 16, 16)
    there = fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem())
    folder = StoragePath(there, "_pictures/images", "there://_pictures/images")

    fetched = replace(kept.shards, folder=folder).mapped()

    for mine, theirs in zip(fetched, kept.shards.mapped(), strict=True):
        assert isinstance(mine, np.memmap)
        assert str(tmp_path) not in str(mine.filename)
        assert (mine == theirs).all()
