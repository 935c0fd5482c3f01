"""Every command that uses images says at its end which they were, and what is odd about them."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from raydrift import ImageDatasetGenerator, ImageTransform
from raydrift.cli import run
from tests.image_files import file_of
from tests.images.made_profiles import ADOBE, rgb_profile

SMALL = ["--image-size", "32"]
MEASURED = [*SMALL, "--weights", "random", "--workers", "1"]


@pytest.fixture(scope="module")
def images(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 images: one has a colour profile, a 25th is no image by its name."""
    folder = tmp_path_factory.mktemp("images")
    for name in ("boat", "house"):
        paths = sorted((scenes / name).iterdir())[:12]
        (folder / name).mkdir()
        for path in paths:
            shutil.copy(path, folder / name)
    with Image.open(paths[0]) as image:
        profile = rgb_profile("like Adobe RGB", ADOBE, 2.2)
        (folder / "house" / paths[0].name).write_bytes(file_of(image, "JPEG", icc_profile=profile))
    (folder / "house" / "notes.txt").write_text("seen from the sea")
    return folder


def said(capsys: pytest.CaptureFixture[str], command: list[str]) -> list[str]:
    assert run(command) == 0
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_generate_evaluate_and_preview(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate = said(capsys, ["generate", str(images), str(tmp_path / "out"), *SMALL])
    classes, *others = generate[1:5]
    assert others.pop(1) == (
        "no drift was asked for (-t, --drift or --profile): the images are clean"
    )
    assert classes == "2 classes, 24 images: boat 12, house 12"
    assert others[0].startswith("passed over: 1 (")
    assert others[1].startswith("1 image came with a colour profile that was not applied: set ")
    measured = tmp_path / "measured"
    evaluate = ["evaluate", str(images), str(measured), *MEASURED, "--levels", "1"]
    assert said(capsys, evaluate)[1:4] == [classes, *others]
    record = json.loads((measured / "evaluation.json").read_text())
    assert [remark["images"] for remark in record["remarks"]] == [1]
    preview = ["preview", str(images), str(tmp_path / "sheet.png"), *SMALL, "--images", "24"]
    assert said(capsys, [*preview, "--levels", "1", "-t", "hue"])[1:] == others


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_calibrate_and_the_generators_measurements(
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = said(capsys, ["calibrate", str(images), *MEASURED, "-t", "hue"])
    assert lines[1] == "2 classes, 24 images: boat 12, house 12"
    generator = ImageDatasetGenerator(
        seed=42, input_path=images, input_dim=32, weights="random", progress=False
    )
    with pytest.warns(UserWarning, match="1 image") as told:
        generator.evaluate_transformation_pipeline(num_samples=24)
    assert [str(one.message) for one in told] == lines[3:4]
    with pytest.warns(UserWarning, match="1 image") as told:
        generator.calibrate(transform_list=ImageTransform.HUE, num_samples=24)
    assert [str(one.message) for one in told] == lines[3:4]
