"""One MLflow run for one finished output."""

import getpass
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from tempfile import TemporaryDirectory
from typing import Any, Final

from raydrift.errors import RaydriftError, SettingsError, TrackingError
from raydrift.paths import StoragePath, redacted
from raydrift.settings.mlflow import MlflowSettings
from raydrift.storage import layout
from raydrift.storage.evaluated import MeasuredRecord
from raydrift.tracking.metrics import Metric, numbers_of
from raydrift.tracking.mlflow_quiet import quiet_client
from raydrift.tracking.params import flat_params

FINGERPRINT: Final = "raydrift.fingerprint"
"""The tag by which the MLflow run of an output is found again."""

COMMANDS: Final[Mapping[str, str]] = {
    layout.EVALUATION: "evaluate",
    layout.MATRIX_RECORD: "matrix",
    layout.FORENSICS_RECORD: "forensics",
    layout.ADJUST_RECORD: "adjust",
}
"""What was done, by the name of its record."""

_FOLDERS: Final = {layout.MATRIX_RECORD: layout.MODELS, layout.FORENSICS_RECORD: layout.CAMERAS}

_SOON: Final = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
"""Before the work: who does not answer now has to be started."""

_PATIENT: Final = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4"}
"""After it: half a minute of pauses."""

_PARAMS_AT_ONCE: Final = 100
_METRICS_AT_ONCE: Final = 1000
_COPIED_AT_ONCE: Final = 2**23
_SHOWN: Final = 200
_FINISHED: Final = "FINISHED"


@dataclass(frozen=True)
class Tracked:
    """Where an output is tracked.

    Attributes:
        place: The page of the MLflow run, or its id where there is no page.
        is_new: Whether it was not there before.
    """

    place: str
    is_new: bool


def check_server(settings: MlflowSettings) -> None:
    """Makes sure that a run can be tracked when it is done; the experiment is made.

    Raises:
        SettingsError: MLflow is not installed, the server does not answer, or the experiment was
            deleted.
    """
    try:
        with quiet_client(settings.uri, _SOON) as client:
            _experiment(client, settings.experiment)
    except RaydriftError:
        raise
    except Exception as error:
        raise SettingsError(
            f"mlflow {redacted(settings.uri)} cannot be used: {_why(error)}: start the server, "
            "give another --mlflow, or leave it out"
        ) from None


def track(settings: MlflowSettings, output: StoragePath, kind: type[MeasuredRecord]) -> Tracked:
    """Tells the server what a finished output has, unless it was told before.

    Args:
        settings: The server.
        output: The folder.
        kind: Of its record.

    Raises:
        TrackingError: The server does not take it.
    """
    try:
        with quiet_client(settings.uri, _PATIENT) as client:
            return _Run(client, settings, output, kind).track()
    except RaydriftError:
        raise
    except Exception as error:
        raise TrackingError(
            f"mlflow {redacted(settings.uri)} did not take what was found: {_why(error)}: "
            f"output {output} is whole, the same command tracks it"
        ) from None


