"""The page, opened in a browser as its reader opens it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from raydrift.catalog import load_catalog
from raydrift.report.evaluation import Evaluation
from raydrift.report.page import report_page
from raydrift.report.strips import Strip, make_strips
from raydrift.report.text import shortened
from raydrift.settings import EvaluateSettings
from raydrift.storage.shards import Rejected
from tests.report.evaluations import evaluation_of, record_of, settings_of

NASTY = "<script>alert(\"x\")</script> & </script><img src=x onerror=alert(1)> 'quoted'"
LINES = "#lines .scatterlayer path.js-line"
TENTHS = tuple(number / 10 for number in range(1, 11))


def html(settings: EvaluateSettings, evaluation: Evaluation, strips: Sequence[Strip] = ()) -> str:
    return report_page(evaluation, settings, record_of(settings, evaluation), strips)


@contextmanager
def opened(browser: Browser, content: str, folder: Path) -> Iterator[Page]:
    """The page in a wide window; that nothing is wrong with it is seen at the end."""
    path = folder / "report.html"
    path.write_text(content, encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("#classes .main-svg")
    yield page
    assert said == []
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    check_fit(page, 1280)
    page.close()


def check_fit(page: Page, width: int) -> None:
    """The page does not scroll sideways, and its plots take the room that there is."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(200)  # until the plots are drawn again
    sizes = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert sizes == [width, width]
    for name in ("boxes", "lines", "classes"):
        box = page.locator(f"#{name} .main-svg").first.bounding_box()
        assert box is not None
        assert 0.7 * width < box["width"] <= width


def count(page: Page, selector: str) -> int:
    return page.locator(selector).count()


def test_every_number_is_a_mark_of_a_plot(browser: Browser, tmp_path: Path) -> None:
    settings = settings_of(TENTHS)
    evaluation = evaluation_of(settings, batches=3, classes=("cat", "dog", "fish"))
    with opened(browser, html(settings, evaluation), tmp_path) as page:
        assert count(page, "#boxes path.box") == 10, "a box a level"
        assert count(page, LINES) == 20, "a line and the edge of a band a level"
        assert count(page, "#lines .scatter path.point") == 30, "a point a level and batch"
        assert count(page, "#lines .legend .traces") == 10
        assert count(page, "#classes path.point") == 3
        texts = page.locator("#classes .ytick text").all_text_contents()
        assert sorted(texts) == ["cat", "dog", "fish"]


def test_a_reader_chooses_metric_and_level(browser: Browser, tmp_path: Path) -> None:
    settings = settings_of((0.2, 0.4))
    with opened(browser, html(settings, evaluation_of(settings)), tmp_path) as page:
        title = page.locator("#boxes .ytitle")
        assert title.text_content() == "KL divergence, nats"
        page.select_option("#metric", label="Fréchet distance")
        assert title.text_content() == "Fréchet distance, squared embedding units"
        assert count(page, LINES) == 2, "no bands: only KL has intervals"
        assert page.locator(".note[data-metric]:visible").count() == 1
        dots = "document.getElementById('classes').data[0].x"
        assert page.evaluate(dots) == pytest.approx([0.41, 0.41], abs=0.01)
        page.select_option("#level", "0.2")
        assert page.evaluate(dots) == pytest.approx([0.21, 0.21], abs=0.01)


def test_the_plots_say_what_the_tables_say(browser: Browser, tmp_path: Path) -> None:
    settings = settings_of((0.5, 1.0))
    evaluation = evaluation_of(settings, batches=5)
    with opened(browser, html(settings, evaluation), tmp_path) as page:
        boxes = page.evaluate("document.getElementById('boxes').data.map(one => one.median[0])")
        assert boxes == [row.median for row in evaluation.summary] == pytest.approx([0.52, 1.02])
        rows = page.locator("table[aria-labelledby=by-level] tbody tr").all_inner_texts()
        assert rows == [
            "0.5\t0.520\t0.510 to 0.530\t7.28",
            "1\t1.02\t1.01 to 1.03\t14.3",
        ]


