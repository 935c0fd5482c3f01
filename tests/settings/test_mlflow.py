"""Where a run is tracked, as flags, a TOML file and Python say it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from raydrift.engine.identity import shown
from raydrift.errors import SettingsError
from raydrift.settings import MlflowSettings
from raydrift.settings.mlflow import mlflow_given
from raydrift.settings.toml import (
    adjust_settings,
    calibrate_settings,
    evaluate_settings,
    forensics_settings,
    generate_settings,
    matrix_settings,
)

PLAIN: dict[str, Any] = {"input": "a", "output": "b", "task": {"model": "m.pt2"}}
URI = "http://me:word@127.0.0.1:5000"
MAKERS = [evaluate_settings, forensics_settings, adjust_settings, matrix_settings]


def values(make: Callable[[Mapping[str, Any]], Any], **own: Any) -> dict[str, Any]:
    plain = {name: PLAIN[name] for name in ("input", "output")}
    return (plain if make is matrix_settings else PLAIN) | own


@pytest.mark.parametrize("make", MAKERS)
def test_it_is_a_table_or_the_uri_alone(make: Callable[[Mapping[str, Any]], Any]) -> None:
    assert make(values(make)).mlflow is None
    assert make(values(make, mlflow=URI)).mlflow == MlflowSettings(URI, "raydrift", None)
    table = {"uri": URI, "experiment": "drift", "run": "first"}
    assert make(values(make, mlflow=table)).mlflow == MlflowSettings(URI, "drift", "first")


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"run": "x"}, "mlflow.uri is missing: give --mlflow URI, or uri in [mlflow]"),
        ({"uri": URI, "exp": "x"}, "unknown key mlflow.exp: choose from: uri, experiment, run"),
        ({"uri": " "}, "mlflow.uri is ' ': give a URI, as http://127.0.0.1:5000"),
        ({"uri": 5}, "mlflow.uri is no text: give a URI, as http://127.0.0.1:5000"),
        ({"uri": URI, "experiment": ""}, "mlflow.experiment is '': give a name, or leave it out"),
        ({"uri": URI, "run": 3}, "mlflow.run is 3: give text"),
        (7, "mlflow is 7: write it as a table, [mlflow]"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    make: Callable[[Mapping[str, Any]], Any], written: object, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        make(values(make, mlflow=written))
    assert str(caught.value) == said


def test_those_that_track_nothing_do_not_know_it() -> None:
    with pytest.raises(SettingsError, match="unknown key mlflow"):
        generate_settings({"input": "a", "output": "b", "mlflow": URI})
    assert not hasattr(calibrate_settings({"input": "a", "mlflow": URI}), "mlflow")


@pytest.mark.parametrize("make", MAKERS)
def test_a_login_is_shown_nowhere(make: Callable[[Mapping[str, Any]], Any]) -> None:
    settings = make(values(make, mlflow=URI))
    assert "word" not in repr(settings)
    assert "mlflow" not in shown(settings.run)


def test_python_takes_the_settings_or_the_uri() -> None:
    settings = MlflowSettings(URI, run="first")
    assert mlflow_given(settings) is settings
    assert mlflow_given(URI) == replace(settings, run=None)
    assert mlflow_given(None) is None
    wrong: Any = 3
    with pytest.raises(SettingsError, match=r"^mlflow\.uri is no text"):
        mlflow_given(wrong)
