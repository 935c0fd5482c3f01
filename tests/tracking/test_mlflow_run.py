"""One MLflow run for one finished output, read back from where it is kept."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest

from raydrift.errors import SettingsError, TrackingError
from raydrift.paths import StoragePath
from raydrift.settings import MlflowSettings
from raydrift.storage import layout
from raydrift.tracking import mlflow_run
from raydrift.tracking.metrics import numbers_of
from raydrift.tracking.mlflow_quiet import quiet_client
from raydrift.tracking.mlflow_run import FINGERPRINT, check_server, track
from raydrift.tracking.params import flat_params
from tests.tracking.conftest import Store
from tests.tracking.outputs import Made, adjusted, crossed, evaluated, searched
from tests.tracking.server import Kept


@pytest.fixture
def settings(store: Store, tmp_path: Path) -> MlflowSettings:
    """An experiment of the test's own."""
    return MlflowSettings(store.uri, f"of {tmp_path.name}")


def kept(store: Store, settings: MlflowSettings) -> tuple[list[Kept], list[Kept]]:
    """The runs that are found, and those that are parts of one of them, by name."""
    runs = sorted(store.reader.runs(settings.experiment), key=lambda run: run.name)
    parts = [run for run in runs if "mlflow.parentRunId" in run.tags]
    return [run for run in runs if run not in parts], parts


@pytest.mark.parametrize("make", [adjusted, evaluated, searched, crossed])
def test_a_run_has_all_of_an_output(
    make: Callable[[StoragePath], Made], store: Store, settings: MlflowSettings, tmp_path: Path
) -> None:
    one = make(StoragePath.of(tmp_path / "found"))
    check_server(settings)
    told = track(settings, one.output, one.kind)
    (run,), parts = kept(store, settings)
    record = json.loads(one.files[one.kind.file])
    numbers = numbers_of(one.output, record, one.kind.file)
    command = mlflow_run.COMMANDS[one.kind.file]
    assert (run.name, run.status, told.is_new) == (f"{command} found", "FINISHED", True)
    assert run.params == flat_params(record["settings"])
    assert run.metrics == {(each.name, each.step): each.value for each in numbers.whole}
    assert run.artifacts == one.files
    assert run.seconds == 9.5
    ours = {name: text for name, text in run.tags.items() if name.startswith("raydrift.")}
    assert len(ours.pop(FINGERPRINT)) == 64
    assert ours == {
        "raydrift.command": command,
        "raydrift.version": version("raydrift"),
        "raydrift.input": "s3://***@bucket/photos",
        "raydrift.output": str(one.output),
    }
    assert [part.name for part in parts] == [f"{command} found {name}" for name in numbers.parts]
    for part, metrics in zip(parts, numbers.parts.values(), strict=True):
        assert part.metrics == {(each.name, each.step): each.value for each in metrics}
        assert (part.status, part.artifacts) == ("FINISHED", {})
        assert FINGERPRINT not in part.tags
    assert "secret" not in repr((run, parts))


def test_parameters_are_the_settings_as_flat_names(
    store: Store, settings: MlflowSettings, tmp_path: Path
) -> None:
    one = adjusted(StoragePath.of(tmp_path / "found"))
    track(replace(settings, run="by hand"), one.output, one.kind)
    (run,), parts = kept(store, settings)
    assert run.name == "by hand"
    some = {
        "seed": "7",
        "splits": "2",
        "input": "s3://***@bucket/photos",
        "image.height": "64",
        "task.drop": "0.1",
        "transforms": '["hue:0.5"]',
        "write.overwrite": "false",
    }
    assert run.params.items() >= some.items()
    assert not [name for name in run.params if "storage_options" in name]
    assert parts[1].params == run.params | {"part": "split 1"}


