"""What a plan counts is what a run does; and its picture."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from raydrift.catalog import Catalog, load_catalog
from raydrift.catalog.stream import Stream, sample_order
from raydrift.engine.data.tasks import run_samples
from raydrift.paths import StoragePath
from raydrift.report import timeline_plot
from raydrift.report.timeline import StreamPlan, plan_stream
from raydrift.report.timeline_plot import timeline_figure, timeline_png
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import generate_settings

TIMELINE: dict[str, Any] = {
    "transforms": ["contrast:0.1"],
    "drift": [
        {"transforms": ["hue:0.6"], "kind": "gradual", "start": 20, "width": 20},
        {"transforms": ["hue:0.4"], "start": 10, "until": 50, "where": {"class": "boat"}},
        {"transforms": ["rotate:0.5"], "kind": "recurring", "period": 12, "duty": 0.25},
    ],
    "label_shift": [{"start": 30, "width": 10, "proportions": {"boat": 0.4}}],
}


def settings_of(source: object, **values: Any) -> GenerateSettings:
    return generate_settings({"input": str(source), "output": "unwritten", **values})


def planned(settings: GenerateSettings, catalog: Catalog) -> StreamPlan:
    samples, _ = run_samples(settings, catalog)
    return plan_stream(settings, catalog, Stream.of(settings, catalog), samples)


def drawn_catalog(samples: int, classes: int) -> Catalog:
    """Names of images that nobody looks at."""
    table = pa.table(
        {
            "path": pa.array([f"{i:08d}.jpg" for i in range(samples)], pa.large_string()),
            "class_index": np.random.default_rng(0).integers(classes, size=samples, dtype=np.int32),
            "size": np.full(samples, -1),
        }
    )
    names = tuple(f"class {n:03d}" for n in range(classes))
    return Catalog(StoragePath.of("."), table, names, {name: n for n, name in enumerate(names)})


def test_it_counts_what_the_run_gives_each_sample(scenes: Path) -> None:
    catalog, settings = load_catalog(str(scenes)), settings_of(scenes, **TIMELINE)
    plan, rows = planned(settings, catalog), sample_order(settings, catalog).rows
    found = Stream.of(settings, catalog).drift(rows, np.arange(len(rows)))
    of_class = catalog.table["class_index"].to_numpy()[rows]
    for course in (plan.fine, plan.coarse, plan.mix, plan.phases):
        assert (course.edges[0], course.edges[-1]) == (0, len(rows))
        for part, (first, stop) in enumerate(zip(course.edges, course.edges[1:], strict=False)):
            here = slice(first, stop)
            assert course.level[part] == pytest.approx(found.levels[here].mean())
            assert course.drifted[part] == pytest.approx((found.levels[here] > 0).mean())
            shares = [(of_class[here] == one).mean() for one in range(6)]
            if course is plan.mix or course is plan.phases:
                np.testing.assert_allclose(course.classes[:, part], shares)
            due = found.courses[here].mean(axis=0) * [0.6, 0.4, 0.5]
            np.testing.assert_allclose(course.due_level[:, part], due)
    assert plan.ended_by == "boat"


def test_phases_go_from_one_begin_or_end_to_the_next(scenes: Path) -> None:
    """Of drifts, of the window of the shift, and of the stream, which lacks boats from 42 on."""
    plan = planned(settings_of(scenes, **TIMELINE), load_catalog(str(scenes)))
    assert plan.phases.edges.tolist() == [0, 10, 20, 30, 40, 42]


def test_a_part_of_a_stream_is_planned_as_a_part_of_it(scenes: Path) -> None:
    settings = settings_of(scenes, **TIMELINE, start=15, num_samples=20, stream=72)
    plan = planned(settings, load_catalog(str(scenes)))
    assert plan.phases.edges.tolist() == [15, 20, 30, 35]
    whole = planned(settings_of(scenes, **TIMELINE), load_catalog(str(scenes)))
    assert plan.fine.level.tolist() == whole.fine.level[15:35].tolist()


def test_a_million_images_of_fifty_classes_are_planned_in_a_moment() -> None:
    shift = {"start": 0.5, "proportions": {"class 001": 0.03}}
    values = TIMELINE | {"label_shift": [shift], "drift": TIMELINE["drift"][::2]}
    plan = planned(settings_of("unused", **values), drawn_catalog(1_000_000, 50))
    assert plan.ended_by == "class 001"
    assert len(plan.fine.edges) == 2001
    assert len(plan.mix.edges) == 241


@pytest.mark.parametrize(
    ("samples", "classes", "values"),
    [
        (1, 1, {}),
        (7, 2, {"transforms": ["hue:0.5"]}),
        (100, 1, {"drift": [{"transforms": ["hue:0.5"], "kind": "seasonal", "period": 10}]}),
        (1000, 200, {"drift": [{"transforms": ["hue:0.5"], "start": n} for n in range(20)]}),
        (50, 3, {"delta_timestamp": 0, "drift": [{"transforms": ["hue:0"]}]}),
        (50, 3, {"delta_timestamp": 1e12}),
        (50, 3, {"first_timestamp": -1e9}),
    ],
)
def test_every_timeline_has_a_picture(
    samples: int, classes: int, values: dict[str, Any], tmp_path: Path
) -> None:
    plan = planned(settings_of("unused", **values), drawn_catalog(samples, classes))
    figure = timeline_figure(plan, "$ _a title_ $")
    (tmp_path / "plan.png").write_bytes(timeline_png(plan, "$ _a title_ $"))
    assert (tmp_path / "plan.png").read_bytes().startswith(b"\x89PNG")
    level, share, mix = figure.axes[:3]
    assert mix.get_xlim() == (0, samples)
    assert share.get_ylim()[0] == mix.get_ylim()[0] == level.get_ylim()[0] == 0
    shown = [text.get_text().strip() for text in mix.get_legend().get_texts()]
    assert len(shown) == min(classes, 12)
    assert (f"{classes - 11} other classes" in shown) is (classes > 11)


def test_classes_of_any_name_are_in_the_picture(tmp_path: Path) -> None:
    names = ("_hidden", "$x^", "猫", "a\nb", "x" * 200)
    catalog = drawn_catalog(40, 5)
    named = Catalog(catalog.root, catalog.table, names, dict.fromkeys(names, 0))
    plan = planned(settings_of("unused"), named)
    (tmp_path / "plan.png").write_bytes(timeline_png(plan, "猫"))
    figure = timeline_figure(plan)
    shown = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert shown[-1] == " _hidden"
    assert len(shown) == 5


def test_a_control_character_is_in_the_picture_as_its_escape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[list[str]] = []
    monkeypatch.setattr(
        timeline_plot,
        "timeline_figure",
        lambda plan, title, write: (
            drawn.append([write(name) for name in plan.classes]) or timeline_figure(plan, title)
        ),
    )
    catalog = drawn_catalog(40, 2)
    names = ("d\x1b[31mog", "cat")
    named = Catalog(catalog.root, catalog.table, names, dict.fromkeys(names, 0))
    timeline_png(planned(settings_of("unused"), named), "title")
    assert drawn == [[r"d\x1b[31mog", "cat"]]


def test_samples_are_counted_in_whole_numbers() -> None:
    mix = timeline_figure(planned(settings_of("unused"), drawn_catalog(20, 2))).axes[2]
    assert all(float(tick).is_integer() for tick in mix.get_xticks())
