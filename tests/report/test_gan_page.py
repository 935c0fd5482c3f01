"""The page of a training, opened in a browser as its reader opens it."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Page

from raydrift import schemas
from raydrift.gan.grids import image_grid
from raydrift.images.png_writer import encode_png
from raydrift.report.gan_page import GanFacts, gan_page
from tests.report.trainings import facts_of, progress_of

NASTY = "<script>alert(\"x\")</script> & <img src=x onerror=alert(1)> 'quoted'"
NOTHING = (math.nan, math.nan, None)


def grid(level: int, side: int = 32) -> bytes:
    noise = np.random.default_rng(level).integers(0, 256, (16, side, side, 3), np.uint8)
    return encode_png(image_grid(noise // 4 + np.uint8(level)))


@contextmanager
def opened(
    browser: Browser,
    folder: Path,
    facts: GanFacts,
    progress: pa.Table,
    grids: Mapping[str, bytes],
) -> Iterator[Page]:
    """The page in a wide window; that nothing is wrong with it is seen at the end."""
    path = folder / "report.html"
    path.write_text(gan_page(facts, progress, grids, grid(9)), encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    for width in (1200, 400):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(FITS, arg=width)
        assert page.evaluate(OVERLAPS) == [], "no numbers of an axis overlap"
    assert said == []
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
    page.close()


# It does not scroll sideways, once its plots are drawn anew in the room that there is.
FITS = """(width) => document.documentElement.scrollWidth === width
  && [...document.querySelectorAll(".plot")].every((plot) =>
    Math.abs(plot.querySelector(".main-svg").clientWidth - plot.clientWidth) <= 1)"""
OVERLAPS = """() => {
  const found = [];
  const sets = [...document.querySelectorAll(".plot")].flatMap((plot) =>
    [".xtick text", ".ytick text"].map((kind) => [...plot.querySelectorAll(kind)]));
  for (const texts of sets) {
    const boxes = texts.map((one) => one.getBoundingClientRect());
    boxes.forEach((one, i) => boxes.slice(i + 1).forEach((two, j) => {
      const apart = one.right <= two.left || two.right <= one.left
        || one.bottom <= two.top + 1 || two.bottom <= one.top + 1;
      if (!apart) found.push([texts[i].textContent, texts[i + 1 + j].textContent]);
    }));
  }
  return found;
}"""


@pytest.mark.parametrize("kind", ["cyclegan", "stylegan2"])
def test_it_shows_what_was_achieved(browser: Browser, tmp_path: Path, kind: str) -> None:
    progress = progress_of(kind, saves=3, points=200)
    grids = {f"save {number}": grid(40 * number) for number in (1, 2, 3)}
    with opened(browser, tmp_path, facts_of(kind), progress, grids) as page:
        measures = 7 if kind == "cyclegan" else 4
        assert page.locator("table.metrics tbody tr").count() == measures
        panels = 4 if kind == "cyclegan" else 6
        assert page.locator(".plot .main-svg:first-child").count() == measures + panels
        cards = page.locator(".cards li").all_inner_texts()
        first = "gap closed, 95 %" if kind == "cyclegan" else "fréchet distance"
        assert first in " ".join(cards[0].lower().split())
        bars = page.locator("#diversity_network .errorbars path").count()
        assert bars == 3, "an interval a save"


def test_a_reader_goes_through_the_saves(browser: Browser, tmp_path: Path) -> None:
    grids = {f"epoch {5 * number}": grid(20 * number, side=256) for number in range(1, 4)}
    progress = progress_of(saves=3, points=20)
    with opened(browser, tmp_path, facts_of(), progress, grids) as page:
        saved, shown = page.locator("#saved"), page.locator("#shown")
        assert saved.text_content() == "epoch 15"
        source = shown.get_attribute("src")
        assert source is not None
        assert source.startswith("data:image/jpeg"), "large pictures are made smaller"
        page.locator("#save").focus()
        page.keyboard.press("ArrowLeft")
        assert saved.text_content() == "epoch 10"
        assert shown.get_attribute("src") != source
        page.locator("#saves button").nth(0).click()
        assert saved.text_content() == "epoch 5"
        pressed = page.locator("#saves button[aria-pressed=true]")
        assert pressed.all_inner_texts() == ["epoch 5"]
        page.locator("#saves button").nth(2).click()
        assert shown.get_attribute("src") == source


def test_an_axis_becomes_logarithmic_and_raw_values_stay(browser: Browser, tmp_path: Path) -> None:
    progress = progress_of("stylegan2", saves=1, points=200)
    with opened(browser, tmp_path, facts_of("stylegan2"), progress, {"first": grid(50)}) as page:
        box = page.locator("[data-log=panel1]")
        assert box.is_checked(), "of penalties it is at first"
        kind = "document.getElementById('panel1').layout.yaxis.type"
        assert page.evaluate(kind) == "log"
        box.uncheck()
        assert page.evaluate(kind) == "linear"
        lines = page.locator("#panel1 .scatterlayer path.js-line")
        assert lines.count() == 4, "as logged, and running means"
        names = page.locator("[data-names=panel1] button")
        assert names.all_inner_texts() == ["R1", "path length"]
        names.nth(0).click()
        assert lines.count() == 2, "a name hides both of its lines"
        names.nth(0).click()
        assert lines.count() == 4


EDGES = {
    "one save, no gap": (
        progress_of(saves=1, points=1, features="pixels", gap_closed=NOTHING),
        {"one": grid(9)},
    ),
    "no save": (progress_of(saves=0, points=30), {}),
    "nothing": (schemas.GAN_PROGRESS.empty_table(), {}),
    "many saves": (
        progress_of(saves=60, points=3000, steps=2_000_000),
        {str(save): grid(9) for save in range(60)},
    ),
}
SLOW = {"no save", "many saves"}


@pytest.mark.parametrize(
    "edge", [pytest.param(edge, marks=pytest.mark.slow if edge in SLOW else ()) for edge in EDGES]
)
def test_it_reads_well_at_the_edges(browser: Browser, tmp_path: Path, edge: str) -> None:
    progress, grids = EDGES[edge]
    facts = facts_of(title=NASTY, source=NASTY, notes=(NASTY,), network=None, all_steps=10**6)
    with opened(browser, tmp_path, facts, progress, grids) as page:
        assert page.locator("h1").text_content() == NASTY
        assert "The training stopped after 20,000 of 1,000,000 steps." in page.inner_text("main")
        defined = "not defined" not in page.inner_text("main")
        assert page.locator("#gap_closed_pixels").count() == 0
        assert defined == (edge != "one save, no gap"), "no plot of what is not defined"
        assert page.locator("#saves li").count() == (20 if len(grids) > 1 else 0)
