"""What a matrix comes to, held against the published tables."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from raydrift import schemas
from raydrift.camera import VIEWS
from raydrift.report.matrix import (
    Matrix,
    ProbeScores,
    ViewDivergence,
    ViewMeasures,
    column_means,
    mean_elsewhere,
)
from raydrift.report.matrix_texts import matrix_sentences

CODES = tuple(map(str, VIEWS))

MICROSCOPY = """
82 82 82 81 79 79 81 81 83 80 82 82   84 84 84 84 59 77 84 82 84 79 83 82
82 83 82 82 75 80 81 81 84 79 81 81   81 80 82 82 77 75 80 79 81 76 80 80
83 83 84 83 83 81 84 83 84 80 84 83   82 82 81 81 55 82 81 83 82 82 81 82
84 84 83 83 76 81 84 84 84 80 84 83   84 84 84 84 70 82 84 84 83 82 84 84
82 82 82 82 67 81 82 82 83 81 82 82   82 82 79 81 59 82 82 82 84 83 81 82
82 83 83 82 50 81 83 83 83 80 83 82   81 81 80 80 52 80 80 81 82 82 82 82
"""
"""Accuracy in hundredths, Oala et al. (2023): a row a train view, in the order of ``VIEWS``."""


def published() -> np.ndarray:
    return np.array(MICROSCOPY.split(), float).reshape(12, 12) / 100


def scores_of(accuracy: np.ndarray) -> ProbeScores:
    """Of accuracies by split, train view and test view."""
    splits, views, _ = accuracy.shape
    codes = CODES[:views]
    fits = [
        pa.table(
            {
                "train_view": [codes[train]] * views,
                "test_view": codes,
                "split": [split] * views,
                "samples": [10] * views,
                "accuracy": accuracy[split, train],
                "f1": accuracy[split, train] / 2,
            },
            schema=schemas.MATRIX,
        )
        for train in range(views)
        for split in range(splits)
    ]
    return ProbeScores.of(fits, views)


def matrix_of(accuracy: np.ndarray | None, divergence: ViewDivergence | None = None) -> Matrix:
    views = len((divergence.values if accuracy is None and divergence else accuracy)[0])
    batch = ViewMeasures(0, (0, 1), (0, 1), ("cat", "dog"), ("a.jpg", "b.jpg"), None)
    probe = None if accuracy is None else scores_of(accuracy)
    return Matrix(CODES[:views], (batch,), probe, divergence, 2)


def test_the_published_drops_come_from_the_published_accuracies() -> None:
    """As their text has them: .024 in the mean, .175 on ma,s,me, at most .33."""
    drop = scores_of(published()[None]).means.drop
    assert mean_elsewhere(drop) == pytest.approx(0.024, abs=0.0005)
    means = dict(zip(CODES, column_means(drop), strict=True))
    assert means["ma,s,me"] == pytest.approx(0.175, abs=0.0005)
    assert means["ma,s,ga"] == pytest.approx(0.030, abs=0.0005)
    assert means["me,s,ga"] == pytest.approx(0.027, abs=0.0005)
    assert (
        max(one for code, one in means.items() if code[:4] != "ma,s" and code != "me,s,ga") < 0.01
    )
    assert drop.max() == pytest.approx(0.33)
    assert np.diagonal(drop).tolist() == [0.0] * 12


def test_means_and_deviations_are_over_the_splits() -> None:
    accuracy = np.array([[[0.8, 0.6], [0.5, 0.9]], [[0.6, 0.6], [0.3, 0.7]]])
    scores = scores_of(accuracy)
    np.testing.assert_allclose(scores.means.accuracy, [[0.7, 0.6], [0.4, 0.8]])
    sd = 0.02**0.5  # of 0.8 and 0.6, by n - 1
    np.testing.assert_allclose(scores.deviations.accuracy, [[sd, 0], [sd, sd]], atol=1e-12)
    np.testing.assert_allclose(scores.drop_deviation, [[0, sd], [0.2, 0]], atol=1e-12)
    rows = scores.table.select(["train_view", "test_view", "split", "accuracy"]).to_pylist()
    assert [tuple(row.values()) for row in rows[:3]] == [
        ("bi,s,me", "bi,s,me", 0, 0.8),
        ("bi,s,me", "bi,s,me", 1, 0.6),
        ("bi,s,me", "bi,s,ga", 0, 0.6),
    ]
    assert scores.table.schema == schemas.MATRIX


def test_a_divergence_is_the_median_of_the_batches_that_have_one() -> None:
    values = np.array([[[0.0, one], [2 * one, 0.0]] for one in (0.1, 0.3, 0.2, np.nan)])
    values[3] = np.nan
    found = ViewDivergence("kl_softmax", (0, 1, 2, 3), values)
    np.testing.assert_allclose(found.median, [[0, 0.2], [0.4, 0]])
    np.testing.assert_allclose(found.quartiles[:, 0, 1], [0.15, 0.2, 0.25])
    table = found.table(CODES[:2])
    assert table.schema == schemas.VIEW_DIVERGENCE
    assert table["value"].null_count == 4
    row = table.slice(1, 1).to_pylist()[0]
    assert row == {
        "batch": 0, "of_view": "bi,s,ga", "from_view": "bi,s,me", "metric": "kl_softmax",
        "value": 0.1,
    }  # fmt: skip


def test_what_is_written_is_plain() -> None:
    values = np.full((1, 2, 2), np.nan)
    found = matrix_of(np.full((2, 2, 2), 0.5), ViewDivergence("mmd_squared", (0,), values))
    plain = json.loads(json.dumps(found.written, allow_nan=False))
    assert plain["probe"]["accuracy"] == [[0.5, 0.5], [0.5, 0.5]]
    assert plain["probe"]["mean_drop"] == 0
    assert plain["divergence"]["median"] == [[None, None], [None, None]]


def test_measures_come_back_from_their_table_as_they_were() -> None:
    values = np.array([[0.0, 0.25], [0.5, 0.0]])
    measures = ViewMeasures(3, (7, 8), (0, 1), ("a", "b"), ("x", "y"), values, unmeasured="why")
    found = ViewMeasures.of(measures.table())
    assert found.values is not None
    np.testing.assert_array_equal(found.values, values)
    assert (found.sample_ids, found.paths, found.unmeasured) == ((7, 8), ("x", "y"), "why")
    assert ViewMeasures.of(matrix_of(np.zeros((2, 2, 2))).batches[0].table()).values is None


def test_the_sentences_say_what_readers_look_for() -> None:
    splits = published()[None] + np.array([0.001, -0.001])[:, None, None]
    first, second = matrix_sentences(matrix_of(splits))
    assert first.endswith("on another view it loses 2.4 points.")
    assert second.startswith("Most is lost by me,u,me tested on ma,s,me: 33.0 points (± 0.2, 2 spl")
    assert second.endswith("tested on is ma,s,me, with a mean drop of 17.5 points.")


def test_what_is_better_on_other_views_gains_there() -> None:
    first, second = matrix_sentences(matrix_of(np.full((2, 3, 3), 0.5) - np.eye(3) / 10))
    assert first.endswith("on another view it gains 10.0 points.")
    assert second == "No view loses anything on another one."


def test_trained_networks_are_called_by_their_name_and_told_where_they_learned_nothing() -> None:
    scores = scores_of(np.full((2, 3, 3), 0.5) + np.eye(3) / 10)
    found = replace(
        matrix_of(None, ViewDivergence("kl_softmax", (0,), np.zeros((1, 3, 3)))),
        trained=scores,
        learner="ResNet34",
    )
    first, second, *_ = matrix_sentences(found)
    assert first.startswith(
        "A ResNet34 that is tested on the view that it was trained on gets 60.0 %"
    )
    assert second.startswith("Most is lost by ")
    worse = replace(found, trained=scores_of(np.full((2, 3, 3), 0.5)))
    assert matrix_sentences(worse)[1].startswith(
        "That is no better than to name the most common class of all (50.0 %): drops mean nothing"
    )
    assert set(found.written) == {"views", "trained", "divergence"}


def test_what_learns_masks_is_told_by_intersection_over_union() -> None:
    fits = [
        pa.table(
            [[one] * 2, list(CODES[:2]), [split] * 2, [5] * 2, [0.7, 0.6]],
            schema=schemas.MATRIX_IOU,
        )
        for one in CODES[:2]
        for split in range(2)
    ]
    scores = ProbeScores.of(fits, 2)
    assert (scores.means.name, scores.splits) == ("iou", 2)
    np.testing.assert_allclose(scores.means.drop, [[0, 0.1], [-0.1, 0]])
    found = replace(
        matrix_of(None, ViewDivergence("kl_softmax", (0,), np.zeros((1, 2, 2)))),
        trained=scores,
        learner="U-Net",
    )
    assert matrix_sentences(found)[0].startswith(
        "A U-Net that is tested on the view that it was trained on reaches an intersection over "
        "union of 65.0 %, in the mean of 2 views; "
    )
    assert set(found.written["trained"]) == {
        "iou", "iou_sd", "drop", "drop_sd", "mean_drop_by_test_view", "mean_drop",
    }  # fmt: skip


def test_where_nothing_is_lost_no_view_is_called_hard() -> None:
    assert matrix_sentences(matrix_of(np.full((2, 3, 3), 0.5)))[1] == (
        "No view loses anything on another one."
    )
