"""``raydrift preview``: a sheet of a user's own images, before anything is run."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from raydrift.cli import run
from raydrift.images.codec import RGB, decode
from raydrift.settings import ImageSettings
from raydrift.transforms import plain_transforms


def pixels(path: Path) -> RGB:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def holds(sheet: RGB, image: RGB) -> bool:
    """Whether an image is somewhere on the sheet, pixel by pixel."""
    height, width = image.shape[:2]
    starts = np.argwhere((sheet[:-height, :-width] == image[0, 0]).all(-1))
    return any(np.array_equal(sheet[y : y + height, x : x + width], image) for y, x in starts)


@pytest.mark.usefixtures("ray_session")
def test_the_pixels_are_those_that_generate_writes(scenes: Path, tmp_path: Path) -> None:
    sheet, seed = tmp_path / "sheet.png", ["--seed", "7", "--image-size", "150x200"]
    shown = ["-t", "gaussian_noise", "-t", "rotate", "--levels", "0.3,0.8", "--images", "2"]
    assert run(["preview", str(scenes), str(sheet), *shown, *seed]) == 0
    out = tmp_path / "out"
    for drift in (["-t", "gaussian_noise:0.3"], ["-t", "rotate:0.8"], []):
        command = ["generate", str(scenes), str(out), *drift, *seed, "--num-samples", "3"]
        assert run([*command, "--overwrite"]) == 0
        with ZipFile(out / "sampled_images.zip") as archive:
            written = [
                decode(archive.read(name), ImageSettings(150, 200)) for name in archive.namelist()
            ]
        assert [holds(pixels(sheet), image) for image in written] == [True, True, False]


def test_all_transforms_are_shown_unless_told_otherwise(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    all_of_them, one = tmp_path / "all.png", tmp_path / "one.png"
    small = ["--image-size", "150", "--levels", "0.5"]
    assert run(["preview", str(scenes), str(all_of_them), *small]) == 0
    assert capsys.readouterr().out == f"3 images in {all_of_them}\n"
    assert run(["preview", str(scenes), str(one), *small, "-t", "hue", "--images", "1"]) == 0
    assert capsys.readouterr().out == f"1 image in {one}\n"
    rows = 3 * len(plain_transforms()) - 1
    between_cards = 2 * (20 + 2 * 14 + 32 + 20 - 8)
    assert pixels(all_of_them).shape[0] == pixels(one).shape[0] + rows * 158 + between_cards


def test_the_transforms_and_ranges_of_a_file(scenes: Path, tmp_path: Path) -> None:
    config, plain, wide = tmp_path / "run.toml", tmp_path / "plain.png", tmp_path / "wide.png"
    flags = ["--image-size", "32", "--levels", "0.5", "--images", "1"]
    config.write_text('transforms = ["gaussian_blur:0.2"]\n[profile.gaussian_blur]\nsigma = 6.0\n')
    assert run(["preview", str(scenes), str(wide), *flags, "--config", str(config)]) == 0
    assert run(["preview", str(scenes), str(plain), *flags, "-t", "gaussian_blur"]) == 0
    assert pixels(plain).shape == pixels(wide).shape
    assert not np.array_equal(pixels(plain), pixels(wide))


def test_unusable_images_are_passed_over_and_told_in_one_line(
    scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "images"
    shutil.copytree(scenes / "boat", folder / "boat")
    broken = sorted((folder / "boat").iterdir())[:10]
    for path in broken:
        path.write_bytes(path.read_bytes()[:100])
    flags = ["--image-size", "32", "--levels", "1", "--images", "9"]
    assert run(["preview", str(folder), str(tmp_path / "sheet.png"), *flags]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"2 images in {tmp_path}/sheet.png"
    assert told[1].startswith("  passed over: 10 (first: boat/")
    assert len(told) == 2

    for path in (folder / "boat").iterdir():
        path.write_bytes(b"")
    assert run(["preview", str(folder), str(tmp_path / "none.png"), *flags]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"raydrift: none of 12 images in {folder} can be used (first: boat/")
    assert told[0].endswith(".jpg: the file is empty)")
    assert not (tmp_path / "none.png").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sheet.jpg"], "output 'sheet.jpg': write the picture's name as NAME.png"),
        (["a.png", "-t", "hue:0.3"], "transform 'hue:0.3': name it alone, all --levels are shown"),
        (["no/a.png"], "output no/a.png: its folder is not there: make it, or choose another"),
        (["a.png", "--images", "0"], "images is 0: give at least 1"),
        (["a.png", "--levels", "2"], "levels '2': level 2.0 is not a number from 0 (none) to 1"),
        (["a.png", "--levels", "0:1:0.001"], "levels '0:1:0.001' are more than 1000"),
        (["a.png", "--levels", "0:0.9:0.001"], "pictures are too many for one sheet"),
    ],
)
def test_what_cannot_be_is_refused(
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["preview", str(scenes), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_it_needs_neither_ray_nor_torch(scenes: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom raydrift.cli import run\n"
        f"assert run(['preview', {str(scenes)!r}, {str(tmp_path / 'a.png')!r}]) == 0\n"
        "print(sorted({'ray', 'torch', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
