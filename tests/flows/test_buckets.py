"""Flows of images that are not on this machine."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from raydrift.errors import SettingsError
from raydrift.flows import ImageDataGenerator, ParallelImageDataGenerator

GIVEN: dict[str, Any] = {"target_size": (12, 16), "shuffle": False, "batch_size": 30}
KEY = {"key": "a key that opens"}


class Vault(MemoryFileSystem):
    """A store that opens for who has the key."""

    protocol = "vault"

    def __init__(self, key: str = "", **options: Any) -> None:
        super().__init__(**options)
        if key != KEY["key"]:
            raise PermissionError("wrong key")

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        stripped: str = super()._strip_protocol(path.replace("vault://", "memory://"))
        return stripped


@pytest.fixture
def vault(scenes: Path) -> Iterator[str]:
    """The scenes in such a store."""
    fsspec.register_implementation("vault", Vault, clobber=True)
    store = Vault(**KEY)
    for file in scenes.glob("*/*"):
        store.pipe_file(f"/photos/{file.parent.name}/{file.name}", file.read_bytes())
    yield "vault://photos"
    store.rm("/photos", recursive=True)


@pytest.mark.parametrize("decode", ["keras", "raydrift"])
def test_a_flow_of_a_bucket_is_that_of_a_folder(scenes: Path, vault: str, decode: str) -> None:
    generator = ImageDataGenerator(decode=decode)
    here = generator.flow_from_directory(scenes, **GIVEN)
    there = generator.flow_from_directory(vault, **GIVEN, storage_options=KEY)
    assert there.filepaths[0] == f"vault://photos/{here.filenames[0]}"
    again = pickle.loads(pickle.dumps(there))
    for _ in range(4):
        (x, y), (a, b), (c, _) = next(here), next(there), next(again)
        assert np.array_equal(x, a)
        assert np.array_equal(y, b)
        assert np.array_equal(x, c)


def test_no_option_is_shown(vault: str) -> None:
    flow = ImageDataGenerator().flow_from_directory(vault, **GIVEN, storage_options=KEY)
    next(flow)
    shown = (
        f"{flow.storage_options} {vars(flow)} {vars(flow._contents)} {flow._maker()} {flow.info}"
    )
    assert KEY["key"] not in shown
    with pytest.raises(SettingsError, match="wrong key") as told:
        ImageDataGenerator().flow_from_directory(vault, storage_options={"key": "another"})
    assert "another" not in str(told.value)


def test_a_frame_of_a_bucket_is_that_of_files(scenes: Path, vault: str) -> None:
    files = [file.relative_to(scenes).as_posix() for file in sorted(scenes.glob("*/*"))[::7]]
    generator = ImageDataGenerator()
    names = {"filename": files, "class": [file.partition("/")[0] for file in files]}
    here = generator.flow_from_dataframe(names, scenes, **GIVEN)
    there = generator.flow_from_dataframe(names, vault, **GIVEN, storage_options=KEY)
    assert np.array_equal(next(here)[0], next(there)[0])
    whole = {**names, "filename": [f"{vault}/{file}" for file in files]}
    by_uri = generator.flow_from_dataframe(whole, **GIVEN, storage_options=KEY)
    assert np.array_equal(next(here)[0], next(by_uri)[0])


def test_mltks_generator_reads_a_bucket(vault: str) -> None:
    flow = ParallelImageDataGenerator().flow_from_directory(vault, **GIVEN, storage_options=KEY)
    assert [len(x) for x, _ in flow] == [30] * len(flow)


def test_a_file_that_is_gone_is_replaced(vault: str) -> None:
    flow = ImageDataGenerator().flow_from_directory(vault, **GIVEN, storage_options=KEY)
    Vault(**KEY).rm(f"/photos/{flow.filenames[1]}")
    with pytest.warns(UserWarning, match=f"{flow.filepaths[1]} cannot be used"):
        assert len(next(flow)[0]) == 30
    assert [one.path for one in flow.rejected] == [flow.filepaths[1]]
