"""The Python faces of runs over a model: what they hand on, and what they refuse."""

import inspect
from pathlib import Path
from typing import Any

import pytest

import raydrift
from raydrift import TransformInfo
from raydrift.errors import SettingsError, TaskError
from raydrift.settings import (
    AdjustSettings,
    ForensicsSettings,
    MlflowSettings,
    RawSettings,
    SearchSettings,
    TaskSettings,
)

HUE = TransformInfo("hue", 0.5)  # type: ignore[arg-type]


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The settings that the engine would be given."""
    found: list[Any] = []

    def keep(settings: object, *, quiet: bool) -> None:
        found.append((settings, quiet))

    monkeypatch.setattr("raydrift.engine.forensics.forensics", keep)
    monkeypatch.setattr("raydrift.engine.adjust.adjust", keep)
    return found


def test_forensics_hands_on_what_it_is_given(handed_on: list[Any]) -> None:
    search, task = SearchSettings(steps=3), TaskSettings("m.pt2", drop=0.25)
    raydrift.forensics("in", "out", task, levels="0.2,0.5", search=search, input_dim=64, seed=7)
    ((settings, quiet),) = handed_on
    assert isinstance(settings, ForensicsSettings)
    assert (settings.task, settings.search, settings.levels) == (task, search, (0.2, 0.5))
    assert (settings.run.image.height, settings.run.seed, quiet) == (64, 7, False)


def test_adjust_hands_on_what_it_is_given(handed_on: list[Any]) -> None:
    given = {
        "splits": 2, "epochs": 3, "lr": 0.1, "camera_lr": 0.2, "learn": "last",
        "processor": "neural_network", "stages": 3,
    }  # fmt: skip
    raw = RawSettings(gains="daylight")
    raydrift.adjust("in", "out", "m.pt2", [HUE], **given, raw=raw, progress=False)  # type: ignore[arg-type]
    ((settings, quiet),) = handed_on
    assert isinstance(settings, AdjustSettings)
    assert {name: getattr(settings, name) for name in given} == given
    assert (settings.run.transforms, settings.task.model, quiet) == ((HUE,), "m.pt2", True)
    assert settings.run.raw == raw


def test_both_hand_on_where_to_track(handed_on: list[Any]) -> None:
    uri, settings = "http://127.0.0.1:5000", MlflowSettings("http://127.0.0.1:5000", "mine")
    for run in (raydrift.forensics, raydrift.adjust):
        for given in (uri, settings, None):
            run("in", "out", "m.pt2", mlflow=given)  # type: ignore[operator]
    assert [one.mlflow for one, _ in handed_on] == [MlflowSettings(uri), settings, None] * 2


def test_their_defaults_are_those_of_the_settings() -> None:
    settings = AdjustSettings.__dataclass_fields__
    for name, parameter in inspect.signature(raydrift.adjust).parameters.items():
        if name in settings and name != "task":
            assert parameter.default == settings[name].default, name


@pytest.mark.parametrize("run", [raydrift.forensics, raydrift.adjust])
def test_what_cannot_be_is_refused(run: Any, scenes: Path, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="give the path of a model"):
        run(scenes, tmp_path / "out", str(tmp_path / "no.pt2"))
    with pytest.raises(SettingsError, match="input_path is 3"):
        run(3, tmp_path / "out", "m.pt2")
