"""The page of a matrix, opened in a browser as its reader opens it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from raydrift.report.matrix import Matrix, ViewDivergence
from raydrift.report.matrix_page import matrix_page
from raydrift.report.matrix_plot import matrix_plot
from raydrift.report.strips import small_picture
from raydrift.report.view_strip import ViewStrip, ViewThumbnail
from raydrift.settings.toml import matrix_settings
from raydrift.storage.evaluated import MatrixRecord
from tests.report.test_matrix import CODES, matrix_of, published

NASTY = "<img src=x onerror=alert(1)>"


def found_of(views: int = 12) -> Matrix:
    """Published accuracies, and divergences that a test can know."""
    accuracy = published()[:views, :views]
    splits = accuracy + np.array([0.01, -0.01])[:, None, None]
    distance = np.abs(np.subtract.outer(np.arange(views), np.arange(views))) / 10
    return matrix_of(splits, ViewDivergence("kl_softmax", (0,), distance[None]))


def html(found: Matrix, **values: object) -> str:
    plain = {"input": NASTY, "output": "out", "views": list(found.views), **values}
    record = MatrixRecord(
        identity={"embedding": {"weights": "0123456789abcdef"}},
        settings={},
        counts={"rejected": 0},
        timings={"measure": 1.5},
        versions={"raydrift": "0.1.0"},
    )
    picture = small_picture(np.full((40, 60, 3), 128, np.uint8))
    strip = ViewStrip(7, NASTY, tuple(ViewThumbnail(code, *picture) for code in found.views))
    return matrix_page(found, matrix_settings(plain), record, strip)


def test_a_reader_chooses_what_the_cells_say(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(html(found_of()), encoding="utf-8")
    said: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.goto(path.as_uri())
    page.wait_for_selector("#matrix .main-svg")
    data = "document.getElementById('matrix').data[0]"
    cells = page.evaluate(f"{data}.text")
    assert (len(cells), cells[0][:2], cells[1][4]) == (12, ["82.0", "82.0"], "59.0")
    assert page.locator("#matrix .ytick text").all_text_contents() == list(CODES)
    assert page.locator("[data-table]:visible").count() == 1

    page.select_option("#table", label="Drop of accuracy")
    assert page.evaluate(f"{data}.text[1][4]") == "25.0"
    assert page.evaluate(f"{data}.customdata[1][4]") == ["bi,s,ga", "ma,s,me", "25.0 ± 2.0"]
    page.select_option("#table", label="Divergence: KL divergence (softmax)")
    assert page.evaluate(f"{data}.z[0][11]") == pytest.approx(1.1)
    assert page.locator("#matrix .ytitle").text_content() == "from"

    assert page.locator(".strip img").count() == 12
    rows = page.locator(".heat tbody tr")
    assert rows.count() == 12
    assert "17.5" in (rows.nth(4).text_content() or "")
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        sizes = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert sizes == [width, width]
    assert said == []
    page.close()


def test_the_command_repeats_it() -> None:
    asked = {"compat": True, "splits": 3, "num_samples": 20, "divergence": "mmd_squared"}
    page = html(found_of(2), **asked)
    command = page.split('class="command mono">')[1].split("</p>")[0]
    words = command.replace("<span>", "").replace("</span>", "").split()
    assert words[:2] == ["raydrift", "matrix"]
    assert " ".join(words[words.index("OUTPUT") + 1 :]) == (
        "--views bi,s,me --views bi,s,ga --compat --splits 3 --train-size 0.8 "
        "--divergence mmd_squared --seed 42 --num-samples 20 --weights imagenet "
        "--image-size 224x224 --batch-size 32"
    )


def test_a_page_of_trained_networks_says_which_and_how() -> None:
    found = found_of(2)
    found = replace(found, probe=None, trained=found.probe, learner="U-Net++")
    train = {"network": "unetplusplus", "lr": 1e-5, "weights": "w.pth", "keep_models": True}
    page = html(found, train=train, masks="masks")
    assert "right on a U-Net++’s own view" in page
    assert "U-Net++, from weights w.pth, by the Dice loss: Adam, learning rate 1e-05, 30 ep" in page
    command = page.split('class="command mono">')[1].split("</p>")[0]
    words = " ".join(command.replace("<span>", "").replace("</span>", "").split())
    assert (
        "--train unetplusplus --epochs 30 --lr 1e-05 --train-batch-size 32 --augmentation none "
        "--train-weights w.pth --train-normalize none --keep-models"
    ) in words
    assert "--masks masks" in words


def test_the_plot_has_room_for_twelve_views(tmp_path: Path) -> None:
    for name, found in {
        "twelve": found_of(),
        "two": found_of(2),
        "divergence": matrix_of(None, found_of().divergence),
    }.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(matrix_plot(found))
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert min(image.size) > 60 * len(found.views)


def test_a_page_of_divergences_alone_says_why_there_is_no_probe() -> None:
    page = html(matrix_of(None, found_of().divergence))
    assert "Accuracy" not in page.split("<script")[0]
    assert "gone out from" in page
