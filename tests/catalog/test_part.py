"""A part of an input: its images keep the rows that they have in the whole."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from raydrift import schemas
from raydrift.catalog import Catalog, load_catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    for number in range(8):
        place = tmp_path / ("cat" if number < 5 else "dog") / f"{number}.png"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(bytes(number))
    return load_catalog(str(tmp_path))


def told(catalog: Catalog, epochs: list[int] | None) -> pa.Table:
    count = 3
    return catalog.samples(
        np.array([2, 0, 1]),
        0,
        count,
        shard=0,
        first_timestamp=0.0,
        delta_timestamp=1.0,
        epochs=None if epochs is None else np.array(epochs, np.int32),
    )


def test_workers_are_told_the_rows_in_the_whole_and_the_epochs(catalog: Catalog) -> None:
    tasks = told(catalog.part(np.array([1, 4, 6])), [7, 7, 8])
    assert tasks.schema == schemas.TASK
    assert tasks["draw_id"].to_pylist() == [6, 1, 4]
    assert tasks["epoch"].to_pylist() == [7, 7, 8]
    assert tasks["sample_id"].to_pylist() == [0, 1, 2]
    assert tasks["source_path"].to_pylist() == ["dog/6.png", "cat/1.png", "cat/4.png"]


def test_of_the_whole_they_are_its_rows(catalog: Catalog) -> None:
    assert told(catalog, [0, 0, 0])["draw_id"].to_pylist() == [2, 0, 1]


def test_without_epochs_there_is_nothing_to_tell(catalog: Catalog) -> None:
    tasks = told(catalog, None)
    assert tasks["draw_id"].null_count == tasks["epoch"].null_count == 3


def test_a_part_of_a_part_is_a_part_of_the_whole(catalog: Catalog) -> None:
    part = catalog.part(np.array([1, 4, 6, 7])).part(np.array([0, 2]))
    assert part.table["draw_id"].to_pylist() == [1, 6]
    assert len(part) == 2
    assert part.classes == catalog.classes


def test_the_same_files_as_a_part_and_as_a_whole_are_two_inputs(catalog: Catalog) -> None:
    assert catalog.part(np.arange(len(catalog))).digest() != catalog.digest()
