"""The page's section on a model, opened in a browser."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from raydrift.report.evaluation import Evaluation
from raydrift.settings import EvaluateSettings
from tests.report.evaluations import evaluation_of, settings_of
from tests.report.tasks import findings_of
from tests.report.test_page import NASTY, TENTHS, check_fit, count, html, opened


def asked(settings: EvaluateSettings, *right: int, **values: object) -> Evaluation:
    """The experiment with a model that gets so many of 100 images right."""
    evaluation = evaluation_of(settings)
    levels = evaluation.levels
    divergences = [row.median for row in evaluation.summary]
    task = findings_of(right, levels, divergences, **values)  # type: ignore[arg-type]
    return replace(evaluation, task=task)


def test_the_plots_and_tables_say_what_was_found(browser: Browser, tmp_path: Path) -> None:
    settings = settings_of((0.5, 1.0))
    evaluation = asked(settings, 90, 85, 60)
    assert evaluation.task is not None
    with opened(browser, html(settings, evaluation), tmp_path) as page:
        page.wait_for_selector("#answers .main-svg")
        data = "name => document.getElementById(name).data.map(one => [one.x, one.y])"
        band, line, limit, mark = page.evaluate(data, "quality")
        assert line == [[0, 0.5, 1], [0.9, 0.85, 0.6]]
        assert len(band[0]) == 6
        assert limit == [[0, 1], [0.8, 0.8]]
        assert mark == [[0.6], [0.8]]
        line, limit, mark = page.evaluate(data, "answers")
        assert line[0] == pytest.approx([0, *(row.median for row in evaluation.summary)])
        assert mark[0] == pytest.approx([evaluation.task.breaking.divergence], rel=1e-4)
        rows = page.locator("table[aria-labelledby=scores-title] tbody tr").all_inner_texts()
        assert [row.split("\t")[:2] for row in rows] == [
            ["original", "0.900"], ["0.5", "0.850"], ["1", "0.600"],
        ]  # fmt: skip
        assert page.locator("section[aria-labelledby=right] p").first.text_content() == (
            evaluation.task.sentence
        )
        assert page.locator(".findings p").first.text_content() == evaluation.task.sentence
        check_fit(page, 400)


def test_without_a_model_there_is_no_section(browser: Browser, tmp_path: Path) -> None:
    settings = settings_of((0.5, 1.0))
    with opened(browser, html(settings, evaluation_of(settings)), tmp_path) as page:
        assert count(page, "#right") == count(page, "#quality") == 0
        assert page.evaluate("Object.keys(figures).sort()") == ["boxes", "classes", "lines"]


@pytest.mark.parametrize(
    ("levels", "right", "values"),
    [
        ((0.5,), (1, 0), {"samples": 1, "classes": (NASTY,)}),
        (TENTHS, (90,) * 11, {"model": NASTY}),
        (
            tuple(np.linspace(0, 1, 101).round(2).tolist()),
            (*range(150, 49, -1), 50),
            {"samples": 200, "classes": tuple(f"{'x' * 99}_{n}" for n in range(100))},
        ),
    ],
    ids=["one image, a name that is code", "never broken", "many levels and classes"],
)
def test_it_reads_well_at_the_edges(
    browser: Browser,
    tmp_path: Path,
    levels: tuple[float, ...],
    right: tuple[int, ...],
    values: dict[str, object],
) -> None:
    settings = settings_of(levels)
    with opened(browser, html(settings, asked(settings, *right, **values)), tmp_path) as page:
        page.wait_for_selector("#answers .main-svg")
        rows = "table[aria-labelledby=scores-title] tbody tr"
        assert count(page, rows) == len(levels) + 1
        check_fit(page, 400)
