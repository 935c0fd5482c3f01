"""``raydrift bench`` as a user calls it: real runs, small ones."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from raydrift import ImageTransform
from raydrift.cli import run
from raydrift.errors import PipelineError

SMALL = ["--count", "48", "--workers", "1"]


def figures(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """What a benchmark prints: one line of JSON, and a table on standard error."""
    assert run(["bench", *map(str, arguments), "--json"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def kinds(value: object) -> object:
    """The types of plain values."""
    if isinstance(value, dict):
        return {name: kinds(one) for name, one in value.items()}
    return type(value).__name__


MEMORY = {"resident": "int", "private": "int"}
PIPELINE = {
    "what": "str",
    "images": "int",
    "rejected": "int",
    "workers": "int",
    "embedders": "int",
    "images_per_second": "float",
    "images_per_second_per_core": "float",
    "kernel_milliseconds": "float",
    "of_kernels": "float",
    "busy": "float",
    "seconds": "float",
    "seconds_per_sample": "float",
    "seconds_per_sample_started": "float",
    "embedding_share": "float",
    "catalog_bytes": "int",
    "sizes": dict.fromkeys(("input", "pngs", "shards", "tables"), "int"),
    "start_up": dict.fromkeys(
        ("imports", "list", "connect", "first_worker", "first_shard"), "float"
    ),
    "merge": dict.fromkeys(
        ("seconds", "megabytes_per_second", "cat_megabytes_per_second", "of_cat"), "float"
    ),
    "memory": {"driver": MEMORY, "worker": MEMORY},
    "driver_before_merge": MEMORY,
}


@pytest.mark.usefixtures("ray_session")
def test_a_run_of_the_real_pipeline(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = figures(capsys, scenes, *SMALL, "--output", tmp_path)
    assert kinds(found) == PIPELINE
    assert (found["what"], found["images"], found["rejected"]) == ("raydrift", 48, 0)
    assert (found["workers"], found["embedders"]) == (1, 0)
    assert found["images_per_second"] == found["images_per_second_per_core"]
    start = found["start_up"]
    assert start["list"] < start["first_worker"] < start["first_shard"] < found["seconds"]
    assert list(tmp_path.iterdir()) == [], "nothing is kept"


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_with_embeddings_the_worker_is_one_that_embeds(
    scenes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = figures(capsys, scenes, *SMALL, "--embeddings")
    assert kinds(found) == PIPELINE | {"memory": {"driver": MEMORY, "embedder": MEMORY}}


@pytest.mark.usefixtures("ray_session")
def test_a_run_that_is_too_short_says_so(scenes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", str(scenes), "--count", "16", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "16 images, 1 worker, " in said
    assert "too short to tell: give a larger --count" in said


YARDSTICK = """
import json, sys
folder, count, *options = sys.argv[1:]
assert options == ["--procs", "1"], options
print("about to begin")
print(json.dumps({"what": "half", "images_per_second": int(count) / 2}))
"""


@pytest.mark.slow
def test_yardsticks_take_turns_and_ratios_are_of_medians(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "half.py").write_text(YARDSTICK)
    (tmp_path / "lacking.py").write_text("import a_module_that_nobody_has")
    (tmp_path / "silent.py").write_text("print('{}')")
    found = figures(capsys, scenes, *SMALL, "--peers", tmp_path, "--repeat", 2)
    assert (found["what"], found["rounds"]) == ("rounds", 2)
    assert found["images_per_second"]["half"] == {"median": 24.0, "least": 24.0, "most": 24.0}
    rates = [one["images_per_second"] for one in found["runs"]]
    ours, ratio = found["images_per_second"]["raydrift"], found["ratios"]["half"]
    assert ours == {"median": sum(rates) / 2, "least": min(rates), "most": max(rates)}
    assert ratio == {name: pytest.approx(value / 24) for name, value in ours.items()}
    assert [kinds(one) for one in found["runs"]] == [PIPELINE, PIPELINE]
    assert found["missing"] == {
        "lacking": "lacking failed: "
        "ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
        "silent": "silent printed no images_per_second",
    }


@pytest.mark.slow
def test_kernels_alone(scenes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, scenes, "--kernels", "--repeat", 1, "--embeddings")
    assert (found["what"], found["images"]) == ("kernels", 64)
    assert list(found["milliseconds"]) == [
        "decode",
        *(f"{name}:0.5" for name in ImageTransform if name != "default"),
        "unprocess",
        *(f"develop:{demosaicer},u,ga" for demosaicer in ("bi", "ma", "me")),
        "encode_png",
        "embed",
    ]
    assert all(value > 0 for value in found["milliseconds"].values())


def test_the_network_alone(capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, "--embed-only", "--repeat", 1)
    assert kinds(found) == {
        "what": "str",
        "device": "str",
        "name": "str",
        "precision": "str",
        "batch_size": "int",
        "images": "int",
        "rounds": "int",
        "images_per_second": "float",
        "least": "float",
        "most": "float",
        "teraflops": "float",
        "first_call_seconds": "float",
    }
    assert (found["device"], found["precision"], found["batch_size"]) == ("cpu", "float32", 8)
    assert 3.6 < 1000 * found["teraflops"] / found["images_per_second"] < 3.7


@pytest.mark.slow  # two runs, each with a Ray of its own
def test_growth_on_images_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, "--growth", "32,64", "--workers", 1)
    assert found["what"] == "growth"
    assert [step["images"] for step in found["steps"]] == [32, 64]
    assert found["slower"] == (
        found["steps"][1]["seconds_per_sample"] / found["steps"][0]["seconds_per_sample"]
    )


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_model_of_large_runs_from_one_here(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--scale", "--assume", "cores=64", "--output", tmp_path]
    found = figures(capsys, scenes, *SMALL, *chosen)
    assert (found["what"], found["assumed"]["cores"]) == ("scale", 64)
    assert [one["images"] for one in found["scales"]] == [10**6, 10**8, 10**9]
    hours = [one["drift_core_hours"] for one in found["scales"]]
    assert hours == pytest.approx(
        [found["measured"]["drift_seconds"] * n / 3.6 for n in (1e3, 1e5, 1e6)]
    )
    assert found["measured"]["input_bytes"] == pytest.approx(_mean_size(scenes), rel=0.05)


def _mean_size(folder: Path) -> float:
    sizes = [path.stat().st_size for path in folder.rglob("*.jpg")]
    return sum(sizes) / len(sizes)


def test_help_has_a_line_for_every_flag() -> None:
    command = [sys.executable, "-m", "raydrift", "bench", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    flags = (
        "--count --transform -t --image-size --embeddings --weights --precision "
        "--workers --address --output --repeat --kernels --peers --flows --embed-only --device "
        "--scheduling --milliseconds --growth --scale --assume --json"
    )
    for flag in flags.split():
        assert flag in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no_such_folder"], "input no_such_folder is not there: give a folder or a manifest"),
        (["-t", "hue"], "transform 'hue': the level is missing: write hue:0.5 (0 none, 1 most)"),
        (
            ["--count", "0"],
            "Invalid value for '--count': Input should be greater than or equal to 1",
        ),
        (
            ["--peers", "nowhere"],
            "no yardsticks at nowhere: give a folder with their Python scripts",
        ),
        (
            ["--peers", "nowhere", "--embeddings"],
            "yardsticks that embed need a file: give --weights PATH",
        ),
        (
            ["--kernels", "--growth", "1,2"],
            "--kernels and --growth are measured apart: give one of them",
        ),
        (["--device", "cuda"], "--device is not for the whole pipeline: leave it out"),
        (["--milliseconds", "5"], "--milliseconds is not for the whole pipeline: leave it out"),
        (["--growth", "1,2", "--count", "6000"], "--count is not for --growth: leave it out"),
        (["--growth", "1,2", "--repeat", "2"], "--repeat is not for --growth: leave it out"),
        (["--embed-only", "--embeddings"], "--embeddings is not for --embed-only: leave it out"),
        (["--embed-only", "photos"], "the input is not for --embed-only: leave it out"),
        (["--scheduling", "2", "photos"], "the input is not for --scheduling: leave it out"),
        (
            ["--scheduling", "2", "--workers", "2", "-t", "hue:1"],
            "--workers and --transform are not for --scheduling: leave them out",
        ),
        (
            ["--kernels", "-t", "hue:1", "--output", "out"],
            "--transform and --output are not for --kernels: leave them out",
        ),
        (["--peers", "nowhere", "--device", "cpu"], "--device is not for --peers: leave it out"),
        (
            ["--weights", "imagenet"],
            "--weights is of the network: give --embeddings, or leave it out",
        ),
        (
            ["--kernels", "--weights", "imagenet", "--precision", "bfloat16"],
            "--weights and --precision are of the network: give --embeddings, or leave them out",
        ),
        (["--embed-only", "--device", "tpu"], "device is 'tpu': choose from: cpu, cuda"),
        (
            ["--embed-only", "--precision", "float16"],
            "embedding.precision is 'float16': choose from: float32, bfloat16",
        ),
        (
            ["--embed-only", "--weights", "no.pt"],
            "weights 'no.pt': No such file or directory: "
            "give imagenet, random or the path of a state dict",
        ),
        (
            ["photos", "--address", "auto"],
            "a cluster may not reach this machine's disk: give it an --output",
        ),
        (
            ["--address", "auto", "--output", "out"],
            "a cluster may not reach this machine's disk: give it a folder of images",
        ),
        (["--assume", "cores=64"], "--assume is not for the whole pipeline: leave it out"),
        (["--scale", "--repeat", "2"], "--repeat is not for --scale: leave it out"),
        (["--scale", "--assume", "core=64"], "assume 'core': did you mean 'cores'?"),
        (["--scheduling", "many"], "scheduling 'many': give a number of workers, or auto"),
        (["--growth", "10"], "growth '10': write rising counts, e.g. 1000,10000,100000"),
        (["--growth", "10,5"], "growth '10,5': write rising counts, e.g. 1000,10000,100000"),
        (["--growth", "a,b"], "growth 'a,b': write rising counts, e.g. 1000,10000,100000"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(["bench", *arguments]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"raydrift: {said}\n")


@pytest.mark.parametrize(
    ("image_size", "embeddings", "seconds"),
    [
        ("32", False, 1_300),
        ("224", False, 1_300),
        ("448", False, 4_300),
        ("224", True, 2_300),
        ("448x224", True, 3_300),
    ],
)
def test_a_run_has_longer_where_images_are_larger_or_embedded(
    monkeypatch: pytest.MonkeyPatch, image_size: str, embeddings: bool, seconds: float
) -> None:
    limits: list[float] = []

    def ended(_: object, __: object, limit_s: float) -> None:
        limits.append(limit_s)
        raise PipelineError("it ended")

    monkeypatch.setattr("raydrift.bench.growth.figures_of", ended)
    monkeypatch.setattr("raydrift.bench.rounds.figures_of", ended)
    options = ["photos", "--image-size", image_size, *(["--embeddings"] if embeddings else [])]
    assert run(["bench", *options, "--growth", "10,1000"]) == 1
    assert run(["bench", *options, "--count", "1000", "--repeat", "2"]) == 1
    assert limits == [seconds, seconds]


def test_more_sleepers_than_the_memory_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--scheduling", "1000000"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("raydrift: 1000000 workers do not fit into the memory: give at most ")


def test_without_a_gpu_cuda_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert run(["bench", "--embed-only", "--device", "cuda"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("raydrift: the GPU cannot be used for this (")
    assert said.endswith("): use --device cpu\n")
    assert said.count("\n") == 1


@pytest.mark.slow
def test_the_network_alone_needs_no_ray() -> None:
    code = (
        "import sys\nfrom raydrift.cli import run\n"
        "run(['bench', '--embed-only', '--repeat', '1'])\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "images/s" in done.stdout
    assert not {"ray", "raydrift.engine"} & set(done.stdout.split())
