"""``raydrift evaluate``, called as a user calls it."""

from dataclasses import replace
from pathlib import Path

import pytest

from raydrift.cli import run
from raydrift.cli.evaluate import print_result
from raydrift.settings import EvaluateSettings, TaskSettings
from raydrift.storage import layout
from raydrift.storage.shards import Rejected
from tests.report.evaluations import evaluation_of, settings_of
from tests.report.tasks import findings_of


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-t", "hue:0.3"], "no transform sweeps: hue:0.3 is held: give one without a level, "),
        (["-t", "hu"], "unknown transform 'hu': did you mean 'hue'?"),
        (["--levels", "0.1:1"], "levels '0.1:1': write FIRST:LAST:STEP or a list, 0.2,0.4,0.8"),
        (["--levels", "0.5,2"], "levels '0.5,2': level 2.0 is not a number from 0 (none) to 1"),
        (["--batches", "0"], "batches is 0: give at least 1"),
        (["--batch-size", "0"], "embedding.batch_size is 0: give at least 1"),
        (["--weights", "no.pt"], "weights 'no.pt': No such file or directory: give imagenet, "),
        (
            ["--task", "no.pt2"],
            "task 'no.pt2': No such file or directory: give the path of a model",
        ),
        (["--task", __file__], f"task {__file__!r}: not a model in a known format: give a program"),
        (["--task", "resnet50:w"], "task.model is 'resnet50:w': give resnet18:PATH or resnet34:PA"),
        (["--task-drop", "0.2"], "task.model is missing: give --task PATH, or model in [task]"),
        (["--task", "m", "--task-drop", "2"], "task.drop is 2.0: give a number from 0 to 1"),
        (
            ["--task", "m", "--task-normalize", "0.5,0.5"],
            "task.normalize is '0.5,0.5': give none, imagenet, or three means and three standard ",
        ),
        (["--config", "no.toml"], "config file no.toml: No such file or directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused_in_one_line_that_says_what_to_write(
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    output = tmp_path / "out"
    assert run(["evaluate", str(scenes), str(output), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"raydrift: {said}")
    assert not output.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_file_of_settings_and_flags_over_it(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    config = tmp_path / "evaluate.toml"
    config.write_text(
        f'input = "{scenes}"\ntransforms = ["gaussian_blur", "hue:0.1"]\nlevels = [0.2, 1.0]\n'
        "batches = 1\n[image]\nheight = 32\nwidth = 32\n"
        '[embedding]\nweights = "random"\nbatch_size = 4\n[cluster]\nworkers = 1\n'
    )
    assert run(["evaluate", str(scenes), str(output), "--config", str(config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("gaussian_blur, hue:0.1: 4 images in 1 batch, measured in ")
    assert [line.split("│")[1].strip() for line in lines if line.startswith("│")] == ["0.2", "1"]
    files = [Path(line.strip()) for line in lines if line.startswith("  /")]
    assert [path.name for path in files] == [*layout.EVALUATED, layout.EVALUATION]
    assert all(path.stat().st_size for path in files)


def test_the_table_says_the_quartiles_and_what_could_not_be_used(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = settings_of((0.5, 1.0))
    left_out = [Rejected(4, "a/b.jpg", "decode", "the file is cut off")]
    print_result(evaluation_of(settings, batches=5, left_out=left_out), "out", 12.34)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "default: 40 images in 5 batches, 1 rejected, measured in 12.3 s"
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert rows == [
        ["0.5", "0.520", "0.510 to 0.530", "7.28"],
        ["1", "1.02", "1.01 to 1.03", "14.3"],
    ]
    assert "  rejected first: 'a/b.jpg' at decode: the file is cut off" in lines
    assert "  out/report.html" in lines


def test_a_model_has_a_table_and_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    task = findings_of((90, 85, 60), (0.5, 1.0))
    evaluation = replace(evaluation_of(settings_of((0.5, 1.0))), task=task)
    print_result(evaluation, "out", 1.0)
    said = capsys.readouterr().out
    rows = [line.split("│")[1:3] for line in said.splitlines() if "│" in line][2:]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["original", "0.900"], ["0.5", "0.850"], ["1", "0.600"],
    ]  # fmt: skip
    assert task.sentence in " ".join(said.split())
    assert "  out/task.parquet" in said.splitlines()


@pytest.mark.parametrize(
    ("flags", "embedding", "task"),
    [
        ([], False, "none"),
        (["--normalize"], True, "imagenet"),
        (["--normalize", "--task-normalize", "none"], True, "none"),
        (["--task-normalize", "imagenet"], False, "imagenet"),
        (["--task-normalize", "0,0,0/1,1,1"], False, ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_normalize_is_said_of_both_networks_unless_the_model_has_its_own(
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    embedding: bool,
    task: object,
) -> None:
    asked = settings_that_reach_the_engine(monkeypatch)
    run(["evaluate", str(scenes), str(tmp_path / "out"), "--task", "m.pt2", *flags])
    assert asked[0].run.embedding.normalize is embedding
    assert asked[0].task == TaskSettings("m.pt2", task)  # type: ignore[arg-type]


def test_the_file_says_how_the_model_is_normalised_before_a_flag_of_both(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = settings_that_reach_the_engine(monkeypatch)
    config = tmp_path / "evaluate.toml"
    config.write_text('[task]\nmodel = "m.pt2"\nnormalize = [[0, 0, 0], [1, 1, 1]]\ndrop = 0.3\n')
    words = ["evaluate", str(scenes), str(tmp_path / "out"), "--config", str(config)]
    run([*words, "--normalize"])
    run([*words, "--task-drop", "0.2", "--task-normalize", "imagenet"])
    own = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    assert asked[0].task == TaskSettings("m.pt2", own, 0.3)
    assert asked[1].task == TaskSettings("m.pt2", "imagenet", 0.2)


def settings_that_reach_the_engine(monkeypatch: pytest.MonkeyPatch) -> list[EvaluateSettings]:
    """Where the settings of each command come to, of which none is carried out."""
    asked: list[EvaluateSettings] = []

    def stop(settings: EvaluateSettings, **_: object) -> None:
        asked.append(settings)
        raise KeyboardInterrupt

    monkeypatch.setattr("raydrift.engine.evaluate.evaluate", stop)
    return asked
