"""``raydrift views`` as it is typed."""

from pathlib import Path

import pytest

from raydrift.cli import run
from tests.cli.refused import refusal


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--views", "b,s,me"], "view is 'b,s,me': 'b' is not a demosaicer: choose from: bi, ma, "),
        (["--views", "bi", "--views", "bi"], "view bi,none,none is given twice: leave one out"),
        (["-t", "hue:0.5"], "No such option: -t"),
        (["--num-samples", "99"], "99 samples asked for, 72 remain"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    found = refusal(capsys, "views", scenes, tmp_path / "out", *arguments)
    assert found.startswith(f"raydrift: {said}")
    assert not (tmp_path / "out").exists()


def test_no_images_and_folders_in_each_other(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    said = refusal(capsys, "views", tmp_path / "empty", tmp_path / "out")
    assert said.startswith(f"raydrift: input {tmp_path}/empty has no ")
    said = refusal(capsys, "views", scenes, scenes / "out")
    assert said.endswith("/out': that is in the input: choose another folder")


@pytest.mark.usefixtures("ray_session")
def test_views_without_merge_then_status_finalize_inspect_and_once_more(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["views", str(scenes), str(out), "--views", "bi,s,me", "--views", "ma,u,ga"]
    command += ["--num-samples", "6", "--image-size", "32", "--shard-size", "3"]
    assert run([*command, "--no-finalize"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("6 images in 2 views in ")
    assert f"merge them with raydrift finalize {out}" in said

    assert run(["status", str(out)]) == 0
    assert "2 of 2" in capsys.readouterr().out
    assert run(["inspect", str(out)]) == 1
    assert "the shards are not merged yet: run raydrift finalize" in capsys.readouterr().out

    assert run(["finalize", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("6 images in 2 views in ")
    assert lines[-3:] == [f"  {out}/bi_s_me", f"  {out}/ma_u_ga", f"  {out}/views.parquet"]
    assert not list(out.rglob("_shards"))

    assert run(["inspect", str(out)]) == 0
    said = capsys.readouterr().out
    assert "bi,s,me ma,u,ga" in said
    assert "whole: all files are there and belong together" in said
    assert run(["inspect", str(out / "ma_u_ga")]) == 0
    assert "ma,u,ga" in capsys.readouterr().out

    assert run(command) == 0
    said = capsys.readouterr().out
    assert said.startswith("6 images in 2 views, complete already: nothing was done")
