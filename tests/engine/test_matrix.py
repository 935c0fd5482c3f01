"""A matrix on a real Ray: its numbers by hand, and that it goes on where it was stopped."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import raydrift
from raydrift import schemas
from raydrift.embed.resnet import Embedder
from raydrift.embed.weights import find_weights
from raydrift.engine.data.measured import ViewBatch, view_embeddings
from raydrift.engine.jobs.job_log import JobLog
from raydrift.engine.matrix import matrix
from raydrift.engine.measured_views import measure_views
from raydrift.errors import OutputError, PipelineError, RejectedError, SettingsError
from raydrift.metrics import METRICS, kl_softmax
from raydrift.report.matrix import Matrix
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.matrix import MatrixSettings
from raydrift.settings.toml import matrix_settings
from raydrift.storage import layout
from raydrift.tasks.probe import Probe
from raydrift.tasks.splits import train_samples

pytestmark = pytest.mark.usefixtures("ray_session")

TWO = ["bi,s,ga", "me,u,me"]
SIZE = {"height": 32, "width": 48}
CORRUPTED = {layout.CORRUPTIONS, layout.CORRUPTIONS_PLOT}
FILES = {*layout.MATRIX_RESULTS, layout.MATRIX_RECORD} - CORRUPTED


def settings_for(source: Path, output: Path, **values: Any) -> MatrixSettings:
    plain = {
        "input": str(source),
        "output": str(output),
        "views": TWO,
        "splits": 2,
        "image": SIZE,
        "embedding": {"weights": "random", "batch_size": 7},
        "cluster": {"workers": 2},
        **values,
    }
    return matrix_settings(plain)


@pytest.fixture(scope="module")
def output(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Matrix]:
    """By the Python face, whose settings are those of ``settings_for``."""
    folder = tmp_path_factory.mktemp("measured") / "out"
    return folder, raydrift.matrix(
        source,
        folder,
        TWO,
        splits=2,
        batch_size=7,
        weights="random",
        input_dim=(32, 48),
        progress=False,
    )


@pytest.fixture(scope="module")
def by_hand(
    source: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, np.ndarray], list[int], list[str], list[str]]:
    """The embeddings of the pictures that ``views`` writes; sample ids, paths, classes."""
    folder = tmp_path_factory.mktemp("views")
    sets = raydrift.views(source, folder, TWO, input_dim=(32, 48), progress=False)
    network = Embedder(find_weights("random", seed=42), EmbeddingSettings(), "cpu", 1)
    embeddings = {
        code: network(np.stack([sample.image for sample in pictures]))
        for code, pictures in sets.items()
    }
    samples = list(sets[TWO[0]])
    ids = [sample.sample_id for sample in samples]
    paths = [sample.provenance["source_path"] for sample in samples]
    return embeddings, ids, paths, [path.split("/")[0] for path in paths]


def tables(folder: Path) -> dict[str, pa.Table]:
    return {name: pq.read_table(folder / name) for name in (layout.MATRIX, layout.VIEW_DIVERGENCE)}


def test_it_writes_its_files_and_nothing_else(output: tuple[Path, Matrix]) -> None:
    folder, found = output
    assert {path.name for path in folder.iterdir()} == FILES
    written = tables(folder)
    assert written[layout.MATRIX].schema == schemas.MATRIX
    assert written[layout.VIEW_DIVERGENCE].schema == schemas.VIEW_DIVERGENCE
    assert (folder / layout.MATRIX_PLOT).read_bytes().startswith(b"\x89PNG")
    assert "against each other</title>" in (folder / layout.REPORT).read_text(encoding="utf-8")
    record = json.loads((folder / layout.MATRIX_RECORD).read_text())
    assert record["status"] == "complete"
    assert record["counts"] == {
        "asked": 19, "measured": 18, "files": 18, "rejected": 1, "batches": 3, "views": 2,
        "fits": 4,
    }  # fmt: skip
    assert record["views"] == TWO
    assert found.probe is not None
    assert record["probe"]["accuracy"] == found.probe.means.accuracy.tolist()
    assert record["rejected"][0]["path"] == "boat/no.jpg"


def test_the_probes_are_those_of_the_written_pictures_by_hand(
    output: tuple[Path, Matrix], by_hand: Any
) -> None:
    embeddings, _, paths, names = by_hand
    _, files = np.unique(paths, return_inverse=True)
    _, labels = np.unique(names, return_inverse=True)
    rows = iter(tables(output[0])[layout.MATRIX].to_pylist())
    for learned in TWO:
        for tested in TWO:
            for split in range(2):
                train = train_samples(files, labels, split, seed=42)
                assert train.sum() == 15
                probe = Probe(embeddings[learned][train], labels[train])
                wanted = probe.counts(embeddings[tested][~train], labels[~train], 3).total
                row = next(rows)
                assert tuple(row.values()) == (
                    learned, tested, split, 3, wanted.accuracy, wanted.f1,
                )  # fmt: skip
    assert next(rows, None) is None


def test_the_divergences_are_those_of_the_written_pictures_by_hand(
    output: tuple[Path, Matrix], by_hand: Any
) -> None:
    embeddings, ids, _, _ = by_hand
    batches = np.array(ids) // 7
    rows = tables(output[0])[layout.VIEW_DIVERGENCE].to_pylist()
    assert len(rows) == 3 * 4
    for row in rows:
        mine = batches == row["batch"]
        before, after = (embeddings[row[name]][mine] for name in ("from_view", "of_view"))
        assert row["value"] == kl_softmax(before, after)
        assert (row["value"] == 0) == (row["from_view"] == row["of_view"])


def test_float32_keeps_all_that_the_network_says(by_hand: Any) -> None:
    embeddings, ids, paths, names = by_hand
    batch = ViewBatch(
        0, tuple(ids), (0,) * len(ids), tuple(names), tuple(paths), tuple(embeddings.values())
    )
    table = measure_views(batch, TWO, None)
    for code in TWO:
        np.testing.assert_array_equal(view_embeddings(table, code), embeddings[code])


@pytest.mark.slow
def test_the_same_tables_by_one_worker(
    output: tuple[Path, Matrix], source: Path, tmp_path: Path
) -> None:
    matrix(settings_for(source, tmp_path, cluster={"workers": 1}), quiet=True)
    there, here = tables(output[0]), tables(tmp_path)
    assert all(here[name].equals(there[name]) for name in there)


class Stopped(BaseException):
    """In the place of Ctrl-C, which pytest keeps for itself."""


@pytest.fixture
def stop_after(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The driver is stopped as it hears of so many shards, batches and fits counted together."""
    tell = JobLog.shard

    def after(count: int) -> None:
        heard: list[int] = []

        def stop(log: JobLog, row: Any) -> None:
            tell(log, row)
            heard.append(row.shard)
            if len(heard) == count:
                raise Stopped

        monkeypatch.setattr(JobLog, "shard", stop)

    yield after
    monkeypatch.undo()


