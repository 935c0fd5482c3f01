"""``[task]``: the user's model and how it is asked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.errors import SettingsError
from raydrift.settings import CalibrateSettings, EvaluateSettings, TaskSettings
from raydrift.settings.task import IMAGENET
from raydrift.settings.toml import calibrate_settings, evaluate_settings

WANTED = (
    "give none, imagenet, or three means and three standard deviations, "
    '"0.5,0.5,0.5/0.25,0.25,0.25"'
)


def built(**values: Any) -> EvaluateSettings:
    return evaluate_settings({"input": "in", "output": "out"} | values)


def refusal(task: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        built(task=task)
    return str(caught.value)


def test_without_it_no_model_is_asked() -> None:
    assert built().task is None


def test_a_table_says_which_model_and_how() -> None:
    written = {"model": "m.pt2", "normalize": "imagenet", "drop": 0.05, "batch_size": 4}
    assert built(task=written).task == TaskSettings("m.pt2", "imagenet", 0.05, 4)
    assert built(task={"model": "m.pt2"}).task == TaskSettings("m.pt2", "none", 0.1, None)
    assert built(task=TaskSettings("m.pt2")).task == TaskSettings("m.pt2")


def test_a_calibration_has_no_use_for_it() -> None:
    settings = calibrate_settings({"input": "in", "task": {"model": "m.pt2"}})
    assert isinstance(settings, CalibrateSettings)


@pytest.mark.parametrize(
    ("model", "architecture", "path"),
    [
        ("m.pt2", None, "m.pt2"),
        ("resnet18:w.pth", "resnet18", "w.pth"),
        ("resnet34:s3://bucket/w.pth", "resnet34", "s3://bucket/w.pth"),
        ("s3://resnet18/m.pt2", None, "s3://resnet18/m.pt2"),
        ("resnet18", None, "resnet18"),
        ("C:/m.pt2", None, "C:/m.pt2"),
    ],
)
def test_an_architecture_stands_before_the_path(
    model: str, architecture: str | None, path: str
) -> None:
    settings = TaskSettings(model)
    assert (settings.architecture, settings.path) == (architecture, path)


@pytest.mark.parametrize(
    "written",
    [
        [[0.5, 0.4, 0.3], [0.1, 0.2, 1]],
        ((0.5, 0.4, 0.3), (0.1, 0.2, 1)),
        "0.5,0.4,0.3/0.1,0.2,1",
        " .5, .4, 3e-1 / 0.1, 0.2, 1 ",
    ],
)
def test_means_and_deviations_are_lists_or_text(written: Any) -> None:
    settings = TaskSettings("m", written)
    assert settings.channels == ((0.5, 0.4, 0.3), (0.1, 0.2, 1.0))
    assert settings.written_normalize == "0.5,0.4,0.3/0.1,0.2,1.0"


def test_names_of_normalisations() -> None:
    assert TaskSettings("m").channels is None
    assert TaskSettings("m", "imagenet").channels == IMAGENET
    assert TaskSettings("m", "imagenet").written_normalize == "imagenet"


SOME = st.tuples(*[st.floats(-10, 10)] * 3)
POSITIVE = st.tuples(*[st.floats(1e-3, 10)] * 3)


@given(SOME, POSITIVE)
def test_what_is_written_is_read_back_as_the_same(
    mean: tuple[float, float, float], deviation: tuple[float, float, float]
) -> None:
    settings = TaskSettings("m", (mean, deviation))
    assert TaskSettings("m", settings.written_normalize) == settings


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("m.pt2", "task is 'm.pt2': write it as a table, [task]"),
        ({}, "task.model is missing: give --task PATH, or model in [task]"),
        ({"model": 3}, "task.model is 3: give text"),
        ({"model": ""}, "task.model is '': give the path of a model"),
        ({"model": "resnet18:"}, "task.model is 'resnet18:': give the path of a model"),
        (
            {"model": "resnet50:w.pth"},
            "task.model is 'resnet50:w.pth': give resnet18:PATH or resnet34:PATH, "
            "or export the model with torch.export.save",
        ),
        ({"model": "m", "modle": 1}, "unknown key task.modle: did you mean 'model'?"),
        ({"model": "m", "drop": 1.5}, "task.drop is 1.5: give a number from 0 to 1"),
        ({"model": "m", "drop": float("nan")}, "task.drop is nan: give a number from 0 to 1"),
        ({"model": "m", "drop": "a"}, "task.drop is 'a': give a number"),
        ({"model": "m", "batch_size": 0}, "task.batch_size is 0: give at least 1"),
        ({"model": "m", "normalize": [0.5, 0.5]}, f"task.normalize is [0.5, 0.5]: {WANTED}"),
        ({"model": "m", "normalize": "0.5,0.5"}, f"task.normalize is '0.5,0.5': {WANTED}"),
        ({"model": "m", "normalize": "Imagenet"}, f"task.normalize is 'Imagenet': {WANTED}"),
        ({"model": "m", "normalize": True}, f"task.normalize is True: {WANTED}"),
        (
            {"model": "m", "normalize": [[True, 0, 0], [1, 1, 1]]},
            f"task.normalize is [[True, 0, 0], [1, 1, 1]]: {WANTED}",
        ),
        (
            {"model": "m", "normalize": [[0, 0, float("inf")], [1, 1, 1]]},
            f"task.normalize is [[0, 0, inf], [1, 1, 1]]: {WANTED}",
        ),
        (
            {"model": "m", "normalize": "0,0,0/1,1,0"},
            "task.normalize is '0,0,0/1,1,0': standard deviations are above 0",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(task: Any, said: str) -> None:
    assert refusal(task) == said
