"""Transforms that do not come with raydrift, on their way to a process that has not got them."""

import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from raydrift import TransformInfo
from raydrift.engine.data.shard_work import ShardJob
from raydrift.engine.data.shipping import Packed, pack
from raydrift.errors import SettingsError
from raydrift.flows import Augment, Flow
from raydrift.paths import StoragePath
from raydrift.settings.toml import generate_settings

CACHED = """
import functools
import os
import threading
from dataclasses import dataclass

import numpy as np

from raydrift import Transform


@functools.lru_cache(maxsize=4)
def grey(height, width):
    return np.full((height, width, 3), 200, np.uint8)


@dataclass(frozen=True)
class Fog(Transform):
    def draw(self, level, rng):
        return {"level": level}

    def apply(self, image, level):
        return grey(*image.shape[:2]).copy()
"""
STATEFUL = (
    CACHED.replace("        return grey", "        with LOCK:\n            return grey")
    + """

LOCK, FILE = threading.Lock(), open(os.devnull)
"""
)

ELSEWHERE = """
import pickle, sys
import numpy as np
from raydrift import TransformInfo, drift_image
from raydrift.engine.data.shipping import unpacked

job = unpacked(pickle.load(open(sys.argv[1], "rb")))
(fog,) = job.settings.profile.given.values()
print(fog.code, drift_image(np.zeros((8, 8, 3), np.uint8), [TransformInfo(fog, 1.0)], seed=1,
      sample_id=0)[0].max())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that modules are imported from, until it is deleted."""
    there = tmp_path / "there"
    there.mkdir()
    monkeypatch.syspath_prepend(there)
    before = set(sys.modules)
    yield there
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("my_fog", "acme"):
            module = sys.modules.pop(name)
            if hasattr(module, "FILE"):
                module.FILE.close()


def packed(fog: Any) -> Packed:
    settings = generate_settings({"input": "in", "output": "out"})
    profile = settings.profile.holding([TransformInfo(fog, 1.0)])
    here = StoragePath.of("here")
    return pack(ShardJob(replace(settings, profile=profile), here, here, "", {}))


def greyest_elsewhere(job: Packed, tmp_path: Path) -> list[str]:
    """The digest of the code and the largest pixel, from a process that has only what was sent."""
    (tmp_path / "job").write_bytes(pickle.dumps(job))
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, tmp_path / "job"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_module_with_caches_locks_and_files_arrives(folder: Path, tmp_path: Path) -> None:
    (folder / "my_fog.py").write_text(STATEFUL)
    fog = import_module("my_fog").Fog()
    job = packed(fog)
    shutil.rmtree(folder)
    assert greyest_elsewhere(job, tmp_path) == [fog.code, "200"]


def test_a_package_in_a_namespace_arrives_whole(folder: Path, tmp_path: Path) -> None:
    (folder / "acme/fogs/deep").mkdir(parents=True)
    (folder / "acme/fogs/deep/fog.py").write_text(STATEFUL)
    (folder / "acme/fogs/__init__.py").write_text("from acme.fogs.deep import Fog\n")
    (folder / "acme/fogs/deep/__init__.py").write_text("from .fog import Fog\n")
    (folder / "acme/others.py").write_text("raise SystemExit('not of the package')\n")
    fog = import_module("acme.fogs").Fog()
    job = packed(fog)
    assert list(job.sources) == ["acme.fogs", "acme.fogs.deep", "acme.fogs.deep.fog"]
    shutil.rmtree(folder)
    assert greyest_elsewhere(job, tmp_path) == [fog.code, "200"]


def test_a_script_keeps_its_caches(folder: Path, tmp_path: Path) -> None:
    (folder / "script.py").write_text(
        f"import sys, pickle\nsys.path.append({str(Path(__file__).parent)!r})\n"
        f"{CACHED}from test_shipping import packed\n"
        "pickle.dump(packed(Fog()), open('job', 'wb'))\nprint(Fog.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, check=True
    )
    job = pickle.loads((folder / "job").read_bytes())
    assert not job.sources
    assert greyest_elsewhere(job, tmp_path) == [done.stdout.strip(), "200"]


def test_one_whose_file_was_changed_goes_as_python_has_it(folder: Path, tmp_path: Path) -> None:
    (folder / "my_fog.py").write_text(CACHED)
    fog = import_module("my_fog").Fog()
    (folder / "my_fog.py").write_text(CACHED.replace("200", "100"))
    job = packed(fog)
    assert not job.sources
    assert greyest_elsewhere(job, tmp_path) == [fog.code, "200"]


def test_what_cannot_be_sent_is_named(folder: Path) -> None:
    (folder / "my_fog.py").write_text(STATEFUL)
    fog = import_module("my_fog").Fog()
    (folder / "my_fog.py").write_text("another = 1\n")
    with pytest.raises(SettingsError) as error:
        packed(fog)
    assert str(error.value).startswith("transform my_fog:Fog cannot be sent to the workers: ")
    assert str(error.value).endswith(
        ": move its class into a module of its own, or start Python again if that has changed"
    )


def test_the_maker_of_a_flow_takes_its_transforms_along(
    folder: Path, tmp_path: Path, scenes: Path
) -> None:
    (folder / "my_fog.py").write_text(STATEFUL)
    fog = import_module("my_fog").Fog()
    flow = Flow(scenes, augment=Augment(drift=[TransformInfo(fog, 1.0)]), size=16)
    sent = pack(flow.train.maker)
    shutil.rmtree(folder)
    assert greyest_elsewhere(sent, tmp_path) == [fog.code, "200"]
