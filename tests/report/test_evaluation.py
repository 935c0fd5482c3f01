"""The tables of an experiment."""

import numpy as np
import pytest

from raydrift import schemas
from raydrift.report.evaluation import METRIC_NAMES, BatchMeasures, Evaluation
from raydrift.settings.sweep import Sweep
from tests.report.evaluations import evaluation_of, settings_of

SWEEP = Sweep.parse(["default"], "0.5,1")


def batch_of(number: int, kl: list[list[float]], names: tuple[str, ...]) -> BatchMeasures:
    """A batch whose images have these divergences at the levels; no other metric has a value."""
    pairs = np.array(kl)
    values = np.full((len(pairs), len(METRIC_NAMES)), np.nan)
    values[:, METRIC_NAMES.index("kl_softmax")] = pairs.mean(axis=1)
    ids = tuple(range(number * 10, number * 10 + pairs.shape[1]))
    return BatchMeasures(number, ids, names, values, pairs, np.zeros((len(pairs), 2)))


@pytest.fixture
def evaluation() -> Evaluation:
    batches = (
        batch_of(0, [[0.25, 0.5, 0.75], [1.0, 2.0, 3.0]], ("cat", "dog", "cat")),
        batch_of(2, [[1.5], [4.0]], ("cat",)),
    )
    return Evaluation(SWEEP, batches)


def test_a_row_a_batch_level_and_metric(evaluation: Evaluation) -> None:
    table = evaluation.metrics_table()
    assert table.schema == schemas.METRICS
    rows = table.to_pylist()
    assert len(rows) == 2 * 2 * len(METRIC_NAMES)
    assert [row for row in rows if row["metric"] == "kl_softmax"] == [
        {"batch": 0, "level": 0.5, "metric": "kl_softmax", "value": 0.5, "samples": 3},
        {"batch": 0, "level": 1.0, "metric": "kl_softmax", "value": 2.0, "samples": 3},
        {"batch": 2, "level": 0.5, "metric": "kl_softmax", "value": 1.5, "samples": 1},
        {"batch": 2, "level": 1.0, "metric": "kl_softmax", "value": 4.0, "samples": 1},
    ]
    assert {row["value"] for row in rows if row["metric"] != "kl_softmax"} == {None}


def test_the_images_of_a_class_are_taken_from_all_batches(evaluation: Evaluation) -> None:
    table = evaluation.class_table()
    assert table.schema == schemas.CLASS_DRIFT
    cat, dog = table.to_pylist()[2:]
    assert (cat["level"], cat["class_name"], cat["samples"]) == (1.0, "cat", 3)
    assert cat["mean"] == pytest.approx(8 / 3)
    assert (cat["lower_quartile"], cat["median"], cat["upper_quartile"]) == (2.0, 3.0, 3.5)
    assert (dog["class_name"], dog["samples"], dog["median"]) == ("dog", 1, 2.0)


def test_the_summary_is_of_the_batches_and_says_where_there_is_no_value(
    evaluation: Evaluation,
) -> None:
    half, full = evaluation.summary
    assert (half.level, half.lower, half.median, half.upper) == (0.5, 0.75, 1.0, 1.25)
    assert (full.level, full.median) == (1.0, 3.0)
    assert np.isnan(full.auc)


def test_every_value_is_where_it_belongs() -> None:
    settings = settings_of((0.2, 0.4, 0.6))
    table = evaluation_of(settings, batches=4).metrics_table().to_pylist()
    for row in table:
        wanted = (row["level"] + row["batch"] / 100) * (1 + METRIC_NAMES.index(row["metric"]))
        assert row["value"] == pytest.approx(wanted)
