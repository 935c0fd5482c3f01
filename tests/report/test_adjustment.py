"""What an adjustment found, in numbers, sentences, a plot and a page."""

import math
import re
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from raydrift import schemas
from raydrift.report.adjustment import Adjustment, Curves, adjustment_sentences
from raydrift.report.adjustment_page import adjustment_page
from raydrift.report.adjustment_plot import adjustment_figure, adjustment_plot
from raydrift.report.matrix import ViewMeasures
from raydrift.settings.toml import adjust_settings
from raydrift.storage import layout
from raydrift.storage.evaluated import AdjustRecord

ORIGINAL, DRIFTED = (0.9, 0.8), (0.5, 0.4)


def training(name: str, split: int, values: tuple[float, ...]) -> pa.Table:
    """What came of one; the first of a split tells of the model before it."""
    rows: list[tuple[str, int, float]] = []
    if name == "learned":
        rows += [("original", 0, ORIGINAL[split]), ("drifted", 0, DRIFTED[split])]
    rows += [(name, epoch, value) for epoch, value in enumerate(values)]
    columns: dict[str, Any] = {
        "training": [name for name, *_ in rows],
        "split": [split] * len(rows),
        "epoch": [epoch for _, epoch, _ in rows],
        "samples": [10] * len(rows),
        "loss": [None] * len(rows),
        "quality": [value for *_, value in rows],
        "f1": [None] * len(rows),
        "nll": [None] * len(rows),
    }
    return pa.table(columns, schema=schemas.CURVES)


def found_of(learned: float = 0.85, frozen: float = 0.6, quality: str = "accuracy") -> Adjustment:
    trainings = [
        training("learned", 0, (0.5, 0.7, learned)),
        training("learned", 1, (0.4, 0.6, learned - 0.1)),
        training("frozen", 0, (0.5, 0.55, frozen)),
        training("frozen", 1, (0.4, 0.5, frozen)),
    ]
    batch = ViewMeasures(0, (0, 1), (0, 1), ("cat", "dog"), ("a.jpg", "b.jpg"), None)
    return Adjustment((batch,), Curves.of(trainings), quality, files=2)


def test_the_curves_are_by_split_and_epoch() -> None:
    curves = found_of().curves
    np.testing.assert_allclose(curves.learned, [[0.5, 0.7, 0.85], [0.4, 0.6, 0.75]])
    np.testing.assert_allclose(curves.frozen, [[0.5, 0.55, 0.6], [0.4, 0.5, 0.6]])
    assert (curves.original.tolist(), curves.drifted.tolist()) == ([0.9, 0.8], [0.5, 0.4])
    assert (curves.splits, curves.epochs, curves.best) == (2, 2, 0)
    assert curves.table["training"].to_pylist()[:4] == ["original"] * 2 + ["drifted"] * 2


def test_means_and_deviations_are_of_the_splits() -> None:
    found = found_of()
    mean, deviation = found.ends["learned"]
    assert mean == pytest.approx(0.8)
    assert deviation == pytest.approx(math.sqrt(0.005))
    assert found.written["ends"]["original"]["mean"] == pytest.approx(0.85)
    assert found.written["curves"]["frozen"] == pytest.approx([0.45, 0.525, 0.6])


def test_it_is_said_in_plain_sentences() -> None:
    assert adjustment_sentences(found_of()) == [
        "The drift costs the model 0.400 of its accuracy: 0.850 on the originals, 0.450 on drifted "
        "images.",
        "After 2 epochs on drifted images it is 0.800 ± 0.0707 with a camera that learns too, "
        "0.600 ± 0 with the camera as it was (mean of 2 splits, images that it did not learn "
        "from).",
        "The camera that learns is worth 0.200.",
    ]
    (*_, last) = adjustment_sentences(found_of(learned=0.5))
    assert last == "The camera that learns is worth nothing here."


def test_the_plot_is_a_picture() -> None:
    with Image.open(BytesIO(adjustment_plot(found_of()))) as picture:
        assert picture.size == (1260, 720)


