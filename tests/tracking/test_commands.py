"""The commands that track, on a real Ray."""

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import torch
from torch import nn

import raydrift
from raydrift.cli import run
from raydrift.errors import SettingsError, TrackingError
from raydrift.paths import StoragePath
from raydrift.settings import MlflowSettings
from raydrift.storage import layout
from raydrift.storage.evaluated import write_evaluation
from raydrift.tracking.metrics import numbers_of
from raydrift.tracking.params import flat_params
from tests.tasks.models import save_program
from tests.tracking.conftest import Store

SIZE = ["--image-size", "32", "--workers", "2"]
EVALUATE = ["-t", "hue", "--levels", "0.5,1", "--batch-size", "6", "--weights", "random", *SIZE]


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of four scenes."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("boat", "desert", "flower"):
        (folder / name).mkdir()
        for path in sorted((scenes / name).glob("*.jpg"))[:4]:
            shutil.copy(path, folder / name)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program of three classes that knows nothing."""
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 3)
    )
    return save_program(network, tmp_path_factory.mktemp("model") / "scenes.pt2", 32)


class OneExperiment(BaseHTTPRequestHandler):
    """As much of MLflow's REST API as is asked before the work."""

    def do_GET(self) -> None:
        experiment = {"experiment_id": "1", "name": "raydrift", "lifecycle_stage": "active"}
        body = json.dumps({"experiment": experiment}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def mortal() -> Iterator[HTTPServer]:
    """A server that answers until it is closed."""
    server = HTTPServer(("127.0.0.1", 0), OneExperiment)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_server_that_dies_during_the_work_is_told_later_by_the_same_command(
    source: Path,
    tmp_path: Path,
    database: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was measured is kept: little is left to do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    output, command = tmp_path / "out", ["evaluate", str(source), str(tmp_path / "out"), *EVALUATE]
    with mortal() as server:
        uri = f"http://127.0.0.1:{server.server_port}"

        def write_and_die(*given: object) -> None:
            server.shutdown()
            server.socket.close()
            write_evaluation(*given)  # type: ignore[arg-type]

        monkeypatch.setattr("raydrift.engine.evaluate.write_evaluation", write_and_die)
        assert run([*command, "--mlflow", uri]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines()[-1] == (
        f"raydrift: mlflow {uri} did not take what was found: Connection refused: output {output} "
        "is whole, the same command tracks it"
    )
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    whole = {path.name: path.read_bytes() for path in output.iterdir() if path.is_file()}
    assert whole.keys() == {*layout.EVALUATED, layout.EVALUATION}
    measured = {path.name for path in (output / layout.EVALUATING).rglob("part-*.parquet")}
    assert len(measured) == 2
    monkeypatch.setattr(
        "raydrift.engine.measured_batches.MeasuredBatches.pipeline",
        lambda *_: pytest.fail("it was measured already"),
    )
    asked = ["--mlflow", database.uri, "--mlflow-experiment", "dies"]
    assert run([*command, *asked]) == 0
    (kept,) = database.reader.runs("dies")
    assert (kept.name, kept.status) == ("evaluate out", "FINISHED")
    there = {path.name: path.read_bytes() for path in output.iterdir()}
    assert kept.artifacts == there
    assert {name: there[name] for name in layout.EVALUATED[1:]} == {
        name: whole[name] for name in layout.EVALUATED[1:]
    }


@pytest.fixture
def no_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it was not installed: an import of it fails."""
    for name in [name for name in sys.modules if name.split(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)


@pytest.mark.usefixtures("no_mlflow")
def test_where_mlflow_is_not_installed_it_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the input is listed: it is not even there."""
    command = ["evaluate", str(tmp_path / "photos"), str(tmp_path / "out"), *EVALUATE]
    assert run([*command, "--mlflow", "http://127.0.0.1:9"]) == 2
    assert capsys.readouterr().err == (
        "raydrift: mlflow is not installed: pip install 'raydrift[mlflow]', or leave --mlflow out\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("no_mlflow", "ray_session")
def test_what_is_not_tracked_does_not_need_it(source: Path, tmp_path: Path) -> None:
    assert run(["evaluate", str(source), str(tmp_path / "out"), *EVALUATE]) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_every_command_tracks_all_that_it_wrote(
    source: Path,
    model: Path,
    server: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Read back by MLflow's REST API; the same command tracks nothing twice."""
    task = ["--task", str(model)]
    train = ["--train", "resnet18", "--epochs", "1", "--keep-models", "--divergence", "none"]
    commands = {
        "evaluate": [*task, *EVALUATE],
        "forensics": [*task, "--parts", "isp_gamma", "--levels", "0.5,1", "--steps", "2", *SIZE],
        "adjust": [*task, "-t", "isp_sharpen:0.7", "--splits", "2", "--epochs", "2", *SIZE],
        "matrix": ["--views", "bi,s,me", "--views", "me,u,ga", "--splits", "2", *train, *SIZE],
    }
    kinds = {"evaluate": "evaluation.json"} | {
        name: f"{name}.json" for name in ("forensics", "adjust", "matrix")
    }
    for name, asked in commands.items():
        folder = tmp_path / name
        config = tmp_path / f"{name}.toml"
        config.write_text(
            f'[mlflow]\nuri = "{server.uri}"\nexperiment = "all of {name}"\nrun = "the {name}"\n'
        )
        line = [name, str(source), str(folder), *asked, "--config", str(config)]
        assert run(line) == 0, capsys.readouterr().err
        said = capsys.readouterr().err
        assert f"mlflow: tracked: {server.uri}/#/experiments/" in said
        runs = server.reader.runs(f"all of {name}")
        (kept,) = [one for one in runs if "mlflow.parentRunId" not in one.tags]
        output = StoragePath.of(folder)
        record = json.loads((folder / kinds[name]).read_bytes())
        numbers = numbers_of(output, record, kinds[name])
        assert kept.name == f"the {name}"
        assert kept.params == flat_params(record["settings"])
        assert kept.metrics == {(one.name, one.step): one.value for one in numbers.whole}
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        assert kept.artifacts == files
        assert len(runs) == (3 if name == "adjust" else 1)
        if name == "matrix":
            assert len([path for path in files if path.startswith("models/")]) == 4
    assert run(line) == 0
    assert "mlflow: was tracked before: " in capsys.readouterr().err
    assert len(server.reader.runs("all of matrix")) == 1


def test_the_python_faces_take_a_server_or_its_uri(tmp_path: Path) -> None:
    """It is asked before the input is listed."""
    gone = "http://127.0.0.1:9"
    for given in (gone, MlflowSettings(gone, "mine")):
        for face, own in (
            (raydrift.adjust, ("model.pt2",)),
            (raydrift.forensics, ("model.pt2",)),
            (raydrift.matrix, ()),
        ):
            with pytest.raises(SettingsError, match=r"^mlflow http://127.0.0.1:9 cannot be used"):
                face(tmp_path / "photos", tmp_path / "out", *own, mlflow=given)  # type: ignore[operator]
    assert issubclass(TrackingError, raydrift.RaydriftError)
    assert not (tmp_path / "out").exists()
