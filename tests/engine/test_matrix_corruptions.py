"""A matrix beside the published corruptions, on a real Ray: its numbers by hand."""
# ruff: noqa: F811 (fixtures of another file)

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import raydrift
from raydrift import schemas
from raydrift.drift.corruptions import CORRUPTIONS, corrupt, corrupted, draws_of
from raydrift.embed.resnet import Embedder
from raydrift.embed.weights import find_weights
from raydrift.engine.matrix import matrix
from raydrift.errors import OutputError, SettingsError
from raydrift.report.matrix import Matrix
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.train import TrainSettings
from raydrift.storage import layout
from raydrift.tasks.classification import ClassificationCounts
from raydrift.tasks.probe import Probe
from raydrift.tasks.splits import train_samples
from raydrift.tasks.training.learner import Learner, training_seed
from tests.engine.test_matrix import TWO, Stopped, settings_for, stop_after  # noqa: F401

pytestmark = pytest.mark.usefixtures("ray_session")

SEVERITY = 5


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of four scenes."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("boat", "desert"):
        (folder / name).mkdir()
        for path in sorted((scenes / name).iterdir())[:4]:
            shutil.copy(path, folder / name)
    return folder


@pytest.fixture(scope="module")
def output(
    source: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Matrix]:
    """By the Python face, whose settings are those of ``settings_for``."""
    folder = tmp_path_factory.mktemp("corrupted") / "out"
    return folder, raydrift.matrix(
        source,
        folder,
        TWO,
        splits=2,
        corruptions=SEVERITY,
        divergence="none",
        batch_size=7,
        weights="random",
        input_dim=(32, 48),
        progress=False,
    )


def rows(folder: Path) -> list[dict[str, Any]]:
    table = pq.read_table(folder / layout.CORRUPTIONS)
    assert table.schema == schemas.CORRUPTIONS
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def test_the_numbers_are_those_of_corrupted_pictures_by_hand(
    output: tuple[Path, Matrix],
    source: Path,
    tmp_path: Path,
) -> None:
    """The pictures are those that ``views`` writes; all of one sample draw the same noise."""
    sets = raydrift.views(source, tmp_path / "views", TWO, input_dim=(32, 48), progress=False)
    network = Embedder(find_weights("random", seed=42), EmbeddingSettings(), "cpu", 1)
    samples = {code: list(pictures) for code, pictures in sets.items()}
    paths = [one.provenance["source_path"] for one in samples[TWO[0]]]
    _, files = np.unique(paths, return_inverse=True)
    _, labels = np.unique([path.split("/")[0] for path in paths], return_inverse=True)
    found = iter(rows(output[0]))
    for code in TWO:
        plain = network(np.stack([one.image for one in samples[code]]))
        trains = [train_samples(files, labels, split, seed=42) for split in range(2)]
        probes = [Probe(plain[train], labels[train]) for train in trains]
        for name in CORRUPTIONS:
            pictures = [
                corrupt(one.image, name, SEVERITY, draws_of(42, name, SEVERITY, one.sample_id))
                for one in samples[code]
            ]
            embedded = network(np.stack(pictures))
            for split, (train, probe) in enumerate(zip(trains, probes, strict=True)):
                score = probe.counts(embedded[~train], labels[~train], 2).total
                assert tuple(next(found).values()) == (
                    code, name, SEVERITY, split, 2, score.accuracy, score.f1,
                )  # fmt: skip
    assert next(found, None) is None


def test_the_record_has_the_drops_and_their_ratio(output: tuple[Path, Matrix]) -> None:
    folder, found = output
    assert {path.name for path in folder.iterdir()} == {
        *layout.MATRIX_RESULTS, layout.MATRIX_RECORD,
    } - {layout.VIEW_DIVERGENCE}  # fmt: skip
    record = json.loads((folder / layout.MATRIX_RECORD).read_text())
    assert record["identity"]["corruptions"] == [SEVERITY]
    written = record["corruptions"]
    assert written["names"] == list(CORRUPTIONS)
    own = np.diagonal(record["probe"]["accuracy"])
    (one,) = written["severities"]
    accuracy = np.array([row["accuracy"] for row in rows(folder)]).reshape(2, 10, 2).mean(axis=2)
    assert one["severity"] == SEVERITY
    np.testing.assert_allclose(one["accuracy"], accuracy)
    np.testing.assert_allclose(one["drop"], own[:, None] - accuracy, atol=1e-15)
    assert one["mean_drop"] == pytest.approx((own[:, None] - accuracy).mean())
    assert found.corruptions is not None
    assert found.corruptions.severities == (SEVERITY,)
    assert "Corruptions of the finished pictures" in (folder / layout.REPORT).read_text("utf-8")


