"""``raydrift export``, as users call it."""

from pathlib import Path

import pytest

from raydrift.cli import run
from raydrift.paths import StoragePath
from tests.exports.made_runs import finished_run


def test_it_prints_what_to_begin_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = finished_run(StoragePath.of(tmp_path / "run"), [("cat", "1.jpg"), ("dog", "2.jpg")])
    out = tmp_path / "out"
    for _ in range(2):
        assert run(["export", source.path, str(out), "--layout", "modelarts"]) == 0
        printed = capsys.readouterr()
        assert printed.out == f"{out}/output_0.manifest\n"
        assert printed.err == ""


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            [],
            "give either a layout, folders or modelarts, to export images, or a format, torch or "
            "onnx, to export a model",
        ),
        (["--layout", "folder"], "layout is 'folder': did you mean 'folders'?"),
        (["--format", "pb"], "format is 'pb': choose from: torch, onnx"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    source = finished_run(StoragePath.of(tmp_path / "run"), [("cat", "1.jpg")])
    assert run(["export", source.path, str(tmp_path / "out"), *flags]) == 2
    assert capsys.readouterr().err == f"raydrift: {said}\n"
