"""What corruptions come to beside a matrix, on numbers that a test can know."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from playwright.sync_api import Browser

from raydrift import schemas
from raydrift.drift.corruptions import CORRUPTIONS
from raydrift.report.corruption_plot import corruption_plot, drops
from raydrift.report.corruption_texts import corruption_sentences
from raydrift.report.corruptions import CorruptionScores, of_views
from raydrift.report.matrix import Matrix, ProbeScores
from tests.report.test_matrix import CODES, matrix_of
from tests.report.test_matrix_page import html

OWN, OTHER = 0.9, 0.85
COSTS = np.linspace(0.01, 0.19, 10)  # 0.1 in the mean, at severity 1; as much again at each other


def found_of(
    severities: tuple[int, ...] = (1, 3), views: int = 3, other: float = OTHER, scale: float = 1.0
) -> Matrix:
    """Two splits, one 0.02 above and one 0.02 below those accuracies; view n loses n/100 more."""
    accuracy = np.full((views, views), other)
    np.fill_diagonal(accuracy, OWN)
    splits = accuracy + np.array([0.02, -0.02])[:, None, None]
    found = matrix_of(splits)
    assert found.probe is not None
    fits = []
    for view in range(views):
        for split in range(2):
            sign = (1, -1)[split]
            rows = [
                (code, None, None, splits[split, view, place])
                for place, code in enumerate(CODES[:views])
            ]
            rows += [
                (
                    CODES[view],
                    name,
                    severity,
                    OWN - scale * cost * severity - view / 100 + sign / 50,
                )
                for name, cost in zip(CORRUPTIONS, COSTS, strict=True)
                for severity in severities
            ]
            tested, names, levels, right = zip(*rows, strict=True)
            count = len(rows)
            columns = ([CODES[view]] * count, tested, [split] * count, [50] * count, right, right)
            fits.append(pa.table([*columns, names, levels], schema=schemas.FITTED))
    return replace(found, corruptions=CorruptionScores.of(fits, found.probe))


def scores_of(found: Matrix) -> CorruptionScores:
    assert found.corruptions is not None
    return found.corruptions


def test_the_fits_come_apart_into_views_and_corruptions() -> None:
    found = found_of()
    scores = scores_of(found)
    assert (scores.names, scores.severities) == (CORRUPTIONS, (1, 3))
    assert scores.table.schema == schemas.CORRUPTIONS
    first = [tuple(row.values()) for row in scores.table.slice(0, 5).to_pylist()]
    assert [row[:5] for row in first] == [
        ("bi,s,me", "gaussian_noise", 1, 0, 50),
        ("bi,s,me", "gaussian_noise", 1, 1, 50),
        ("bi,s,me", "gaussian_noise", 3, 0, 50),
        ("bi,s,me", "gaussian_noise", 3, 1, 50),
        ("bi,s,me", "shot_noise", 1, 0, 50),
    ]
    assert [row[5] for row in first[:4]] == pytest.approx([0.91, 0.87, 0.89, 0.85])
    fit = pa.table(
        [
            ["a", "a"],
            ["a", "a"],
            [0, 0],
            [1, 1],
            [1.0, 0.5],
            [1.0, 0.5],
            [None, "contrast"],
            [None, 3],
        ],
        schema=schemas.FITTED,
    )
    assert of_views(fit).to_pylist() == [
        {"train_view": "a", "test_view": "a", "split": 0, "samples": 1, "accuracy": 1.0, "f1": 1.0}
    ]


def test_the_ratio_is_that_of_the_mean_drops() -> None:
    scores = scores_of(found_of())
    lost = COSTS[None, :, None] * np.array([1, 3]) + np.arange(3)[:, None, None] / 100
    np.testing.assert_allclose(scores.drop, lost)
    np.testing.assert_allclose(scores.mean_drop, [0.11, 0.31])
    assert scores.elsewhere == pytest.approx(0.05)
    assert scores.ratio == pytest.approx([2.2, 6.2])
    deviation = (2 * 0.02**2) ** 0.5  # of a split, by n - 1; both squares are added
    np.testing.assert_allclose(scores.drop_deviation, 2**0.5 * deviation)
    cells = drops(scores, 1)
    assert cells.shape == (4, 12)
    np.testing.assert_allclose(cells[:3, 11], 0.05)
    np.testing.assert_allclose(cells[3, :10], 3 * COSTS + 0.01)
    assert cells[3, 10] == pytest.approx(0.31)


def test_the_middle_severity_is_the_one_that_is_drawn() -> None:
    chosen = [(3,), (1, 3), (1, 3, 5), (1, 2, 3, 4, 5)]
    for scores in map(scores_of, map(found_of, chosen)):
        assert scores.severities[scores.middle] == 3


def test_the_sentences_say_the_ratio_plainly() -> None:
    first, second = corruption_sentences(scores_of(found_of()))
    assert first == (
        "Corruptions of the finished pictures at severity 3 cost 31.0 points, in the mean of "
        "10 corruptions: 6.2 times what another view costs (5.0 points). It is 2.2 times at "
        "severity 1."
    )
    assert second == ("Most is lost by elastic (58.0 points), least by gaussian_noise (4.0).")


@pytest.mark.parametrize("other", [OWN, OWN + 0.05])
def test_where_other_views_cost_nothing_there_is_no_ratio(other: float) -> None:
    found = found_of(other=other)
    scores = scores_of(found)
    assert scores.ratio is None
    assert corruption_sentences(scores)[0].endswith(
        "; another view costs nothing, so there is no ratio of the two."
    )
    plain = json.loads(json.dumps(found.written, allow_nan=False))["corruptions"]
    assert [one["ratio"] for one in plain["severities"]] == [None, None]
    assert "against another view" not in html(found).split("<script")[0]


def test_corruptions_that_cost_nothing_are_said_to() -> None:
    first, _ = corruption_sentences(scores_of(found_of(scale=-1)))
    assert first.endswith(
        "10 corruptions: nothing, so there is no ratio to what another view costs."
    )


@pytest.mark.parametrize("views", [2, 12])
def test_the_plot_has_room(views: int) -> None:
    found = found_of(views=views)
    with Image.open(BytesIO(corruption_plot(found, scores_of(found)))) as image:
        assert image.format == "PNG"
        assert image.size[0] > 60 * 12
        assert image.size[1] > 60 * (views + 1)


def test_a_reader_chooses_the_severity(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(html(found_of(), corruptions=[1, 3]), encoding="utf-8")
    said: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector("#corrupted .main-svg")
    data = "document.getElementById('corrupted').data[0]"
    assert page.evaluate(f"{data}.text[0]")[:2] == ["3.0", "9.0"]
    assert page.evaluate(f"{data}.customdata[0][0]") == ["bi,s,me", "gaussian_noise", "3.0 ± 4.0"]
    page.select_option("#severity", label="1")
    assert page.evaluate(f"{data}.text[0]")[:2] == ["1.0", "3.0"]
    page.wait_for_selector("#matrix .main-svg")
    assert "6.2 times what another view costs" in (page.text_content("main") or "")
    assert "--corruptions 1,3 --seed 42" in (page.text_content(".command") or "")
    cards = page.locator(".cards li").all_text_contents()
    assert any("6.2" in card and "times" in card for card in cards)
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        sizes = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert sizes == [width, width]
    assert said == []
    page.close()


def test_of_masks_the_intersection_over_union_counts() -> None:
    fits = [
        pa.table(
            [[view] * 3, ["a", "b", view], [split] * 3, [4] * 3, right, [None, None, "contrast"],
             [None, None, 3]],
            schema=pa.schema([schemas.FITTED_IOU.field(name) for name in (
                "train_view", "test_view", "split", "samples", "iou", "corruption", "severity"
            )]),
        )
        for view, right in (("a", [0.8, 0.7, 0.4]), ("b", [0.7, 0.8, 0.6]))
        for split in (0, 1)
    ]  # fmt: skip
    views = ProbeScores.of(list(map(of_views, fits)), 2)
    assert views.table.schema == schemas.MATRIX_IOU
    scores = CorruptionScores.of(fits, views)
    assert scores.table.schema == schemas.CORRUPTIONS_IOU
    assert scores.ratio == pytest.approx([3.0])
    assert scores.written["severities"][0]["iou"] == pytest.approx(np.array([[0.4], [0.6]]))
    found = replace(
        matrix_of(np.full((2, 2, 2), 0.5)), trained=views, probe=None, corruptions=scores
    )
    assert "The drop of intersection over union in hundredths" in html(found)
    assert corruption_plot(found, scores).startswith(b"\x89PNG")