def test_no_axis_title_lies_on_its_numbers(browser: Browser, tmp_path: Path) -> None:
    settings = settings_of((0.5, 1.0))
    with opened(browser, html(settings, evaluation_of(settings)), tmp_path) as page:
        for plot in ("boxes", "lines"):
            page.evaluate("name => Plotly.relayout(name, {'yaxis.ticksuffix': '0000'})", plot)
            title = page.locator(f"#{plot} .ytitle").bounding_box()
            numbers = [one.bounding_box() for one in page.locator(f"#{plot} .ytick text").all()]
            assert title is not None
            assert len(numbers) > 2
            right = title["x"] + title["width"]
            assert all(number is not None and number["x"] >= right for number in numbers)


EDGES: dict[str, tuple[Sequence[float], int, int, Sequence[str]]] = {
    "one level, one batch, one image": ((0.5,), 1, 1, ("cat",)),
    "one batch": (TENTHS, 1, 32, ("cat", "dog")),
    "many levels": (tuple(np.linspace(0, 1, 101).round(2).tolist()), 2, 4, ("cat", "dog")),
    "many batches": ((0.3, 0.6), 900, 2, ("cat", "dog")),
    "two hundred classes with long names": (
        TENTHS,
        10,
        40,
        tuple(f"a_very_long_class_name_{'x' * 150}_{number}" for number in range(200)),
    ),
    "names that are code": ((0.2, 1.0), 2, 8, (NASTY, "${7*7}", "{{ 7*7 }}", "-->", "a\nb")),
}


SLOW = {"one batch", "many batches", "many levels"}


@pytest.mark.parametrize(
    "edge", [pytest.param(edge, marks=pytest.mark.slow if edge in SLOW else ()) for edge in EDGES]
)
def test_it_reads_well_at_the_edges(browser: Browser, tmp_path: Path, edge: str) -> None:
    levels, batches, size, classes = EDGES[edge]
    settings = settings_of(levels, input=f"photos/{NASTY if 'code' in edge else 'x' * 300}")
    left_out = [Rejected(number, classes[0], "decode", NASTY) for number in range(30)]
    evaluation = evaluation_of(settings, batches, size, classes, left_out)
    with opened(browser, html(settings, evaluation), tmp_path) as page:
        assert count(page, "#boxes path.box") == len(levels)
        assert count(page, ".heat tbody tr") == len(classes)
        assert count(page, "#classes path.point") == min(20, len(classes))
        titles = "[...document.querySelectorAll('.heat tbody th')].map(one => one.title)"
        assert sorted(page.evaluate(titles)) == sorted(classes)
        assert count(page, ".rejected li") == 10
        check_fit(page, 400)


def test_names_that_are_code_are_text(browser: Browser, tmp_path: Path) -> None:
    settings = settings_of((0.2, 1.0), input=f"photos/{NASTY}")
    evaluation = evaluation_of(settings, classes=(NASTY,))
    content = html(settings, evaluation)
    assert "<script>alert" not in content
    assert "<img src=x" not in content
    with opened(browser, content, tmp_path) as page:
        texts = page.locator("#classes .ytick text").all_text_contents()
        assert texts == ["<script>ale…> 'quoted'"]
        page.locator("#classes path.point").hover(force=True)
        hover = page.locator("#classes .hovertext").text_content()
        assert hover is not None
        assert hover.startswith(shortened(NASTY, 48))


def test_the_strips_show_the_images_at_each_level(
    browser: Browser, tmp_path: Path, image_folder: Callable[[int], Path]
) -> None:
    settings = settings_of(TENTHS, input=str(image_folder(4)), image={"height": 64, "width": 96})
    catalog = load_catalog(settings.run.input)
    evaluation = evaluation_of(settings, batches=1, size=8, classes=("a", "b"))
    strips = make_strips(settings.run, settings.sweep, catalog, evaluation)
    assert [len(strip.thumbnails) for strip in strips] == [11] * 6
    assert [one.level for one in strips[0].thumbnails] == [None, *TENTHS]
    with opened(browser, html(settings, evaluation, strips), tmp_path) as page:
        broken = "[...document.images].filter(one => one.naturalWidth !== 96).length"
        assert count(page, ".strip img") == 66
        assert page.evaluate(broken) == 0


@pytest.fixture
def image_folder(tmp_path: Path) -> Callable[[int], Path]:
    """Makes a folder of two classes with some images each."""

    def make(each: int) -> Path:
        pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
        for name, number in product("ab", range(each)):
            folder = tmp_path / "images" / name
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / f"{number}.png")
        return tmp_path / "images"

    return make
