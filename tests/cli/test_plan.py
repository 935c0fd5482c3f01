"""``raydrift plan`` and the flags that place a drift, which ``generate`` takes too."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.cli import run
from raydrift.cli.drift_flags import drift_flags
from raydrift.errors import SettingsError
from tests.calibrate.test_profile import PROFILE
from tests.catalog.test_masks import files

CONFIG = """
input = "{input}"
[[drift]]
transforms = ["default:0.7"]
kind = "gradual"
start = 0.25
width = 0.5
[[label_shift]]
start = 0.5
proportions = {{cat = 1.0}}
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Eighty images that are not there: nothing looks at them."""
    names = ["cat", "dog", "cat", "eel"] * 20
    table = pa.table({"path": [f"{i}.jpg" for i in range(80)], "class": names})
    pq.write_table(table, tmp_path / "images.parquet")
    return tmp_path / "images.parquet"


def test_it_draws_and_tells_the_phases(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "plan.png"
    flags = ["-t", "hue:0.5", "--drift", "abrupt", "--start", "0.5", "--until", "60"]
    assert run(["plan", str(manifest), str(picture), *flags]) == 0
    said = capsys.readouterr().out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "abrupt hue:0.5 from sample 40 until 60" in said
    cells = [[cell.strip() for cell in row.split("│")[1:-1]] for row in said.splitlines()]
    rows = [row for row in cells if len(row) == 6]
    assert [row[0] for row in rows] == ["0 – 39", "40 – 59", "60 – 79"]
    assert [row[1] for row in rows][:2] == ["2024-06-01 09:00", "2024-06-02 05:00"]
    assert [row[2:5] for row in rows] == [
        ["none", "0.0%", "0.000"],
        ["1", "100.0%", "0.500"],
        ["none", "0.0%", "0.000"],
    ]


def test_a_folder_without_class_folders_is_planned_by_its_file_of_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = files(tmp_path / "in", *(f"{number}.jpg" for number in range(40)))
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{one} {'cat' if one % 4 else 'dog'}\n" for one in range(40)))
    said = {str(labels): "2 classes, 40 images: cat 30, dog 10", "none": "1 class, 40 images"}
    for given, classes in said.items():
        command = ["plan", str(images), str(tmp_path / "plan.png"), "-t", "hue:0.5"]
        assert run([*command, "--labels", given]) == 0
        assert classes in capsys.readouterr().out


def test_transforms_on_every_sample_are_in_force_all_the_time(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plan", str(manifest), str(tmp_path / "plan.png"), "-t", "hue:0.5"]) == 0
    said = capsys.readouterr().out
    cells = [[cell.strip() for cell in row.split("│")[1:-1]] for row in said.splitlines()]
    assert ["all", "hue:0.5 on every sample"] in cells
    assert [row[2:5] for row in cells if len(row) == 6] == [["all", "100.0%", "0.500"]]


def test_it_reads_the_file_that_generate_reads(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "run.toml"
    config.write_text(CONFIG.format(input=manifest))
    picture = tmp_path / "plan.png"
    assert run(["plan", str(manifest), str(picture), "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "gradual default:0.7 from sample 20 over 40" in said
    assert "the class 'cat' has run out" in said
    assert run(["plan", str(manifest), str(picture), "-c", "x"]) == 2


def test_a_profile_is_told_as_generate_tells_it(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    PROFILE.save(str(tmp_path / "profile.toml"))
    flags = ["--profile", str(tmp_path / "profile.toml"), "--target", "0.64"]
    assert run(["plan", str(manifest), str(tmp_path / "plan.png"), *flags]) == 0
    said = capsys.readouterr().out
    assert "hue:0.3, default:0.8 for kl_softmax 0.64 by profile" in said
    assert "the calibration was made on other images" in said


def test_flags_give_numbers_their_meaning() -> None:
    found = drift_flags(["hue:1"], "recurring", period="12", start="0.5", until="2024-07-01")
    (drift,) = found["drift"]
    assert drift == {
        "kind": "recurring",
        "transforms": ["hue:1"],
        "period": 12,
        "start": 0.5,
        "until": "2024-07-01",
    }
    assert type(drift["period"]) is int
    assert drift_flags(["hue:1"], None, start=None) == {"transforms": ["hue:1"]}


def test_a_divergence_is_placed_on_the_timeline(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    PROFILE.save(str(tmp_path / "profile.toml"))
    flags = ["--profile", str(tmp_path / "profile.toml"), "--target", "0.64"]
    flags += ["--drift", "gradual", "--start", "40", "--width", "10"]
    assert run(["plan", str(manifest), str(tmp_path / "plan.png"), *flags]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "gradual hue:0.3 + default:0.8 from sample 40 over 10" in said
    assert "on every sample" not in said


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["-t", "hue:1", "--start", "5"], "--start is of a drift: add --drift gradual"),
        (
            ["--drift", "gradual", "--width", "5"],
            "--drift needs a transform: add -t default:0.7, or a --profile",
        ),
        (
            ["-t", "hue:1", "--drift", "gradula", "--width", "5"],
            "drift 1: unknown drift 'gradula': did you mean 'gradual'?",
        ),
        (
            ["-t", "hue:1", "--drift", "abrupt", "--start", "80"],
            "abrupt hue:1: start 80 is outside the stream of 80 samples, the last of which is 79",
        ),
    ],
)
@pytest.mark.parametrize("command", ["plan", "generate"])
def test_what_cannot_be_is_refused_by_both(
    manifest: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    flags: list[str],
    message: str,
) -> None:
    assert run([command, str(manifest), str(tmp_path / "out.png"), *flags]) == 2
    assert capsys.readouterr().err == f"raydrift: {message}\n"
    assert not (tmp_path / "out.png").exists()


def test_the_picture_is_a_png(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plan", str(manifest), str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.endswith("/out': write the picture's name as NAME.png\n")


def test_a_fraction_is_of_the_samples_that_are_asked_for(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["-t", "hue:1", "--drift", "abrupt", "--start", "0.5", "--num-samples", "20"]
    assert run(["plan", str(manifest), str(tmp_path / "plan.png"), *flags]) == 0
    assert "from sample 10" in capsys.readouterr().out
    with pytest.raises(SettingsError, match="add --drift"):
        drift_flags(["hue:1"], None, width="5")