class _Run:
    """The MLflow run of an output, under way."""

    def __init__(
        self,
        client: Any,
        settings: MlflowSettings,
        output: StoragePath,
        kind: type[MeasuredRecord],
    ) -> None:
        self._client, self._settings = client, settings
        self._output, self._kind = output, kind
        self._record: dict[str, Any] = json.loads((output / kind.file).read_bytes())
        self._command = COMMANDS[kind.file]
        whole = {"command": self._command, "identity": self._record["identity"]}
        self._fingerprint = sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
        self._experiment = _experiment(client, settings.experiment)

    def track(self) -> Tracked:
        """Makes it, unless a finished one is there."""
        found = self._found(self._fingerprint)
        for one in found:
            if one.info.status == _FINISHED:
                return Tracked(self._place(one.info.run_id), False)
        for one in found:  # which a broken connection left behind
            self._delete(one.info.run_id)
        numbers = numbers_of(self._output, self._record, self._kind.file)
        params = flat_params(self._record["settings"])
        name = self._settings.run or f"{self._command} {_folder_name(self._output)}"
        now = round(time.time() * 1000)
        begun = now - round(sum(self._seconds()) * 1000)
        run_id = self._begin(name, begun, {FINGERPRINT: self._fingerprint})
        self._log(run_id, params, numbers.whole, begun)
        for part, metrics in numbers.parts.items():
            child = self._begin(f"{name} {part}", begun, {"mlflow.parentRunId": run_id})
            self._log(child, {**params, "part": part}, metrics, begun)
            self._client.set_terminated(child, _FINISHED, now)
        for path, folder in self._files():
            with _here(path) as local:
                self._client.log_artifact(run_id, local, folder)
        self._client.set_terminated(run_id, _FINISHED, now)
        return Tracked(self._place(run_id), True)

    def _seconds(self) -> Iterator[float]:
        """What the command took, phase by phase; what all workers took together is more."""
        for name, seconds in self._record["timings"].items():
            if not name.startswith("all_workers_"):
                yield seconds

    def _found(self, fingerprint: str) -> Sequence[Any]:
        asked = f"tags.`{FINGERPRINT}` = '{fingerprint}'"
        found: Sequence[Any] = self._client.search_runs([self._experiment], asked)
        return found

    def _delete(self, run_id: str) -> None:
        """Deletes a run and its parts; MLflow keeps what is deleted until it is cleaned up."""
        asked = f"tags.`mlflow.parentRunId` = '{run_id}'"
        for child in self._client.search_runs([self._experiment], asked):
            self._client.delete_run(child.info.run_id)
        self._client.delete_run(run_id)

    def _begin(self, name: str, begun: int, tags: Mapping[str, str]) -> str:
        settings = self._record["settings"]
        told = {
            **tags,
            "raydrift.command": self._command,
            "raydrift.version": version("raydrift"),
            "raydrift.input": settings["input"],
            "raydrift.output": settings["output"],
            "mlflow.source.name": f"raydrift {self._command}",
            "mlflow.source.type": "JOB",
            **_user(),
        }
        run = self._client.create_run(self._experiment, begun, told, name)
        run_id: str = run.info.run_id
        return run_id

    def _log(
        self, run_id: str, params: Mapping[str, str], metrics: Sequence[Metric], moment: int
    ) -> None:
        from mlflow.entities import Metric as Logged
        from mlflow.entities import Param

        of_params = [Param(name, value) for name, value in params.items()]
        of_metrics = [Logged(one.name, one.value, moment, one.step) for one in metrics]
        for at in range(0, len(of_params), _PARAMS_AT_ONCE):
            self._client.log_batch(run_id, params=of_params[at : at + _PARAMS_AT_ONCE])
        for at in range(0, len(of_metrics), _METRICS_AT_ONCE):
            self._client.log_batch(run_id, of_metrics[at : at + _METRICS_AT_ONCE])

    def _files(self) -> Iterator[tuple[StoragePath, str | None]]:
        """The files of the output, and the folder that each is in."""
        there = self._output.names()
        for name in (self._kind.file, *self._kind.results):
            if name in there:
                yield self._output / name, None
        folder = _FOLDERS.get(self._kind.file)
        if folder is not None:
            for name in sorted((self._output / folder).names()):
                yield self._output / folder / name, folder

    def _place(self, run_id: str) -> str:
        uri = redacted(self._settings.uri).replace("***@", "").rstrip("/")
        if not uri.startswith(("http://", "https://")):
            return f"run {run_id} in {uri}"
        return f"{uri}/#/experiments/{self._experiment}/runs/{run_id}"


def _experiment(client: Any, name: str) -> str:
    """The id of an experiment, which is made if it is not there.

    Raises:
        SettingsError: It was deleted.
    """
    found = client.get_experiment_by_name(name)
    if found is None:
        made: str = client.create_experiment(name)
        return made
    if found.lifecycle_stage != "active":
        raise SettingsError(
            f"mlflow.experiment {name!r} was deleted: restore it, or give another name"
        )
    known: str = found.experiment_id
    return known


@contextmanager
def _here(path: StoragePath) -> Iterator[str]:
    """The path of a file on this machine, which is a copy if the file is elsewhere."""
    if path.is_local:
        yield path.path
        return
    with TemporaryDirectory() as folder:
        copy = os.path.join(folder, path.path.rpartition("/")[2])
        with path.open_here_and_there() as source, open(copy, "wb") as target:
            shutil.copyfileobj(source, target, _COPIED_AT_ONCE)
        yield copy


def _folder_name(output: StoragePath) -> str:
    return output.path.rpartition("/")[2] or "output"


def _user() -> dict[str, str]:
    try:
        return {"mlflow.user": getpass.getuser()}
    except (OSError, KeyError, ImportError):  # there is no such user
        return {}


def _why(error: BaseException) -> str:
    """Why MLflow failed, in a few words and without credentials."""
    said = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, ImportError):
        return f"{said}: pip install it"
    system = re.search(r"\[Errno -?\d+\] ([^\"'()]+)", said)
    if system:
        return system[1].strip()
    if "timed out" in said.lower():
        return "no answer in time"
    said = re.split(r"\. (?=[A-Z])", redacted(said))[0]
    return said if len(said) <= _SHOWN else said[: _SHOWN - 1] + "…"
