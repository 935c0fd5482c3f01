"""The command line, called as a user calls it."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from raydrift import cli
from raydrift.cli import run
from raydrift.cli.settings import read_settings
from raydrift.paths import StoragePath
from raydrift.storage.lock import OutputLock
from raydrift.transforms import TransformInfo


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command that is refused with status 2 says, in its one line."""
    assert run([str(argument) for argument in arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err.strip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-t", "rotat:0.5"], "unknown transform 'rotat': did you mean 'rotate'?"),
        (
            ["-t", "swirl:0.5"],
            "unknown transform 'swirl': choose from: rotate, brightness, contrast, saturation, "
            "hue, gaussian_blur, gaussian_noise, default, motion_blur, defocus_blur, "
            "jpeg_compression, pixelate, occlusion, shear, affine, channel_shift, isp_black_level, "
            "isp_white_balance, isp_colour_matrix, isp_gamma and 8 more",
        ),
        (
            ["-t", "hue"],
            "transform 'hue': the level is missing: write hue:0.5 (0 none, 1 most)",
        ),
        (
            ["-t", "hue:x"],
            "transform 'hue:x': level 'x' is not a number: write hue:0.5 (0 none, 1 most)",
        ),
        (["-t", "hue:1.5"], "hue: level 1.5 is not a number from 0 (none) to 1 (most)"),
        (
            ["--num-sample", "1"],
            "No such option: --num-sample (Possible options: --normalize, --num-samples)",
        ),
        (["--seed", "-1"], "seed is -1: give a whole number from 0 to 2^64 - 1"),
        (
            ["--precision", "float16"],
            "embedding.precision is 'float16': choose from: float32, bfloat16",
        ),
        (
            ["--image-size", "big"],
            "image size 'big': write 224 or HEIGHTxWIDTH, e.g. 192x256",
        ),
        (["--on-error", "cry"], "faults.on_error is 'cry': choose from: skip, fail"),
        (["--max-rejected", "2"], "faults.max_rejected is 2.0: give a fraction from 0 to 1"),
        (["--workers", "0"], "cluster.workers is 0: give at least 1"),
        (["--shard-size", "0"], "write.shard_size is 0: give 1 to 65536 samples"),
        (["--num-samples", "999"], "999 samples asked for, 72 remain"),
        (["--config", "no.toml"], "config file no.toml: No such file or directory"),
        (
            ["--embeddings", "--weights", "no.pt"],
            "weights 'no.pt': No such file or directory: "
            "give imagenet, random or the path of a state dict",
        ),
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
    assert refusal(capsys, "generate", scenes, tmp_path / "out", *arguments) == f"raydrift: {said}"
    assert not (tmp_path / "out").exists()


def test_an_input_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(capsys, "generate", tmp_path / "no", tmp_path / "out")
    assert said == f"raydrift: input {tmp_path}/no is not there: give a folder or a manifest"


def test_a_command_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, "genrate") == (
        "raydrift: unknown command 'genrate': did you mean 'generate'?"
    )


def test_inspect_and_finalize_want_a_runs_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = f"raydrift: {tmp_path} has no run.json: give the output folder of a generate run"
    assert refusal(capsys, "inspect", tmp_path) == wanted
    assert refusal(capsys, "finalize", tmp_path) == wanted


def test_flags_go_before_the_file_and_both_set_the_same_settings(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(
        'input = "photos"\noutput = "out"\nseed = 7\ntransforms = ["hue:0.5"]\n'
        '[embedding]\ncompute = true\nweights = "random"\n[write]\nshard_size = 64\n'
    )
    flags = {"seed": 8, "output": None, "embedding": {"precision": "bfloat16", "weights": None}}
    settings = read_settings(str(config), flags)
    assert (settings.input, settings.output, settings.seed) == ("photos", "out", 8)
    assert settings.transforms == (TransformInfo.parse("hue:0.5"),)
    assert (settings.embedding.weights, settings.embedding.precision) == ("random", "bfloat16")
    assert settings.write.shard_size == 64


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sed = 1", "unknown key sed: did you mean 'seed'?"),
        ("[embedding]\nwieghts = 'x'", "unknown key embedding.wieghts: did you mean 'weights'?"),
        ("seed = 'x'", "seed is 'x': give a whole number"),
        ("image = 224", "image is 224: write it as a table, [image]"),
        ("transforms = 'hue:1'", "transforms is 'hue:1': write a list, [\"gaussian_blur:0.5\"]"),
        ("seed = ", "is not TOML"),
    ],
)
def test_a_wrong_key_or_value_in_the_file_is_named_with_the_file(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    config = tmp_path / "run.toml"
    config.write_text(text)
    found = refusal(capsys, "generate", scenes, tmp_path / "out", "--config", config)
    assert str(config) in found
    assert said in found


@pytest.mark.usefixtures("ray_session")
def test_generate_without_merge_then_finalize_then_inspect(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["generate", str(scenes), str(out), "-t", "brightness:0.2", "--num-samples", "20"]
    assert run([*command, "--no-finalize", "--image-size", "48x64"]) == 0
    assert f"merge them with raydrift finalize {out}" in capsys.readouterr().out

    assert run(["inspect", str(out)]) == 1
    assert "the shards are not merged yet: run raydrift finalize" in capsys.readouterr().out

    assert run(["finalize", str(out), "--keep-shards"]) == 0
    assert capsys.readouterr().out.startswith("20 images in ")
    assert (out / "_shards").is_dir()

    assert run(["inspect", str(out)]) == 0
    said = capsys.readouterr().out
    assert "whole: all files are there and belong together" in said
    for word in ("brightness:0.2", "factor", "city_night", "48 x 64", "20"):
        assert word in said

    zeros = bytes((out / "sampled_images.zip").stat().st_size)
    (out / "sampled_images.zip").write_bytes(zeros)
    assert run(["inspect", str(out), "--quick"]) == 1
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[-2:] == [
        "not whole: sampled_images.zip does not end as a zip does",
        "to repair it, delete the files that are named above and run the same generate command "
        "again: it makes what is missing",
    ]
    shards = {path: path.stat().st_mtime_ns for path in (out / "_shards").glob("part-*")}
    assert run([*command, "--image-size", "48x64", "--keep-shards"]) == 0
    assert capsys.readouterr().err.splitlines()[1] == (
        f"{out} was complete, but sampled_images.zip does not end as a zip does: "
        "what is missing is made again"
    )
    assert {path: path.stat().st_mtime_ns for path in (out / "_shards").glob("part-*")} == shards
    assert run(["inspect", str(out)]) == 0
    capsys.readouterr()

    assert run([*command, "--image-size", "48x64"]) == 0
    assert capsys.readouterr().out.startswith("20 images, complete already: nothing was done\n")


@pytest.mark.usefixtures("ray_session")
def test_too_few_cpus_are_a_failure_of_the_work_not_of_the_command(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["generate", str(scenes), str(tmp_path / "out"), "--workers", "5"]) == 1
    said, failure = capsys.readouterr().err.split("\n", 1)
    assert said == (
        "input: 6 classes, 72 images: boat 12, city_night 12, desert 12, flower 12, house 12, "
        "mountain 12"
    )
    assert failure == (
        "raydrift: the run needs 5 CPUs, Ray has 2 free: use --workers 2, "
        "or connect to a larger cluster\n"
    )


@pytest.mark.usefixtures("ray_session")
def test_demo_shows_everything_on_images_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the internet its embeddings are of random weights, and it says so."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no_weights_here"))
    monkeypatch.setattr("torch.hub.download_url_to_file", _unreachable)
    assert run(["demo", str(tmp_path / "demo"), "--per-class", "6"]) == 0
    said = capsys.readouterr().out.splitlines()
    note = "embeddings are of random weights: torchvision's could not be downloaded"
    assert said[0] == f"36 images drawn in {tmp_path}/demo/scenes"
    assert f"  {note}" in said
    assert note in (tmp_path / "demo/drifted/run.json").read_text()
    for name in ("sampled_images.zip", "input_mapping.parquet", "target.parquet"):
        assert f"  {tmp_path}/demo/drifted/{name}" in said
    assert f"  {tmp_path}/demo/drifted/embeddings.parquet" in said
    with Image.open(tmp_path / "demo/before_after.png") as sheet:
        assert sheet.width > sheet.height > 300


