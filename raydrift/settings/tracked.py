"""What it takes to track an output that is finished."""

from collections.abc import Mapping
from typing import Any

from raydrift.errors import SettingsError
from raydrift.settings.mlflow import MlflowSettings
from raydrift.settings.toml import generate_settings, mlflow_settings


def track_settings(values: Mapping[str, Any]) -> tuple[MlflowSettings, dict[str, Any]]:
    """The server and the options of the output's bucket.

    Args:
        values: As a TOML file has them: ``output``, ``mlflow`` and ``storage_options``; all else is
            left aside, so that the file of a run can be used.

    Raises:
        SettingsError: No server is named, or something cannot be.

    >>> track_settings({"output": "out", "mlflow": {"uri": "http://127.0.0.1:5000"}})[0].experiment
    'raydrift'
    """
    found = mlflow_settings(values.get("mlflow"))
    if found is None:
        raise SettingsError("mlflow is missing: give --mlflow URI, or uri in [mlflow]")
    names = ("output", "storage_options")
    run = generate_settings({"input": "(none)"} | {n: values[n] for n in names if n in values})
    return found, run.options_of("output")