@pytest.mark.slow
def test_the_matrix_is_the_same_with_it_and_without(
    output: tuple[Path, Matrix],
    source: Path,
    tmp_path: Path,
) -> None:
    """By one worker."""
    settings = settings_for(source, tmp_path, divergence="none", cluster={"workers": 1})
    found = matrix(settings, quiet=True)
    assert found.corruptions is None
    written = {path.name for path in tmp_path.iterdir()}
    assert not {layout.CORRUPTIONS, layout.CORRUPTIONS_PLOT} & written
    there, here = (pq.read_table(folder / layout.MATRIX) for folder in (output[0], tmp_path))
    assert here.equals(there)


@pytest.mark.slow
def test_one_that_was_stopped_goes_on(
    output: tuple[Path, Matrix],
    source: Path,
    tmp_path: Path,
    stop_after: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings_for(
        source, tmp_path, divergence="none", corruptions="5", cluster={"workers": 1}
    )
    stop_after(4)
    with pytest.raises(Stopped):
        matrix(settings, quiet=True)
    monkeypatch.undo()
    matrix(settings, quiet=True)
    assert rows(tmp_path) == rows(output[0])


def test_another_severity_is_another_matrix(
    output: tuple[Path, Matrix],
    source: Path,
) -> None:
    settings = settings_for(source, output[0], divergence="none", corruptions=3)
    with pytest.raises(OutputError, match=r"\(corruptions is \[5\] there and \[3\] here\)"):
        matrix(settings, quiet=True)


def test_where_there_is_nothing_to_learn_it_is_refused(
    source: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "desert").symlink_to(source / "desert")
    with pytest.raises(SettingsError, match=r"^corruptions is 3, and all images are of the class "):
        matrix(settings_for(tmp_path / "in", tmp_path / "out", corruptions=3), quiet=True)


@pytest.mark.slow
def test_trained_networks_are_tested_on_corrupted_pictures_too(
    source: Path, tmp_path: Path
) -> None:
    """Of one of the four networks, by hand; nothing corrupted is kept."""
    train = {"network": "resnet18", "epochs": 2, "batch_size": 6}
    out = tmp_path / "out"
    settings = settings_for(source, out, divergence="none", corruptions=SEVERITY, train=train)
    found = matrix(settings, quiet=True)
    assert found.corruptions is not None
    assert found.trained is found.corruptions.views
    sets = raydrift.views(source, tmp_path / "views", TWO, input_dim=(32, 48), progress=False)
    samples = list(sets[TWO[1]])
    pixels, ids = np.stack([one.image for one in samples]), [one.sample_id for one in samples]
    paths = [one.provenance["source_path"] for one in samples]
    _, files = np.unique(paths, return_inverse=True)
    _, labels = np.unique([path.split("/")[0] for path in paths], return_inverse=True)
    chosen = train_samples(files, labels, 1, seed=42)
    learner = Learner(TrainSettings(**train), 2, None, training_seed(42, 1))  # type: ignore[arg-type]
    learner.learn(pixels[chosen], labels[chosen])
    mine = [row for row in rows(out) if (row["view"], row["split"]) == (TWO[1], 1)]
    assert [row["corruption"] for row in mine] == list(CORRUPTIONS)
    for row in mine:
        worse = corrupted(pixels, row["corruption"], SEVERITY, seed=42, sample_ids=ids)
        counts = learner.counts(worse[~chosen], labels[~chosen])
        assert isinstance(counts, ClassificationCounts)
        assert (row["accuracy"], row["f1"]) == (counts.total.accuracy, counts.total.f1)