def test_a_second_demo_in_one_folder_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with OutputLock(StoragePath.of(tmp_path), renewed_every_s=0.3):
        told = refusal(capsys, "demo", tmp_path)
    assert told.startswith(f"raydrift: another run is at work in {tmp_path} (")
    assert list(tmp_path.iterdir()) == []


def _unreachable(*_: object, **__: object) -> None:
    raise OSError("Network is unreachable")


def test_every_command_other_than_demo_stops_without_weights_and_names_the_remedies(
    scenes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("torch.hub.download_url_to_file", _unreachable)
    assert refusal(capsys, "generate", scenes, tmp_path / "out", "--embeddings") == (
        "raydrift: torchvision's ResNet18 weights cannot be downloaded (Network is unreachable): "
        "use --weights PATH, --weights random, or put resnet18-f37072fd.pth into "
        f"{tmp_path}/torch/hub/checkpoints"
    )


def test_help_names_every_command_and_flag() -> None:
    def help_of(*arguments: str) -> str:
        command = [sys.executable, "-m", "raydrift", *arguments, "--help"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout

    for command in ("generate", "finalize", "status", "inspect", "preview", "calibrate", "demo"):
        assert command in help_of()
    flags = (
        "--seed --transform -t --profile --target --level --num-samples --organize-by-class "
        "--embeddings --weights "
        "--normalize --precision --image-size --shard-size --workers --on-error --max-rejected "
        "--config --address --overwrite --keep-shards --no-finalize --verbose"
    )
    text = help_of("generate")
    for flag in flags.split():
        assert flag in text
    for default in ("42", "all", "imagenet", "float32", "224", "skip", "0.1"):
        assert f"[default: ({default})]" in text


@pytest.mark.parametrize("path", sorted(Path(cli.__file__).parent.glob("*.py")), ids=str)
def test_no_help_has_brackets_which_would_be_taken_for_markup(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        is_command = isinstance(node, ast.FunctionDef) and node.name == path.stem
        texts = [ast.get_docstring(node) or ""] if is_command else []
        if isinstance(node, ast.keyword) and node.arg == "help":
            texts.append(ast.unparse(node.value))
        assert not [text for text in texts if re.search(r"\[[a-z]", text)]


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"raydrift {project['version']}\n"


def test_secrets_of_a_config_file_are_not_told(
    scenes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "run.toml"
    for written in (
        'storage_options = "s3cret"',
        '[storage_options]\nkey = "a"\nsecret = ["s3cret"]',
        '[storage_options]\nkey = "a"\nsecrett = "s3cret"',
        '[storage_options]\nkey = "a"\nsecret = "s3cret"\nendpoint_url = "me:s3cret@host"',
        '[storage_options]\noutput = "s3cret"',
    ):
        config.write_text(written)
        status = run(["generate", str(scenes), "s3://bucket/out", "--config", str(config)])
        told = capfd.readouterr().err
        assert status == 2, written
        assert told.startswith("raydrift: "), written
        assert "storage_options" in told
        assert "s3cret" not in told