@pytest.mark.parametrize("drifts", [True, False])
@pytest.mark.parametrize(
    ("original", "drifted"), [(0.0, 0.0), (0.13, 0.02), (0.02, 0.03), (0.5, 0.5), (1.0, 1.0)]
)
def test_nothing_in_the_plot_lies_over_a_label(
    original: float, drifted: float, drifts: bool
) -> None:
    found = found_of()
    curves = replace(found.curves, original=np.full(2, original), drifted=np.full(2, drifted))
    figure = adjustment_figure(replace(found, curves=curves, drifts=drifts))
    figure.canvas.draw()
    (axes,) = figure.axes
    inside, legend = axes.get_window_extent(), axes.get_legend()
    assert legend is not None
    assert not legend.get_window_extent().overlaps(inside)
    labels = [label.get_window_extent() for label in axes.texts]
    assert len(labels) == (2 if drifts else 1)
    assert all(inside.y0 < label.y0 and label.y1 < inside.y1 for label in labels)
    assert not any(one.overlaps(two) for one, two in combinations(labels, 2))


@pytest.mark.parametrize(
    ("values", "asked", "columns"),
    [
        ({}, "Can the camera win back what the drift costs?", ["originals", "drifted"]),
        ({"drifts": False}, "What is a camera that learns worth?", ["the model as given"]),
        (
            {"processor": "neural_network"},
            "What is a network in the camera&#39;s place worth?",
            ["originals", "drifted"],
        ),
        (
            {"processor": "none", "drifts": False},
            "Does the model do better without a camera?",
            ["the model as given"],
        ),
    ],
)
def test_the_page_asks_what_was_tried(
    values: dict[str, Any], asked: str, columns: list[str]
) -> None:
    found = replace(found_of(), **values)
    settings = adjust_settings({"input": "in", "output": "out", "task": {"model": "m.pt2"}})
    record = AdjustRecord(
        identity={}, settings={}, classes={}, ignored={}, versions={"raydrift": "0"}
    )
    record.counts = {"rejected": 0}
    page = adjustment_page(found, settings, record, b"png")
    assert f"<h1>{asked}</h1>" in page
    assert re.findall(r'<th scope="col">(.*?)</th>', page)[1:-2] == columns
    assert len(re.findall("<td>", page)) == 2 * (len(columns) + 2)  # of two splits


def test_tiles_of_one_file_have_stages_of_their_own() -> None:
    stages = [
        {
            "training": training,
            "split": 0,
            "sample_id": tile,
            "source_path": "a.tif",
            "stage": stage,
        }
        for training in ("learned", "frozen")
        for tile in (4, 7)
        for stage in ("demosaic", "shown")
    ]
    rest = {"picture": b"png", "height": 2, "width": 2, "values": b"", "gradient": b""}
    table = pa.Table.from_pylist([one | rest for one in stages], schema=schemas.STAGES)
    found = replace(found_of(), kept={layout.STAGES: table})
    settings = adjust_settings({"input": "in", "output": "out", "task": {"model": "m.pt2"}})
    record = AdjustRecord(
        identity={}, settings={}, classes={}, ignored={}, versions={"raydrift": "0"}
    )
    record.counts = {"rejected": 0}
    page = adjustment_page(found, settings, record, b"png")
    titles = re.findall(r'--count: (\d)">\s*<b>(.*?)</b>', page)
    assert titles == [
        ("2", f"a.tif, sample {tile}, {how}")
        for how in ("at the end of the training", "through the camera as it was")
        for tile in (4, 7)
    ]


def test_the_page_has_the_numbers_and_how_to_get_them_again() -> None:
    settings = adjust_settings(
        {
            "input": "my photos",
            "output": "out",
            "transforms": ["isp_gamma:0.5"],
            "task": {"model": "resnet18:w.pt", "normalize": "imagenet"},
            "num_samples": 2,
            "camera_lr": 0.01,
        }
    )
    found = found_of()
    record = AdjustRecord(
        identity={}, settings={}, classes={}, ignored={}, versions={"raydrift": "0"}
    )
    record.counts = {"rejected": 0}
    page = adjustment_page(found, settings, record, adjustment_plot(found))
    assert "The camera that learns is worth 0.200." in page
    assert "<td>0.850</td>" in page
    words = page.split('class="command mono">')[1].split("</p>")[0]
    words = words.replace("<span>", "").replace("</span>", "").replace("&#39;", "'")
    for flags in (
        "raydrift adjust 'my photos' OUTPUT --task resnet18:w.pt -t isp_gamma:0.5",
        "--task-normalize imagenet",
        "--camera-lr 0.01",
        "--learn all",
        "--image-size 224x224",
    ):
        assert flags in words
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
