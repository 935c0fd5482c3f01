"""``raydrift matrix`` as it is typed."""

import shutil
from pathlib import Path

import pytest
from torchvision.models import resnet18

from raydrift.cli import run
from raydrift.settings import MatrixSettings, TrainSettings
from tests.cli.refused import refusal
from tests.tasks.models import save_state

FEW = ["--views", "bi,s,me", "--views", "ma,u,ga", "--weights", "random", "--image-size", "32"]


@pytest.fixture
def pairs(scenes: Path, tmp_path: Path) -> Path:
    """Two classes of two scenes."""
    folder = tmp_path / "pairs"
    for name in ("boat", "desert"):
        (folder / name).mkdir(parents=True)
        for path in sorted((scenes / name).iterdir())[:2]:
            shutil.copy(path, folder / name)
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--views", "bi,s,me"], "views is bi,s,me alone: a matrix compares views: give another "),
        (["--views", "b,s,me"], "view is 'b,s,me': 'b' is not a demosaicer: choose from: bi, ma, "),
        (["--divergence", "kl"], "unknown divergence 'kl': "),
        (["--splits", "1"], "splits is 1: give at least 2: of one there is no standard deviation"),
        (["--splits", "9"], "splits is 9, and the images are of 4 files: several splits would be "),
        (["--train-size", "1"], "train_size is 1.0: give a share between 0 and 1, as 0.8"),
        (
            ["--corruptions", "7"],
            "corruptions is '7': give severities from 1 to 5, as 3, \"1,3,5\" ",
        ),
        (["--num-samples", "99"], "99 samples asked for, 4 remain"),
        (
            ["--train", "vgg"],
            "train.network is 'vgg': choose from: resnet18, resnet34, unet, unetp",
        ),
        (
            ["--epochs", "3"],
            "train.network is missing: give --train NETWORK, or network in [train]",
        ),
        (
            ["--train", "resnet18", "--image-size", "16"],
            "image.height is 16: ResNet18 needs at lea",
        ),
        (
            ["--train", "unet", "--image-size", "64", "--splits", "2"],
            "train.network is 'unet', which learns masks, and the images have none: give --masks F",
        ),
        (
            ["--train", "resnet18", "--train-weights", "nowhere.pth", "--splits", "2"],
            "train.weights 'nowhere.pth': No such file or directory: give imagenet, random or the ",
        ),
        (
            ["--splits", "2", "--divergence", "domain_classifier_auc"],
            "divergence domain_classifier_auc cannot be measured on batches of 4: 4 rows in a "
            "sample: 5 folds need at least 5: give more images, a larger --batch-size, or another",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    pairs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    found = refusal(capsys, "matrix", pairs, tmp_path / "out", *arguments)
    assert found.startswith(f"raydrift: {said}")
    assert not (tmp_path / "out").exists()


def test_a_class_of_one_file_is_named(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    next((pairs / "boat").iterdir()).unlink()
    said = refusal(capsys, "matrix", pairs, tmp_path / "out", "--splits", "2")
    assert said == (
        "raydrift: the class 'boat' has images of one file, which cannot be both learned from and "
        "tested on: give it more files, leave it out, or merge it with another class by "
        "class_mapping"
    )


@pytest.mark.usefixtures("ray_session")
def test_it_says_what_it_found_and_where(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(["matrix", str(pairs), str(out), *FEW, "--splits", "2"]) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert lines[0].startswith("2 views of 4 images of 4 files, measured in ")
    assert "│ ma,u,ga │" in said
    names = ("report.html", "matrix.png", "matrix.parquet", "view_divergence.parquet")
    assert lines[-5:] == [f"  {out}/{name}" for name in (*names, "matrix.json")]


def test_weights_of_another_network_are_refused(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save_state(resnet18(), tmp_path / "w.pth")
    asked = ["--train", "resnet34", "--train-weights", path, "--splits", "2"]
    said = refusal(capsys, "matrix", pairs, tmp_path / "out", *asked)
    assert said.startswith(
        f"raydrift: train.weights '{path}': not a ResNet34 state dict (layer1.2.c"
    )
    assert not (tmp_path / "out").exists()


def test_flags_say_all_of_a_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from raydrift.engine import matrix as module

    asked: list[MatrixSettings] = []

    class Enough(BaseException):
        pass

    def take(settings: MatrixSettings, **_: object) -> None:
        asked.append(settings)
        raise Enough

    monkeypatch.setattr(module, "matrix", take)
    (tmp_path / "in").mkdir()
    arguments = ["matrix", str(tmp_path / "in"), str(tmp_path / "out"), "--train", "unet"]
    arguments += ["--epochs", "100", "--lr", "1e-5", "--train-batch-size", "4"]
    arguments += ["--augmentation", "strong", "--train-weights", "imagenet", "--keep-models"]
    arguments += ["--train-normalize", "0.9,0.8,0.9/0.1,0.1,0.05", "--batch-size", "8"]
    with pytest.raises(Enough):
        run(arguments)
    norm = ((0.9, 0.8, 0.9), (0.1, 0.1, 0.05))
    wanted = TrainSettings("unet", 100, 1e-5, 4, "strong", "imagenet", norm, True)
    assert asked[0].train == wanted
    assert asked[0].run.embedding.batch_size == 8
