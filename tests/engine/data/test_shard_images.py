"""The images of a shard; a file that several of them are tiles of."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.catalog import Catalog, catalog_of
from raydrift.engine.data.companions import MaskReader, content_crc
from raydrift.engine.data.reader import Reader
from raydrift.engine.data.shard_images import shard_images
from raydrift.errors import ImageError
from raydrift.images.decoded import Decoded
from raydrift.images.raw.decoder import read_raw
from raydrift.settings import GenerateSettings, ImageSettings
from raydrift.settings.toml import generate_settings
from tests.image_files import file_of
from tests.raw_files import PRESET, noise

PNG = {"files": "png", "cfa": "RGGB", "read": "tile", "tile": 8, **PRESET}
SHAPES = {"1": (24, 25), "2": (17, 40), "3": (8, 8)}


@pytest.fixture
def settings(tmp_path: Path) -> GenerateSettings:
    (tmp_path / "raws/x").mkdir(parents=True)
    for name, shape in SHAPES.items():
        (tmp_path / f"raws/x/{name}.png").write_bytes(file_of(noise(*shape), "PNG"))
    return generate_settings({"input": str(tmp_path / "raws"), "output": "out", "raw": PNG})


@pytest.fixture
def catalog(settings: GenerateSettings) -> Catalog:
    return catalog_of(settings)


def tasks_of(settings: GenerateSettings, catalog: Catalog) -> pa.Table:
    order = catalog.order(settings.seed, shuffle=True)
    return catalog.samples(
        order, 0, len(catalog), shard=0, first_timestamp=0.0, delta_timestamp=1.0
    )


class Counting:
    """Decodes, and counts."""

    def __init__(self, settings: GenerateSettings) -> None:
        self._raw = settings.raw
        self.decoded = 0

    def __call__(self, data: bytes, image: ImageSettings) -> Decoded:
        self.decoded += 1
        assert self._raw is not None
        return read_raw(data, image, self._raw)


def test_each_file_is_decoded_once_whatever_the_order(
    settings: GenerateSettings, catalog: Catalog
) -> None:
    tasks, decoder = tasks_of(settings, catalog), Counting(settings)
    rows = tasks.select(["source_path", "row", "column"]).to_pylist()
    names = [row["source_path"] for row in rows]
    assert names != sorted(names)  # they are shuffled
    found = list(shard_images(settings, tasks, Reader(catalog.root, 10**6), decoder))
    assert len(found) == 9 + 10 + 1
    assert decoder.decoded == 3
    for row, one in zip(rows, found, strict=True):
        file = Path(settings.input) / row["source_path"]
        whole = noise(*SHAPES[file.stem])
        top, left = row["row"], row["column"]
        assert isinstance(one.image, Decoded)
        np.testing.assert_array_equal(one.image.pixels, whole[top : top + 8, left : left + 8])
        assert one.content_crc == content_crc(file.read_bytes())


def test_all_tiles_of_a_file_are_rejected_for_what_it_is(
    settings: GenerateSettings, catalog: Catalog
) -> None:
    tasks = tasks_of(settings, catalog)
    (Path(settings.input) / "x/1.png").write_bytes(file_of(noise(16, 25), "PNG"))
    (Path(settings.input) / "x/2.png").write_bytes(b"broken")
    (Path(settings.input) / "x/3.png").unlink()
    reader = Reader(catalog.root, 10**6)
    reasons = {
        (path, one.image.reason if isinstance(one.image, ImageError) else "")
        for path, one in zip(
            tasks["source_path"].to_pylist(),
            shard_images(settings, tasks, reader, Counting(settings)),
            strict=True,
        )
    }
    last = [f"it has 16 x 25 pixels, and no tile at row 16, column {left}" for left in (0, 8, 16)]
    listed = ": it is not as it was when the input was listed"
    assert reasons == {
        ("x/1.png", ""),
        *(("x/1.png", told + listed) for told in last),
        ("x/2.png", "it is no png: set raw.files to what it is"),
        ("x/3.png", "No such file or directory"),
    }


def test_a_file_may_be_listed_with_several_masks(tmp_path: Path) -> None:
    """As those of two annotators: each has its own tiles."""
    (tmp_path / "1.png").write_bytes(file_of(noise(8, 16), "PNG"))
    labels = {"m/1.png": 1, "m/2.png": 2}
    (tmp_path / "m").mkdir()
    for name, label in labels.items():
        (tmp_path / name).write_bytes(file_of(np.full((8, 16), label, np.uint8), "PNG"))
    rows = {"path": ["1.png"] * 2, "class": ["x"] * 2, "mask": list(labels)}
    pq.write_table(pa.table(rows), tmp_path / "list.parquet")
    source = str(tmp_path / "list.parquet")
    settings = generate_settings({"input": source, "output": "out", "raw": PNG})
    catalog = catalog_of(settings)
    assert catalog.masks is not None
    tasks = tasks_of(settings, catalog)
    masks = MaskReader(catalog.masks, settings.image)
    reader = Reader(catalog.root, 10**6)
    found = shard_images(settings, tasks, reader, Counting(settings), [masks])
    for name, one in zip(tasks["mask"].to_pylist(), found, strict=True):
        assert isinstance(one.image, Decoded)
        assert one.image.mask is not None
        assert set(one.image.mask.flat) == {labels[name]}
