"""An output that is finished is tracked without the work: ``raydrift track``."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import raydrift
from raydrift.cli import run
from raydrift.errors import OutputError, SettingsError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from tests.tracking.conftest import Store
from tests.tracking.outputs import Made, adjusted, crossed, evaluated, searched


@pytest.mark.parametrize("make", [adjusted, evaluated, searched, crossed])
def test_the_command_knows_what_wrote_the_output(
    make: Callable[[StoragePath], Made],
    store: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, mine = make(StoragePath.of(tmp_path / "found")), f"track {tmp_path.name}"
    config = tmp_path / "run.toml"
    config.write_text(f'splits = 2\n[task]\nmodel = "m.pt2"\n[mlflow]\nuri = "{store.uri}"\n')
    line = ["track", str(tmp_path / "found"), "--config", str(config), "--mlflow-experiment", mine]
    assert run([*line, "--mlflow-run", "mine"]) == 0
    first = capsys.readouterr()
    assert run(line) == 0
    assert (capsys.readouterr(), first.err) == (first, "")
    kept = [one for one in store.reader.runs(mine) if "mlflow.parentRunId" not in one.tags]
    assert [(run.name, run.artifacts) for run in kept] == [("mine", one.files)]
    assert raydrift.track(tmp_path / "found", raydrift.MlflowSettings(store.uri, mine)) == (
        first.out.strip()
    )


def test_outputs_that_have_nothing_to_track_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = "http://127.0.0.1:9"
    with pytest.raises(OutputError, match=r"/none has nothing to track: give one that evaluate, "):
        raydrift.track(tmp_path / "none", gone)
    one = adjusted(StoragePath.of(tmp_path / "found"))
    with pytest.raises(SettingsError, match="Connection refused: start the server"):
        raydrift.track(tmp_path / "found", gone)
    record = json.loads(one.files[layout.ADJUST_RECORD])
    place = tmp_path / "found" / layout.ADJUST_RECORD
    place.write_text(json.dumps(record | {"status": "running"}))
    with pytest.raises(OutputError, match="/found is not finished: run the command that began it"):
        raydrift.track(tmp_path / "found", gone)
    for broken in ("{", "[]", json.dumps(record | {"format": 0})):
        place.write_text(broken)
        with pytest.raises(OutputError, match="is not of this version of raydrift"):
            raydrift.track(tmp_path / "found", gone)
    assert run(["track", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        "raydrift: mlflow is missing: give --mlflow URI, or uri in [mlflow]\n"
    )


def test_it_needs_no_ray(database: Store, tmp_path: Path) -> None:
    one = adjusted(StoragePath.of(tmp_path / "found"))
    code = (
        "import sys\nfrom raydrift.cli import run\n"
        f"assert run(['track', {one.output.path!r}, '--mlflow', {database.uri!r}]) == 0\n"
        "assert not {'ray', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