def shards_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("part-*.json")}


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param(2, id="some batches", marks=pytest.mark.slow),
        pytest.param(5, id="all batches, two of four fits"),
    ],
)
def test_one_that_was_stopped_goes_on(
    output: tuple[Path, Matrix],
    source: Path,
    tmp_path: Path,
    stop_after: Any,
    stop: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = settings_for(source, tmp_path / "out", cluster={"workers": 1})
    stop_after(stop)
    with pytest.raises(Stopped):
        matrix(settings, quiet=True)
    kept = shards_in(tmp_path / "out")
    assert len(kept) >= stop
    monkeypatch.undo()
    made: list[str] = []
    tell = JobLog.shard
    monkeypatch.setattr(
        JobLog, "shard", lambda log, row: (made.append(row.ledger_name), tell(log, row))
    )
    matrix(settings, quiet=True)
    assert not kept & set(made)
    assert len(kept) + len(made) == 3 + 4
    there, here = tables(output[0]), tables(tmp_path / "out")
    assert all(here[name].equals(there[name]) for name in there)
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES


def test_another_one_is_not_written_over(output: tuple[Path, Matrix], source: Path) -> None:
    with pytest.raises(OutputError, match=r"holds another matrix \(splits is 2 there and 3 here\)"):
        matrix(settings_for(source, output[0], splits=3), quiet=True)


@pytest.mark.slow
def test_with_overwrite_it_is_and_nothing_of_it_stays(
    output: tuple[Path, Matrix], source: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(output[0], tmp_path / "out")
    changed = settings_for(source, folder, divergence="none", write={"overwrite": True})
    found = matrix(changed, quiet=True)
    assert found.divergence is None
    assert {path.name for path in folder.iterdir()} == FILES - {layout.VIEW_DIVERGENCE}


def test_without_labels_the_divergence_stays(source: Path, tmp_path: Path) -> None:
    alone = tmp_path / "in"
    shutil.copytree(source / "desert", alone / "desert")
    found = matrix(settings_for(alone, tmp_path / "out", num_samples=4), quiet=True)
    assert (found.probe, found.divergence is None) == (None, False)
    record = json.loads((tmp_path / "out" / layout.MATRIX_RECORD).read_text())
    assert record["notes"] == [
        "all images are of the class 'desert', so there is nothing to learn: the probe is left out"
    ]
    assert "probe" not in record
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == FILES - {layout.MATRIX}
    with pytest.raises(SettingsError, match=r"^divergence is none, and all images are of "):
        matrix(settings_for(alone, tmp_path / "none", divergence="none"), quiet=True)


def test_a_class_whose_other_file_is_no_image_is_refused_in_the_end(
    source: Path, tmp_path: Path
) -> None:
    """That is known when all were read."""
    folder = shutil.copytree(source, tmp_path / "in")
    for path in sorted((folder / "boat").glob("boat*"))[1:]:
        path.unlink()
    with pytest.raises(SettingsError, match=r"^the class 'boat' has images of one file, which"):
        matrix(settings_for(folder, tmp_path / "out"), quiet=True)


def test_none_that_can_be_used_is_an_error_that_says_why(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        for number in range(2):
            (tmp_path / "in" / name / f"{number}.jpg").write_bytes(b"no image")
    with pytest.raises(RejectedError, match=r"^none of 4 images of .* can be used \(first: "):
        matrix(settings_for(tmp_path / "in", tmp_path / "out"), quiet=True)
    assert not (tmp_path / "out").exists()


def batch_of(*views: np.ndarray) -> ViewBatch:
    ids = tuple(range(len(views[0])))
    names = ("a",) * len(ids)
    return ViewBatch(3, ids, ids, names, names, views)


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_measured_both_ways(metric: str) -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 8, 512)).astype(np.float32)
    (row,) = measure_views(batch_of(one, other), TWO, metric).select(["values"]).to_pylist()
    measure = METRICS[metric].measure
    assert row["values"] == [measure(a, b) for a in (one, other) for b in (one, other)]


def test_a_batch_that_is_too_small_has_no_value_and_a_reason() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 1, 512))
    table = measure_views(batch_of(one, other), TWO, "mmd_squared")
    assert np.isnan(table["values"][0].as_py()).all()
    assert table["unmeasured"][0].as_py() == "original embeddings are 1: give at least 2"


