"""What an experiment found, in sentences."""

import numpy as np
import pytest

from raydrift.report.evaluation import METRIC_NAMES, BatchMeasures, Evaluation
from raydrift.report.headline import headline
from raydrift.settings.sweep import Sweep


def evaluation_of(kl: list[float], auc: list[float], classes: list[str]) -> Evaluation:
    """One batch of five images a class; those of class c have KL = level's + c / 100."""
    sweep = Sweep.parse(["hue"], ",".join(str((place + 1) / 10) for place in range(len(kl))))
    values = np.full((len(kl), len(METRIC_NAMES)), np.nan)
    values[:, METRIC_NAMES.index("kl_softmax")] = kl
    values[:, METRIC_NAMES.index("domain_classifier_auc")] = auc
    names = [name for name in classes for _ in range(5)]
    extra = np.repeat(np.arange(len(classes)) / 100, 5)
    pairs = np.array(kl)[:, None] + extra
    ids = tuple(range(len(names)))
    batch = BatchMeasures(0, ids, tuple(names), values, pairs, np.zeros((len(kl), 2)))
    return Evaluation(sweep, (batch,))


def test_it_says_how_far_whether_it_is_seen_and_which_class_drifts_most() -> None:
    found = headline(evaluation_of([0.0001, 0.2, 0.41], [0.5, 0.92, 0.99], ["cat", "dog"]))
    assert found == [
        "From level 0.1 to level 0.3 the median KL divergence of a batch rises from <0.001 to "
        "0.410 nats.",
        "From level 0.2 on a linear classifier tells the images of a batch from their originals "
        "(AUC 0.920, where 0.5 is chance and 1 is always).",
        "At level 0.3 the class “dog” drifts most (median of its images 0.420 nats), “cat” least "
        "(0.410).",
    ]


def test_it_does_not_call_rising_what_is_not() -> None:
    first, *_ = headline(evaluation_of([0.1, 0.3, 0.2], [0.5, 0.6, 0.7], ["cat"]))
    assert "goes, not always upwards, from 0.100 to 0.200" in first


@pytest.mark.parametrize(
    ("auc", "said"),
    [
        ([0.5, 0.6], "Even at level 0.2 a linear classifier does not tell"),
        ([0.95, 0.8], "Even at level 0.2 a linear classifier does not tell"),
        ([0.95, 0.96], "From level 0.1 on a linear classifier tells"),
    ],
)
def test_seen_from_a_level_on_means_at_all_higher_ones(auc: list[float], said: str) -> None:
    _, second = headline(evaluation_of([0.1, 0.2], auc, ["cat"]))
    assert second.startswith(said)


def test_one_level_and_no_classifier_are_said_plainly() -> None:
    assert headline(evaluation_of([0.3], [np.nan], ["cat"])) == [
        "At level 0.1 the median KL divergence of a batch is 0.300 nats."
    ]
