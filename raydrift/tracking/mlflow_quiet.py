"""MLflow, without a word of its own: it prints nothing and reports to nobody."""

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

from raydrift.errors import SettingsError

MISSING: Final = "mlflow is not installed: pip install 'raydrift[mlflow]', or leave --mlflow out"

_SILENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_CONFIGURE_LOGGING": "false",
}
_LOGGERS: Final = ("mlflow", "alembic")


@contextmanager
def quiet_client(uri: str, unless_set: Mapping[str, str]) -> Iterator[Any]:
    """MLflow's client of a tracking server, for as long as the block lasts.

    Args:
        uri: Of the server.
        unless_set: Variables of MLflow's, unless the environment has them.

    Raises:
        SettingsError: MLflow is not installed.
        Exception: Whatever MLflow raises.
    """
    if find_spec("mlflow") is None:
        raise SettingsError(MISSING)
    given = {name: value for name, value in unless_set.items() if name not in os.environ}
    with _environment({**given, **_SILENT}), _silent_loggers(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        yield MlflowClient(tracking_uri=uri)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _silent_loggers() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)
