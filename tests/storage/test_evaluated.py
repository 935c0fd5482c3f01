"""Who may write an evaluation where."""

import json
from pathlib import Path

import pytest

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.evaluated import (
    EvaluationRecord,
    MatrixRecord,
    check_replaceable,
    working_folder,
    write_evaluation,
)


def record_of(seed: int = 1) -> EvaluationRecord:
    return EvaluationRecord(identity={"seed": seed}, settings={})


def evaluated(folder: Path, seed: int = 1) -> StoragePath:
    output = StoragePath.of(folder)
    output.create()
    check_replaceable(output, record_of(seed), overwrite=False)
    write_evaluation(output, record_of(seed), {layout.METRICS: b"metrics"})
    return output


def status(output: StoragePath) -> str:
    return str(json.loads((output / layout.EVALUATION).read_bytes())["status"])


def test_it_is_complete_when_all_files_are_there(tmp_path: Path) -> None:
    output = StoragePath.of(tmp_path)
    write_evaluation(output, record_of(), {layout.METRICS: b"metrics"})
    assert status(output) == "complete"
    assert set(output.names()) == {layout.METRICS, layout.EVALUATION}


def test_the_same_one_may_be_measured_again(tmp_path: Path) -> None:
    output = evaluated(tmp_path)
    check_replaceable(output, record_of(), overwrite=False)
    assert status(output) == "complete", "until there are new results"


def test_another_one_needs_overwrite(tmp_path: Path) -> None:
    output = evaluated(tmp_path)
    with pytest.raises(OutputError) as error:
        check_replaceable(output, record_of(seed=2), overwrite=False)
    assert str(error.value) == (
        f"output {tmp_path} holds another evaluation (seed is 1 there and 2 here): "
        "choose another output, or replace it with --overwrite"
    )
    check_replaceable(output, record_of(seed=2), overwrite=True)


def test_one_that_was_not_finished_is_in_nobodys_way(tmp_path: Path) -> None:
    output = evaluated(tmp_path)
    record = json.loads((output / layout.EVALUATION).read_bytes()) | {"status": "running"}
    (output / layout.EVALUATION).write_bytes(json.dumps(record).encode())
    check_replaceable(output, record_of(seed=2), overwrite=False)


def test_the_folder_of_the_work_goes_when_it_is_empty(tmp_path: Path) -> None:
    output = StoragePath.of(tmp_path)
    folder = output / layout.EVALUATING
    with working_folder(folder, folder, print):
        assert list(folder.names()) == [layout.LOCK]
        (folder / layout.RUN).write_bytes(b"{}")
    with working_folder(folder, output, print):
        assert list(output.names()) == [layout.LOCK]
        (folder / layout.RUN).delete()
    assert list(tmp_path.iterdir()) == []


def test_files_of_another_origin_are_kept(tmp_path: Path) -> None:
    (tmp_path / layout.REPORT).write_text("mine")
    with pytest.raises(OutputError, match=r"holds report.html of another origin: choose another"):
        check_replaceable(StoragePath.of(tmp_path), record_of(), overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == [layout.REPORT]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99}', "null"])
def test_a_record_that_is_not_ours_is_kept(tmp_path: Path, content: str) -> None:
    (tmp_path / layout.EVALUATION).write_text(content)
    with pytest.raises(OutputError, match=r"evaluation.json is not of this version of raydrift"):
        check_replaceable(StoragePath.of(tmp_path), record_of(), overwrite=False)
    assert (tmp_path / layout.EVALUATION).read_text() == content
    check_replaceable(StoragePath.of(tmp_path), record_of(), overwrite=True)


def test_a_run_of_generate_in_the_same_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / layout.RUN).write_text("a run's")
    evaluated(tmp_path)
    assert (tmp_path / layout.RUN).read_text() == "a run's"


def test_a_file_in_the_folders_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    out = StoragePath.of(tmp_path / "out")
    folder = working_folder(out / layout.EVALUATING, out, print)
    with pytest.raises(OutputError, match=r"out is a file: give a folder"), folder:
        pass


def test_a_matrix_is_not_written_over_an_evaluation(tmp_path: Path) -> None:
    output = evaluated(tmp_path)
    (output / layout.REPORT).write_bytes(b"page")
    matrix = MatrixRecord(identity={"seed": 1}, settings={})
    with pytest.raises(OutputError, match=r"holds report.html of another origin: choose another"):
        check_replaceable(output, matrix, overwrite=False)


def test_a_table_that_a_matrix_has_no_more_goes_with_the_one_that_it_replaces(
    tmp_path: Path,
) -> None:
    output = StoragePath.of(tmp_path)
    matrix = MatrixRecord(identity={"seed": 1}, settings={}, probe={"accuracy": [[1.0]]})
    write_evaluation(output, matrix, {layout.MATRIX: b"", layout.VIEW_DIVERGENCE: b""})
    assert json.loads((output / layout.MATRIX_RECORD).read_bytes())["probe"] == matrix.probe
    other = MatrixRecord(identity={"seed": 2}, settings={})
    with pytest.raises(OutputError, match=r"holds another matrix \(seed is 1 there and 2 here\)"):
        check_replaceable(output, other, overwrite=False)
    write_evaluation(output, other, {layout.VIEW_DIVERGENCE: b""})
    assert set(output.names()) == {layout.VIEW_DIVERGENCE, layout.MATRIX_RECORD}
    assert "probe" not in json.loads((output / layout.MATRIX_RECORD).read_bytes())
