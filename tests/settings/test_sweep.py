"""Transforms of which some take one level after the other."""

from pathlib import Path

import pytest

from raydrift.errors import SettingsError
from raydrift.settings.sweep import Sweep
from raydrift.settings.toml import evaluate_settings, read_toml
from raydrift.transforms import TransformInfo

JOB = Path(__file__).parents[2] / "jobs" / "evaluate.toml"


def written(sweep: Sweep) -> list[str]:
    return [" ".join(map(str, chain)) for chain in sweep.chains]


def test_a_transform_without_a_level_takes_each_of_them() -> None:
    assert written(Sweep.parse(["gaussian_blur", "hue"], "0.2,1")) == [
        "gaussian_blur:0.2 hue:0.2",
        "gaussian_blur:1.0 hue:1.0",
    ]


def test_one_with_a_level_is_held_at_it() -> None:
    sweep = Sweep.parse(["rotate:0.3", "default"], "0.1:0.3:0.1")
    assert [chain[0] for chain in sweep.chains] == [TransformInfo("rotate", 0.3)] * 3
    assert [chain[1].drift_level for chain in sweep.chains] == [0.1, 0.2, 0.3]
    assert str(sweep) == "rotate:0.3, default"


def test_the_defaults_are_the_published_experiment() -> None:
    settings = evaluate_settings({"input": "a", "output": "b"})
    assert written(settings.sweep) == [f"default:{number / 10}" for number in range(1, 11)]
    assert settings.batches is None
    assert settings.run.embedding.batch_size == 32


def test_a_file_says_levels_as_text_or_as_a_list() -> None:
    text = evaluate_settings({"input": "a", "output": "b", "levels": "0.5:1:0.5"})
    listed = evaluate_settings({"input": "a", "output": "b", "levels": [0.5, 1]})
    assert text.sweep.levels == listed.sweep.levels == (0.5, 1.0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"transforms": ["hue:0.3"]},
            "no transform sweeps: hue:0.3 is held: give one without a level, -t default",
        ),
        ({"transforms": []}, "no transform sweeps: give one without a level, -t default"),
        ({"transforms": ["hu"]}, "unknown transform 'hu': did you mean 'hue'?"),
        ({"transforms": "hue"}, "transforms is 'hue': write a list, [\"gaussian_blur:0.5\"]"),
        ({"transforms": [7]}, 'transforms is [7]: write a list, ["default"]'),
        ({"levels": "0:1:0.001"}, "levels '0:1:0.001' are more than 1000: give a larger step"),
        ({"levels": "0:1:0.005"}, "201 levels: give 1 to 101"),
        ({"levels": 7}, 'levels is 7: write "0.1:1.0:0.1" or a list, [0.2, 0.4]'),
        ({"batches": 0}, "batches is 0: give at least 1"),
        ({"batches": "few"}, "batches is 'few': give a whole number"),
        ({"embedding": {"batch_size": 0}}, "embedding.batch_size is 0: give at least 1"),
    ],
)
def test_what_cannot_be_says_what_to_write(values: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        evaluate_settings({"input": "a", "output": "b", **values})
    assert str(error.value) == said


def test_the_jobs_file_says_the_defaults() -> None:
    values = read_toml(str(JOB))
    settings = evaluate_settings(values)
    places = {name: values[name] for name in ("input", "output")}
    assert settings == evaluate_settings(places)
