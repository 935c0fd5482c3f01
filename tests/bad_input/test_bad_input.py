"""One real run over a folder that holds every kind of input at once, and what became of each."""

import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift.catalog import load_catalog
from raydrift.engine.generate import generate
from raydrift.images.codec import RGB
from raydrift.settings.toml import generate_settings
from tests.bad_input.images import PNG, USABLE
from tests.bad_input.kinds import PICTURE, SIZE, Kind, PassedOver, Rejected, Usable
from tests.bad_input.names import NAMES, NOT_UTF8
from tests.bad_input.unusable import PASSED_OVER, REJECTED

pytestmark = pytest.mark.usefixtures("ray_session")

KINDS = [*USABLE, *NAMES, *REJECTED, *PASSED_OVER, *NOT_UTF8]


@dataclass(frozen=True)
class Outcome:
    """What a run left behind.

    Attributes:
        samples: Path in the input to name in the zip.
        classes: Path in the input to class.
        rejected: Path in the input to stage and error.
        record: ``run.json``.
        archive: The zip.
    """

    samples: dict[str, str]
    classes: dict[str, str]
    rejected: dict[str, tuple[str, str]]
    record: dict[str, Any]
    archive: ZipFile


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("bad_input")
    source, output = folder / "in", folder / "out"
    (folder / "outside").mkdir()
    (folder / "outside/picture.png").write_bytes(PNG)
    for kind in KINDS:
        kind.put(source)
    (source / "linked").symlink_to(folder / "outside")
    settings = generate_settings(
        {
            "input": str(source),
            "output": str(output),
            "image": {"height": SIZE, "width": SIZE},
            "write": {"organize_by_class": True, "shard_size": 100},
            "faults": {"max_rejected": 1},
        }
    )
    catalog = load_catalog(settings.input)
    for kind in KINDS:
        if kind.late:
            kind.late(source / kind.path)
    generate(settings, catalog=catalog, quiet=True)
    return looked_at(output)


def looked_at(output: Path) -> Outcome:
    mapping = pq.read_table(output / "input_mapping.parquet").to_pylist()
    names = {row["sample_id"]: row["file_name"] for row in mapping}
    provenance = pq.read_table(output / "provenance.parquet").to_pylist()
    rejected = pq.read_table(output / "rejected.parquet").to_pylist()
    return Outcome(
        {row["source_path"]: names[row["sample_id"]] for row in provenance},
        {row["source_path"]: row["class_name"] for row in provenance},
        {row["path"]: (row["stage"], row["error"]) for row in rejected},
        json.loads((output / "run.json").read_text()),
        ZipFile(output / "sampled_images.zip"),
    )


def pixels(outcome: Outcome, path: str) -> RGB:
    """What a sample shows."""
    with Image.open(BytesIO(outcome.archive.read(outcome.samples[path]))) as image:
        return np.asarray(image)


@pytest.mark.parametrize("kind", [*USABLE, *NAMES], ids=lambda kind: kind.name)
def test_is_used(kind: Kind, outcome: Outcome) -> None:
    assert isinstance(kind.becomes, Usable)
    assert outcome.rejected.get(kind.path) is None
    shown = pixels(outcome, kind.path)
    assert shown.shape == (SIZE, SIZE, 3)
    assert np.abs(shown - np.array(kind.becomes.pixels, int)).max() <= kind.becomes.tolerance


@pytest.mark.parametrize("kind", REJECTED, ids=lambda kind: kind.name)
def test_is_rejected(kind: Kind, outcome: Outcome) -> None:
    assert isinstance(kind.becomes, Rejected)
    assert kind.path not in outcome.samples
    stage, error = outcome.rejected[kind.path]
    assert stage == kind.becomes.stage
    assert re.fullmatch(kind.becomes.error, error), error


@pytest.mark.parametrize("kind", [*PASSED_OVER, *NOT_UTF8], ids=lambda kind: kind.name)
def test_is_passed_over(kind: Kind, outcome: Outcome) -> None:
    path = os.fsencode(kind.path)
    found = [os.fsencode(one) for one in (*outcome.samples, *outcome.rejected)]
    assert path not in found
    assert not any(one.startswith(path + b"/") for one in found)


def test_what_was_passed_over_is_counted_by_its_reason(outcome: Outcome) -> None:
    kinds = [kind.becomes for kind in KINDS if isinstance(kind.becomes, PassedOver)]
    assert outcome.record["ignored"] == Counter(kind.reason for kind in kinds if kind.reason)


def test_a_class_that_is_a_link_out_of_the_folder_is_followed(outcome: Outcome) -> None:
    assert (pixels(outcome, "linked/picture.png") == PICTURE).all()


def test_everything_is_accounted_for(outcome: Outcome) -> None:
    used, rejected = [*USABLE, *NAMES], REJECTED
    assert set(outcome.samples) == {kind.path for kind in used} | {"linked/picture.png"}
    assert set(outcome.rejected) == {kind.path for kind in rejected}
    assert len({kind.path for kind in KINDS}) == len(KINDS)
    counts = [outcome.record["counts"][name] for name in ("asked", "written", "rejected")]
    assert counts == [len(used) + 1 + len(rejected), len(used) + 1, len(rejected)]


def test_every_class_has_its_folder_in_the_zip(outcome: Outcome) -> None:
    for path, member in outcome.samples.items():
        folder, _, name = member.rpartition("/")
        assert "/" not in folder
        assert unquote(folder) == outcome.classes[path] == path.split("/")[0]
        assert re.fullmatch(r"\d{8}\.png", name)


def test_the_zip_can_be_unpacked(outcome: Outcome, tmp_path: Path) -> None:
    outcome.archive.extractall(tmp_path)
    for member in outcome.samples.values():
        assert (tmp_path / member).is_file()
