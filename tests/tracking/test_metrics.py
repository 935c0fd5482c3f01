"""The numbers of a finished output by name and step."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from raydrift.paths import StoragePath
from raydrift.tracking.metrics import Metric, Numbers, level_steps, numbers_of
from tests.tracking.outputs import Made, adjusted, crossed, evaluated, searched

OF_ALL = {
    ("counts/asked", 0): 5.0,
    ("counts/measured", 0): 4.0,
    ("counts/rejected", 0): 1.0,
    ("seconds/list", 0): 1.5,
    ("seconds/measure", 0): 8.0,
    ("seconds/all_workers_embed_seconds", 0): 99.0,
}


def numbers(make: Callable[[StoragePath], Made], folder: Path) -> Numbers:
    one = make(StoragePath.of(folder / "out"))
    record = json.loads(one.files[one.kind.file])
    return numbers_of(one.output, record, one.kind.file)


def by_step(metrics: tuple[Metric, ...]) -> dict[tuple[str, int], float]:
    found = {(one.name, one.step): one.value for one in metrics}
    assert len(found) == len(metrics)
    return found


def test_an_adjustment_has_its_curves_by_epoch_and_each_split_as_a_part(tmp_path: Path) -> None:
    found = numbers(adjusted, tmp_path)
    sd = 0.1 / 2**0.5
    curves: dict[tuple[str, int], float] = {}
    for training, begin in (("learned", 0.35), ("frozen", 0.25)):
        for epoch in range(3):
            curves[f"accuracy/{training}", epoch] = begin + 0.2 * epoch
            curves[f"accuracy_sd/{training}", epoch] = sd
        curves |= {(f"loss/{training}", epoch): 1 / epoch for epoch in (1, 2)}
    for training, quality in (("original", 0.95), ("drifted", 0.45)):
        curves |= {(f"accuracy/{training}", 0): quality, (f"accuracy_sd/{training}", 0): sd}
    assert by_step(found.whole) == pytest.approx(OF_ALL | curves)
    assert list(found.parts) == ["split 0", "split 1"]
    second = by_step(found.parts["split 1"])
    assert second == pytest.approx(
        {
            ("accuracy/original", 0): 1.0,
            ("accuracy/drifted", 0): 0.5,
            **{("accuracy/learned", epoch): 0.4 + 0.2 * epoch for epoch in range(3)},
            **{("accuracy/frozen", epoch): 0.3 + 0.2 * epoch for epoch in range(3)},
            **{("loss/learned", epoch): 1 / epoch for epoch in (1, 2)},
            **{("loss/frozen", epoch): 1 / epoch for epoch in (1, 2)},
        }
    )


def test_an_evaluation_has_medians_by_level_and_what_the_model_gets_right(tmp_path: Path) -> None:
    found = by_step(numbers(evaluated, tmp_path).whole)
    assert found == pytest.approx(
        OF_ALL
        | {
            ("level", 250): 0.25,
            ("level", 1000): 1.0,
            ("kl_softmax", 250): 0.5,
            ("kl_softmax", 1000): 2.0,
            ("kl_softmax_lower_quartile", 250): 0.375,
            ("kl_softmax_lower_quartile", 1000): 1.5,
            ("kl_softmax_upper_quartile", 250): 0.625,
            ("kl_softmax_upper_quartile", 1000): 2.5,
            ("mmd", 250): 0.75,
            ("mmd", 1000): 1.5,
            ("task/samples", 0): 4,
            ("task/samples", 250): 4,
            ("task/samples", 1000): 4,
            ("task/accuracy", 0): 0.75,
            ("task/accuracy", 250): 0.5,
            ("task/accuracy", 1000): 0.25,
            ("task/accuracy_interval_low", 0): 0.5,
            ("task/accuracy_interval_low", 250): 0.25,
            ("task/accuracy_interval_low", 1000): 0.0,
            ("task/accuracy_interval_high", 0): 1.0,
            ("task/accuracy_interval_high", 1000): 0.5,
            ("task/breaks_at_level", 0): 0.2,
        }
    )


def test_forensics_has_what_the_worst_camera_of_each_part_leaves_by_level(tmp_path: Path) -> None:
    found = by_step(numbers(searched, tmp_path).whole)
    assert found == pytest.approx(
        OF_ALL
        | {
            ("level", 100): 0.1,
            ("level", 500): 0.5,
            ("accuracy/original", 0): 0.9,
            ("loss/original", 0): 1.0,
            ("accuracy/all", 100): 0.8,
            ("accuracy/all", 500): 0.4,
            ("accuracy/mine_Fog", 100): 0.89,
            ("accuracy/mine_Fog", 500): 0.85,
            **{(f"loss/{part}", 100): 1.1 for part in ("all", "mine_Fog")},
            **{(f"loss/{part}", 500): 1.5 for part in ("all", "mine_Fog")},
            **{
                (f"drawn_accuracy/{part}", step): 0.9
                for part in ("all", "mine_Fog")
                for step in (100, 500)
            },
            ("breaks_at/all", 0): 0.5,
            ("worst/accuracy", 0): 0.4,
            ("worst/level", 0): 0.5,
        }
    )


def test_a_matrix_has_its_diagonal_its_column_means_and_the_ratio_by_severity(
    tmp_path: Path,
) -> None:
    found = by_step(numbers(crossed, tmp_path).whole)
    own, others, drops = (0.9, 0.8, 1.0), (0.5, 0.6, 0.4), (0.4, 0.35, 0.45)
    views = ("bi_s_me", "bi_s_ga", "me_u_ga")
    assert found == pytest.approx(
        OF_ALL
        | {("accuracy/own_view", 0): 0.9, ("accuracy/other_views", 0): 0.5, ("mean_drop", 0): 0.4}
        | {(f"accuracy_on_own_view/{view}", 0): one for view, one in zip(views, own, strict=True)}
        | {
            (f"accuracy_from_other_views/{view}", 0): one
            for view, one in zip(views, others, strict=True)
        }
        | {(f"drop_on_it/{view}", 0): one for view, one in zip(views, drops, strict=True)}
        | {("kl_softmax/bi_s_me", 0): 3.0, ("kl_softmax/bi_s_ga", 0): 2.0}  # the third is not whole
        | {("corruptions/mean_drop", 1): 0.2, ("corruptions/mean_drop", 3): 0.4}
        | {("corruptions/ratio", 1): 0.5, ("corruptions/ratio", 3): 1.0}
        | {("corruptions/drop_by_fog", 1): 0.1, ("corruptions/drop_by_fog", 3): 0.2}
        | {("corruptions/drop_by_jpeg", 1): 0.3, ("corruptions/drop_by_jpeg", 3): 0.6}
    )


def test_level_0_is_what_the_originals_are(tmp_path: Path) -> None:
    """It has their step, and no number twice."""
    one = evaluated(StoragePath.of(tmp_path / "out"), first=0.0)
    record = json.loads(one.files[one.kind.file])
    found = by_step(numbers_of(one.output, record, one.kind.file).whole)
    assert [step for name, step in found if name == "kl_softmax"] == [0, 1000]
    assert [step for name, step in found if name == "task/accuracy"] == [0, 1000]


@pytest.mark.parametrize(
    ("levels", "steps"),
    [
        ((0.1, 0.3, 1.0), [100, 300, 1000]),
        ((0.0001, 0.0002, 0.5), [1, 2, 5000]),
        ((0.0001,), [1]),
        ((0.0, 0.5), [0, 500]),
    ],
)
def test_levels_as_steps_are_told_apart(levels: tuple[float, ...], steps: list[int]) -> None:
    assert list(level_steps(levels).values()) == steps


def test_one_split_has_no_standard_deviation(tmp_path: Path) -> None:
    found = numbers(lambda output: adjusted(output, splits=1), tmp_path)
    assert not [one for one in found.whole if "_sd" in one.name]
    assert list(found.parts) == ["split 0"]
