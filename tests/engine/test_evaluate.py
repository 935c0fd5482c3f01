"""The experiment on a real Ray, looked at from outside: what is in the files."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from raydrift import schemas
from raydrift.engine.data.measured import LevelBatch
from raydrift.engine.evaluate import evaluate, measure_batch
from raydrift.errors import LockedError, OutputError, PipelineError, RejectedError
from raydrift.metrics import METRICS
from raydrift.paths import StoragePath
from raydrift.report.evaluation import METRIC_NAMES, Evaluation
from raydrift.settings import EvaluateSettings
from raydrift.settings.toml import evaluate_settings
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock

pytestmark = pytest.mark.usefixtures("ray_session")

FILES = {*layout.EVALUATED, layout.EVALUATION}

# Medians of kl_softmax over 95 batches of other images, with torchvision's weights.
PUBLISHED = {
    0.2: 0.055, 0.3: 0.163, 0.4: 0.245, 0.5: 0.297, 0.6: 0.385, 0.7: 0.565, 0.8: 0.70, 0.9: 0.825,
    1.0: 0.94,
}  # fmt: skip


FEW = {"weights": "random", "batch_size": 2}


def settings_for(source: Path, output: Path, **values: object) -> EvaluateSettings:
    plain = {
        "input": str(source),
        "output": str(output),
        "levels": "0.5,1",
        "batches": 2,
        "image": {"height": 64, "width": 64},
        "embedding": {"weights": "random", "batch_size": 8},
        "cluster": {"workers": 2},
        **values,
    }
    return evaluate_settings(plain)


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of six scenes and two files that are no images."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "no.jpg").write_bytes(b"no image")
    for number, path in enumerate(sorted(scenes.rglob("*.jpg"))[:12]):
        shutil.copy(path, folder / "ab"[number % 2])
    return folder


@pytest.fixture(scope="module")
def output(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    folder = tmp_path_factory.mktemp("evaluated") / "out"
    return folder, evaluate(settings_for(source, folder), quiet=True)


def test_it_writes_its_files_and_nothing_else(output: tuple[Path, Evaluation]) -> None:
    folder, evaluation = output
    assert {path.name for path in folder.iterdir()} == FILES
    table = pq.read_table(folder / layout.METRICS)
    assert table.schema == schemas.METRICS
    assert table.equals(evaluation.metrics_table())
    assert table.num_rows == 2 * 2 * len(METRICS)
    assert table["value"].null_count == 0
    rows = set(zip(table["batch"].to_pylist(), table["samples"].to_pylist(), strict=True))
    assert rows == {(one.batch, len(one.sample_ids)) for one in evaluation.batches}
    assert sum(samples for _, samples in rows) == 12
    classes = pq.read_table(folder / layout.CLASS_DRIFT)
    assert classes.schema == schemas.CLASS_DRIFT
    assert classes["class_name"].to_pylist() == ["a", "b", "a", "b"]
    assert sum(classes["samples"].to_pylist()) == 24
    assert (folder / layout.KL_BY_LEVEL).read_bytes().startswith(b"\x89PNG")
    assert "<title>Drift of" in (folder / layout.REPORT).read_text(encoding="utf-8")


def test_one_at_a_time_writes_a_folder(source: Path, tmp_path: Path) -> None:
    with OutputLock(StoragePath.of(tmp_path), renewed_every_s=0.3):
        with pytest.raises(LockedError, match=f"^another run is at work in {tmp_path} "):
            evaluate(settings_for(source, tmp_path), quiet=True)
        assert {path.name for path in tmp_path.iterdir()} == {layout.LOCK}


def test_the_record_says_what_was_measured_and_with_what(output: tuple[Path, Evaluation]) -> None:
    record = json.loads((output[0] / layout.EVALUATION).read_text())
    assert record["status"] == "complete"
    assert record["counts"] == {"asked": 14, "measured": 12, "rejected": 2, "batches": 2}
    assert [Path(one["path"]).name for one in record["rejected"]] == ["no.jpg", "no.jpg"]
    assert record["settings"]["levels"] == [0.5, 1.0]
    assert record["settings"]["transforms"] == ["default"]
    assert record["classes"] == {"a": 0, "b": 1}
    assert {"raydrift", "torch", "scipy", "scikit-learn"} <= set(record["versions"])
    assert record["timings"]["all_workers_embed_seconds"] > 0


def test_another_on_the_same_output_is_refused_before_any_work(
    output: tuple[Path, Evaluation], source: Path
) -> None:
    folder, _ = output
    before = (folder / layout.METRICS).read_bytes()
    with pytest.raises(OutputError, match=r"\(levels is \[0.5, 1.0\] there and \[1.0\] here\)"):
        evaluate(settings_for(source, folder, levels="1"), quiet=True)
    assert (folder / layout.METRICS).read_bytes() == before


def test_none_that_can_be_used_is_an_error_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "input" / "a").mkdir(parents=True)
    (tmp_path / "input" / "a" / "no.jpg").write_bytes(b"no image")
    with pytest.raises(RejectedError) as error:
        evaluate(settings_for(tmp_path / "input", tmp_path / "out"), quiet=True)
    assert str(error.value).startswith(f"none of 1 image of {tmp_path}/input can be used (first: ")
    assert not (tmp_path / "out").exists()


def test_one_that_was_stopped_goes_on(
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The batches that were measured are kept, and the numbers are those of one go."""
    settings = settings_for(source, tmp_path / "out", batches=None, embedding=FEW)
    check, checked = OutputLock.check, list[int]()

    def stopped(lock: OutputLock) -> None:
        checked.append(1)
        if len(checked) == 3:  # before the workers start, and at each batch
            raise KeyboardInterrupt
        check(lock)

    with monkeypatch.context() as patched:
        patched.setattr(OutputLock, "check", stopped)
        with pytest.raises(KeyboardInterrupt):
            evaluate(settings, quiet=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {layout.EVALUATING}

    with caplog.at_level(logging.INFO):
        evaluate(settings, quiet=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    (begun,) = (line for line in caplog.messages if line.startswith("making"))
    assert int(begun.split()[1]) < 7
    whole = evaluate(
        settings_for(source, tmp_path / "whole", batches=None, embedding=FEW), quiet=True
    )
    for name in (layout.METRICS, layout.CLASS_DRIFT):
        there = pq.read_table(tmp_path / "out" / name)
        assert there.equals(pq.read_table(tmp_path / "whole" / name))
    assert whole.samples == 12


@pytest.mark.slow
@pytest.mark.parametrize(("batches", "measured"), [(None, 39), (4, 32)])
def test_a_label_shift_is_where_it_is_in_the_whole_stream(
    scenes: Path, tmp_path: Path, batches: int | None, measured: int
) -> None:
    """It begins at sample 36 of 72, and three boats remain there."""
    shift = {"start": 0.5, "proportions": {"boat": 1.0}}
    settings = settings_for(scenes, tmp_path, levels="1", batches=batches, label_shift=[shift])
    evaluation = evaluate(settings, quiet=True)
    names = [name for batch in evaluation.batches for name in batch.class_names]
    assert len(names) == measured
    assert len(set(names[16:36])) > 1
    assert set(names[36:]) <= {"boat"}


@pytest.mark.slow
def test_a_calibration_of_the_run_is_left_aside(source: Path, tmp_path: Path) -> None:
    calibration = {"profile": "not_there.toml", "target": 0.5}
    evaluate(settings_for(source, tmp_path, batches=1, calibration=calibration), quiet=True)
    record = json.loads((tmp_path / layout.EVALUATION).read_text())
    assert record["settings"]["calibration"] == {"profile": None, "target": None, "level": None}


def batch_of(originals: np.ndarray, *drifted: np.ndarray) -> LevelBatch:
    count = len(originals)
    return LevelBatch(3, tuple(range(count)), (0,) * count, ("a",) * count, originals, drifted)


def test_a_batch_has_the_value_of_each_metric_at_each_level() -> None:
    before, weak, strong = np.random.default_rng(0).normal(size=(3, 10, 512))
    measures = measure_batch(batch_of(before, weak, strong), seed=1)
    for place, (name, metric) in enumerate(METRICS.items()):
        wanted = [metric.measure(before, weak), metric.measure(before, strong)]
        assert measures.values[:, place].tolist() == wanted, name
    means = measures.pairs.mean(axis=1)
    np.testing.assert_array_equal(means, measures.values[:, METRIC_NAMES.index("kl_softmax")])
    assert ((measures.interval[:, 0] < means) & (means < measures.interval[:, 1])).all()


def test_metrics_that_a_small_batch_is_too_small_for_have_no_value_and_a_reason() -> None:
    before, after = np.random.default_rng(0).normal(size=(2, 1, 512))
    measures = measure_batch(batch_of(before, after), seed=1)
    assert np.flatnonzero(~np.isnan(measures.values[0])).tolist() == [
        METRIC_NAMES.index("kl_softmax")
    ]
    assert measures.unmeasured["mmd_squared"] == "original embeddings are 1: give at least 2"


def test_a_network_that_says_nothing_is_an_error() -> None:
    nothing = np.full((4, 512), np.nan)
    with pytest.raises(PipelineError, match=r"^batch 3: embeddings hold values that are not finit"):
        measure_batch(batch_of(nothing, nothing), seed=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_medians_are_those_of_the_published_figure(
    photos: Path, trained_weights: Path, tmp_path: Path
) -> None:
    settings = evaluate_settings(
        {
            "input": str(photos),
            "output": str(tmp_path / "out"),
            "embedding": {"weights": str(trained_weights)},
        }
    )
    evaluation = evaluate(settings, quiet=True)
    assert len(evaluation.batches) == 11
    medians = {row.level: row.median for row in evaluation.summary}
    assert list(medians) == [0.1, *PUBLISHED]
    assert medians[0.1] < 0.005
    for level, published in PUBLISHED.items():
        assert medians[level] == pytest.approx(published, rel=0.15), level
