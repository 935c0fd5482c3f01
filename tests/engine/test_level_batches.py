"""Originals and their drifted copies, measured on a real Ray."""

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from raydrift.catalog import load_catalog
from raydrift.engine.generate import generate
from raydrift.engine.level_batches import LevelBatch, level_batches
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage.shards import Rejected
from raydrift.transforms import TransformInfo

pytestmark = pytest.mark.usefixtures("ray_session")

CLEAN = ()
TURNED = (TransformInfo("rotate", 0.3), TransformInfo("gaussian_noise", 0.2))
BLURRED = (TransformInfo("gaussian_blur", 1.0),)


def settings_for(source: Path, output: Path, **values: object) -> GenerateSettings:
    plain = {
        "input": str(source),
        "output": str(output),
        "num_samples": 20,
        "embedding": {"compute": True, "weights": "random", "batch_size": 8},
        "cluster": {"workers": 2},
        **values,
    }
    return generate_settings(plain)


def measured(settings: GenerateSettings) -> list[LevelBatch]:
    catalog = load_catalog(settings.input)
    with closing(level_batches(settings, catalog, [CLEAN, TURNED, BLURRED])) as batches:
        return sorted(batches, key=lambda one: one.batch)


@pytest.fixture(scope="module")
def batches(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> list[LevelBatch]:
    return measured(settings_for(scenes, tmp_path_factory.mktemp("unwritten")))


def test_every_batch_comes_once_with_a_copy_a_chain(batches: list[LevelBatch]) -> None:
    assert [one.batch for one in batches] == [0, 1, 2]
    assert [i for one in batches for i in one.sample_ids] == list(range(20))
    assert [len(one.originals) for one in batches] == [8, 8, 4]
    for one in batches:
        assert len(one.labels) == len(one.class_names) == len(one.sample_ids)
        assert [copies.shape for copies in one.drifted] == [one.originals.shape] * 3
        assert one.originals.dtype == np.float64
        np.testing.assert_array_equal(one.originals, one.drifted[0], "no transforms, no change")
        assert (one.originals != one.drifted[1]).any(axis=1).all()
        assert one.rejected == ()


def test_what_is_measured_is_what_generate_writes(
    batches: list[LevelBatch], scenes: Path, tmp_path: Path
) -> None:
    """Bit by bit, in whatever batches and by however many workers."""
    generate(
        settings_for(
            scenes,
            tmp_path,
            transforms=[str(info) for info in TURNED],
            write={"shard_size": 20},
            cluster={"workers": 1},
        ),
        quiet=True,
    )
    written = pq.read_table(tmp_path / "embeddings.parquet")["embedding"].to_pylist()
    found = np.concatenate([one.drifted[1] for one in batches])
    np.testing.assert_array_equal(found, np.array(written))
    labels = [label for one in batches for label in one.labels]
    assert labels == pq.read_table(tmp_path / "target.parquet")["label"].to_pylist()


def test_chains_come_instead_of_the_runs_own_drifts(
    batches: list[LevelBatch], scenes: Path, tmp_path: Path
) -> None:
    """Also where those are meant for some images only."""
    drifts = [{"transforms": ["hue:1"], "where": {"class": name}} for name in ("boat", "desert")]
    settings = settings_for(scenes, tmp_path, num_samples=8, drift=drifts)
    with closing(level_batches(settings, load_catalog(settings.input), [TURNED])) as found:
        (one,) = found
    np.testing.assert_array_equal(one.drifted[0], batches[0].drifted[1][:8])


def test_images_that_cannot_be_used_are_left_out_and_named(scenes: Path, tmp_path: Path) -> None:
    """A batch of nothing else does not come."""
    source = tmp_path / "input"
    (source / "a").mkdir(parents=True)
    for number in range(4):
        (source / "a" / f"{number}.jpg").write_bytes(b"no image")
    for number, path in enumerate(sorted(scenes.rglob("*.jpg"))[:4]):
        shutil.copy(path, source / "a" / f"fine{number}.jpg")
    settings = settings_for(
        source,
        tmp_path / "unwritten",
        num_samples=8,
        shuffle=False,
        embedding={"weights": "random", "batch_size": 3},
    )
    catalog = load_catalog(settings.input)
    with closing(level_batches(settings, catalog, [BLURRED])) as batches:
        found = sorted((one.batch, one.sample_ids, one.rejected) for one in batches)
    reason = "not an image in a known format"
    assert found == [
        (1, (4, 5), (Rejected(3, "a/3.jpg", "decode", reason),)),
        (2, (6, 7), ()),
    ]


@pytest.mark.slow
def test_chains_take_the_place_of_the_runs_own_drifts_on_its_own_samples(
    scenes: Path, tmp_path: Path
) -> None:
    """A label shift says which images there are; a drift that they are measured without."""
    settings = settings_for(
        scenes,
        tmp_path,
        label_shift=[{"proportions": {"boat": 1.0}, "start": 10}],
        drift=[{"transforms": ["rotate:1"], "start": 0, "where": [["class", "in", ["boat"]]]}],
    )
    catalog = load_catalog(settings.input)
    with closing(level_batches(settings, catalog, [CLEAN])) as batches:
        found = sorted(batches, key=lambda one: one.batch)
    names = [name for one in found for name in one.class_names]
    assert set(names[10:]) == {"boat"} != set(names[:10])
    for one in found:
        np.testing.assert_array_equal(one.originals, one.drifted[0])
    with closing(level_batches(settings, catalog)) as batches:
        own = sorted(batches, key=lambda one: one.batch)
    changed = [bool(row) for one in own for row in (one.originals != one.drifted[0]).any(axis=1)]
    assert changed == [name == "boat" for name in names]
