"""What is said of a model, in a sentence and in tables."""

import json

import numpy as np
import pytest

from raydrift import schemas
from raydrift.report.evaluation import METRIC_NAMES, BatchMeasures
from raydrift.report.task_findings import find_task_scores
from raydrift.report.task_page import task_class_rows, task_facts, task_flags
from raydrift.settings import TaskSettings
from tests.report.tasks import answers_of, findings_of

LEVELS = (0.25, 0.5, 1.0)


@pytest.mark.parametrize(
    ("right", "begins", "ends"),
    [
        (
            (90, 90, 70, 60),
            "The model breaks at level 0.375 (95 % interval 0.",
            ": there its accuracy has fallen by more than 0.1, from the 0.900 of the originals.",
        ),
        (
            (90, 90, 90, 79),
            "The model breaks at level 0.955 (95 % interval 0.",
            " to beyond 1), where the median KL divergence of a batch is 0.955 nats: there its "
            "accuracy has fallen by more than 0.1, from the 0.900 of the originals.",
        ),
        (
            (90, 90, 90, 90),
            "The model does not break up to level 1: its accuracy is 0.900 there and 0.900 on the "
            "originals, and at no level is more than 0.1 lost.",
            "",
        ),
        (
            (90, 90, 90, 81),
            "The model does not break up to level 1 (though its 95 % interval begins at 0.",
            "): its accuracy is 0.810 there and 0.900 on the originals, and at no level is more "
            "than 0.1 lost.",
        ),
    ],
    ids=["breaks", "breaks late", "never", "hardly"],
)
def test_where_it_breaks_is_a_sentence(right: tuple[int, ...], begins: str, ends: str) -> None:
    said = findings_of(right, LEVELS).sentence
    assert said.startswith(begins)
    assert said.endswith(ends)


def test_one_image_has_no_interval_to_tell() -> None:
    assert findings_of((1, 1, 0, 0), LEVELS, samples=1).sentence == (
        "The model breaks at level 0.275, where the median KL divergence of a batch is 0.275 "
        "nats: there its accuracy has fallen by more than 0.1, from the 1.00 of the originals."
    )


def test_a_model_that_is_no_better_than_chance_is_looked_at() -> None:
    assert findings_of((90, 80), (1.0,)).warning is None
    said = findings_of((50, 40), (1.0,)).warning
    assert said is not None
    assert said.startswith(
        "It gets 0.500 of the originals right, no more than chance: look whether"
    )
    assert findings_of((100, 100), (1.0,), classes=("all",)).warning is None


def test_the_table_has_a_row_a_level_and_class() -> None:
    table = findings_of((90, 70), (1.0,), classes=("cat", "dog", "none")).table()
    assert table.schema == schemas.TASK_SCORES
    rows = table.to_pylist()
    assert [(row["level"], row["class_name"]) for row in rows[:5]] == [
        (None, None), (None, "cat"), (None, "dog"), (None, "none"), (1.0, None),
    ]  # fmt: skip
    assert [row["accuracy"] for row in rows[::4]] == [0.9, 0.7]
    assert sum(row["samples"] for row in rows[1:4]) == rows[0]["samples"] == 100


def test_scores_of_nothing_are_null() -> None:
    """A class of the input of which no image was measured."""
    whole = findings_of((2, 1), (1.0,), classes=("cat", "dog", "fish"), samples=2)
    row = next(one for one in whole.table().to_pylist() if one["class_name"] == "fish")
    assert (row["samples"], row["accuracy"], row["nll"]) == (0, None, None)
    plain = json.dumps(whole.written, allow_nan=False)
    assert json.loads(plain)["levels"][0]["level"] is None


def test_batches_add_up_to_the_same_findings() -> None:
    whole = findings_of((90, 70), (1.0,), samples=100)
    labels = np.arange(100) % 2
    batches = [
        [one.part(start, start + 40) for one in (answers_of(labels, r, 2) for r in (90, 70))]
        for start in (0, 40, 80)
    ]
    found = find_task_scores(whole.task, whole.classes, batches, (1.0,), (1.0,), seed=1)
    assert found.written == whole.written
    assert found.table().equals(whole.table())


def test_a_batchs_answers_come_back_from_its_table() -> None:
    labels = np.arange(4) % 2
    answers = tuple(answers_of(labels, right, 2) for right in (4, 2))
    values, pairs = np.zeros((1, len(METRIC_NAMES))), np.zeros((1, 4))
    measures = BatchMeasures(
        3, (1, 2, 3, 4), ("a",) * 4, values, pairs, np.zeros((1, 2)), answers=answers
    )
    back = BatchMeasures.of(measures.table())
    for one, other in zip(back.answers, answers, strict=True):
        for name, value in vars(one).items():
            np.testing.assert_array_equal(value, getattr(other, name))
    empty = BatchMeasures(
        0, (), (), values, np.zeros((1, 0)), np.zeros((1, 2)),
        answers=tuple(one.part(0, 0) for one in answers),
    )  # fmt: skip
    assert [len(one.labels) for one in BatchMeasures.of(empty.table()).answers] == [0, 0]


def test_classes_that_lose_most_come_first() -> None:
    task = findings_of((100, 55), (1.0,), classes=("cat", "dog", "fish"))
    rows = task_class_rows(task, (1.0,))
    lost = [float(row.cells[0].text) - float(row.cells[1].text) for row in rows]
    assert lost == sorted(lost, reverse=True)
    assert rows[0].cells[0].shade == 0
    assert rows[0].cells[1].shade > 0
    assert sum(row.samples for row in rows) == 100


def test_what_asks_the_same_again() -> None:
    assert task_flags(None) == []
    assert task_facts(None) == {}
    settings = TaskSettings("s3://key:secret@bucket/m.pt2", "0,0,0/1,1,1", 0.25)
    assert task_flags(settings) == [
        "--task", "s3://***@bucket/m.pt2", "--task-normalize", "0.0,0.0,0.0/1.0,1.0,1.0",
        "--task-drop", "0.25",
    ]  # fmt: skip
    assert task_facts(findings_of((1, 1), (1.0,))) == {
        "Model": "m.pt2 (0123456789abcdef), torch.export program; pixels as they are, 0 to 1"
    }