def test_the_same_result_is_tracked_once(
    store: Store, settings: MlflowSettings, tmp_path: Path
) -> None:
    """Wherever it is; another one is another run."""
    first, again = (adjusted(StoragePath.of(tmp_path / name)) for name in ("first", "again"))
    told = [track(settings, one.output, one.kind) for one in (first, first, again)]
    assert [one.is_new for one in told] == [True, False, False]
    assert len({one.place for one in told}) == 1
    other = adjusted(StoragePath.of(tmp_path / "other"), splits=1)
    assert track(settings, other.output, other.kind).is_new
    runs, parts = kept(store, settings)
    assert [run.name for run in runs] == ["adjust first", "adjust other"]
    assert len(parts) == 3


def test_a_run_that_was_not_finished_is_made_anew(
    store: Store, settings: MlflowSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = adjusted(StoragePath.of(tmp_path / "found"))

    def broken(*_: object) -> None:
        raise ConnectionError("[Errno 104] Connection reset by peer")

    with monkeypatch.context() as patch:
        patch.setattr(mlflow_run, "_here", broken)  # all but the files is there
        with pytest.raises(
            TrackingError, match=r"Connection reset by peer: output .*/found is whole"
        ):
            track(settings, one.output, one.kind)
    (half,), _ = kept_unfinished(store, settings)
    assert half == "RUNNING"
    assert track(settings, one.output, one.kind).is_new
    (run,), parts = kept(store, settings)
    assert (run.status, run.artifacts, len(parts)) == ("FINISHED", one.files, 2)


def kept_unfinished(store: Store, settings: MlflowSettings) -> tuple[list[str], int]:
    """The states of the runs that are no parts, and how many are."""
    with quiet_client(store.uri, {}) as client:
        number = client.get_experiment_by_name(settings.experiment).experiment_id
        runs = client.search_runs([number])
    whole = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return [run.info.status for run in whole], len(runs) - len(whole)


def test_an_output_in_a_bucket_is_read_from_there(
    store: Store, settings: MlflowSettings, tmp_path: Path
) -> None:
    """By fsspec, as every store that is no local disk and no S3."""
    one = crossed(StoragePath.of(f"memory://{tmp_path.name}/found"))
    assert not one.output.is_local
    track(settings, one.output, one.kind)
    (run,), _ = kept(store, settings)
    assert run.artifacts == one.files
    assert run.tags["raydrift.output"] == f"memory://{tmp_path.name}/found"


def test_an_experiment_that_was_deleted_is_refused(store: Store, settings: MlflowSettings) -> None:
    check_server(settings)
    with quiet_client(store.uri, {}) as client:
        found = client.get_experiment_by_name(settings.experiment)
        client.delete_experiment(found.experiment_id)
    with pytest.raises(SettingsError, match="was deleted: restore it, or give another name"):
        check_server(settings)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("http://me:word@127.0.0.1:9", "http://***@127.0.0.1:9 cannot be used: Connection refused"),
        ("http://nowhere.invalid:5000", "http://nowhere.invalid:5000 cannot be used: "),
        ("nonsense://x", "nonsense://x cannot be used: "),
    ],
)
def test_a_server_that_does_not_answer_is_refused_before_the_work(uri: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_server(MlflowSettings(uri))
    said = str(caught.value)
    assert why in said
    assert said.endswith(": start the server, give another --mlflow, or leave it out")
    assert "\n" not in said
    assert len(said) < 400


class NoMlflow(BaseHTTPRequestHandler):
    """A server of something else."""

    def do_GET(self) -> None:
        self.send_error(404, "Not found")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def no_mlflow() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), NoMlflow)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_of_something_else_is_refused(no_mlflow: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot be used: .*404"):
        check_server(MlflowSettings(no_mlflow))


def test_a_server_that_dies_after_the_work_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")  # what a user sets is used
    one = adjusted(StoragePath.of(tmp_path / "found"))
    with pytest.raises(TrackingError) as caught:
        track(MlflowSettings("http://127.0.0.1:9"), one.output, one.kind)
    assert str(caught.value) == (
        "mlflow http://127.0.0.1:9 did not take what was found: Connection refused: output "
        f"{tmp_path}/found is whole, the same command tracks it"
    )
    assert one.output.names().keys() == one.files.keys() - {layout.MODELS}