def test_a_network_that_says_nothing_is_an_error() -> None:
    nothing = np.full((4, 512), np.nan)
    with pytest.raises(PipelineError, match=r"^batch 3: embeddings hold values that are not finit"):
        measure_views(batch_of(nothing, nothing), TWO, None)


@pytest.mark.slow
def test_tiles_of_one_raw_file_are_on_one_side(tmp_path: Path) -> None:
    """Each class has two files of some tiles: one to learn from, one to test on."""
    rose = Path(__file__).parents[3] / "shared" / "raw" / "files" / "rose_rggb.dng"
    if not rose.is_file():
        pytest.skip(f"no raw file at {rose}")
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        for number in range(2):
            shutil.copy(rose, tmp_path / "in" / name / f"{number}.dng")
    values = {"raw": {"read": "tile", "tile": 128}, "splits": 3}
    found = matrix(settings_for(tmp_path / "in", tmp_path / "out", **values), quiet=True)
    assert found.files == 4
    assert found.samples > 4
    assert found.probe is not None
    assert set(found.probe.table["samples"].to_pylist()) == {found.samples // 2}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_on_photographs_the_probe_beats_chance_on_every_pair(
    photos: Path, trained_weights: Path, tmp_path: Path
) -> None:
    plain = {
        "input": str(photos),
        "output": str(tmp_path),
        "views": ["bi,s,me", "ma,s,ga", "me,u,ga"],
        "embedding": {"weights": str(trained_weights)},
    }
    found = matrix(matrix_settings(plain), quiet=True)
    assert found.probe is not None
    assert found.samples == 328
    assert found.probe.accuracy.min() > 0.6, "seven classes, the largest of them a fifth"
