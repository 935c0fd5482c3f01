"""The findings of searches, put together."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from raydrift.errors import PipelineError
from raydrift.report.forensics import Forensics, Searched, put_together
from raydrift.report.forensics_plot import forensics_plot, part_colours
from raydrift.report.forensics_texts import camera_text, forensics_sentences
from raydrift.report.input_summary import InputSummary
from raydrift.settings import TaskSettings
from raydrift.tasks.files import TaskFile, TaskKind
from raydrift.tasks.task import Task

ROWS = {
    ("all", 0.5): 0.7,
    ("all", 1.0): 0.5,
    ("isp_gamma", 0.5): 0.6,
    ("isp_gamma", 1.0): 0.65,
    ("isp_sharpen", 0.5): 0.9,
    ("isp_sharpen", 1.0): 0.85,
}


def members(part: str) -> Sequence[str]:
    return ("isp_gamma", "isp_sharpen") if part == "all" else (part,)


def searched(part: str | None, level: float | None, quality: float, **values: Any) -> Searched:
    camera = json.dumps({"gamma": quality, "found": [part, level]})
    row = {
        "part": part,
        "level": level,
        "samples": 20,
        "of_pixels": False,
        "quality": quality,
        "loss": 1 - quality,
        "climbed": None,
        "drawn_quality": 0.9,
        "camera": camera,
        "tried": 3,
        "sample_ids": [0, 1],
    }
    return Searched(row | values, (), ())


def found_of(rows: dict[tuple[str, float], float] = ROWS, drop: float = 0.25) -> Forensics:
    file = TaskFile("m.pt2", TaskKind.PROGRAM, None, "0123456789abcdef", b"")
    task = Task(file, TaskSettings("m.pt2", drop=drop), (0, 1))
    all_of_them = [searched(None, None, 0.9)]
    all_of_them += [searched(*cell, quality) for cell, quality in rows.items()]
    return put_together(task, all_of_them, members, InputSummary())


def test_a_camera_is_also_one_of_a_higher_level_and_of_all_parts() -> None:
    found = found_of()
    low, high = found.worst_of["isp_gamma"]
    assert (low.quality, high.quality) == (0.6, 0.6), "0.65 was found, 0.6 may be had"
    assert (high.found_part, high.found_level) == ("isp_gamma", 0.5)
    assert high.camera == low.camera
    low, high = found.worst_of["all"]
    assert (low.quality, low.found_part, low.found_level) == (0.6, "isp_gamma", 0.5)
    assert (high.quality, high.found_part, high.found_level) == (0.5, "all", 1.0)
    assert [one.quality for one in found.worst_of["isp_sharpen"]] == [0.9, 0.85]


def test_the_first_level_that_costs_more_than_the_drop_counts() -> None:
    found = found_of()
    first = found.breaks("isp_gamma")
    assert first is not None
    assert first.level == 0.5
    assert found.breaks("isp_sharpen") is None
    exactly = found_of(drop=0.3)  # 0.9 - 0.6 is not more than 0.3
    assert exactly.breaks("isp_gamma") is None
    assert exactly.ranking == ["all", "isp_gamma", "isp_sharpen"]


def test_the_worst_of_all_is_told_with_its_file() -> None:
    found = found_of()
    assert (found.worst.part, found.worst.level) == ("all", 1.0)
    assert found.worst.file == "cameras/all-1.toml"
    same = found_of(dict.fromkeys(ROWS, 0.6))
    assert (same.worst.part, same.worst.level) == ("isp_gamma", 0.5), "the plainest of equals"


def test_with_a_penalty_the_largest_of_what_is_climbed_is_the_worst() -> None:
    task = found_of().task
    rows = [searched(None, None, 0.9)]
    rows += [
        searched("isp_gamma", 0.5, 0.8, climbed=2.0),
        searched("isp_gamma", 1.0, 0.5, climbed=1.0),
    ]
    found = put_together(task, rows, members, InputSummary())
    assert [one.quality for one in found.worst_of["isp_gamma"]] == [0.8, 0.8]


def test_searches_of_other_images_are_not_put_together() -> None:
    rows = [searched(None, None, 0.9), searched("isp_gamma", 0.5, 0.8, samples=19)]
    with pytest.raises(PipelineError, match=r"^the searches had 19 to 20 images, as some could"):
        put_together(found_of().task, rows, members, InputSummary())


def test_sentences_say_from_which_level_on() -> None:
    assert set(forensics_sentences(found_of())) == {
        "From isp_gamma 0.5 on there is a camera that costs more than 25.0 points of accuracy: of "
        "90.0 % it leaves 60.0 %.",
        "From level 0.5 of all parts together on there is a camera that costs more than 25.0 "
        "points of accuracy: of 90.0 % it leaves 60.0 %, and 50.0 % at 1.",
        "isp_sharpen: up to level 1 no camera was found that costs more than 25.0 points of "
        "accuracy; the worst one costs 5.0.",
    }


def test_a_model_that_knows_nothing_is_warned_of() -> None:
    task = found_of().task
    rows = [searched(None, None, 0.5), searched("isp_gamma", 0.5, 0.4)]
    found = put_together(task, rows, members, InputSummary())
    assert "no more than chance" in forensics_sentences(found)[-1]


def test_a_camera_is_told_in_a_line() -> None:
    one = found_of().worst
    matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    camera = {"black": 0.0123456, "matrix": matrix, "share": 0.0, "other": 1}
    object.__setattr__(one, "camera", camera)
    assert camera_text(one) == "black 0.0123, share 0, other 1"
    object.__setattr__(one, "camera", camera | {"share": 0.5})
    assert camera_text(one).startswith("black 0.0123, matrix 1.00 0 0; 0 1.00 0; 0 0 1.00, share")


def test_the_plot_is_a_picture() -> None:
    assert forensics_plot(found_of()).startswith(b"\x89PNG")
    assert part_colours(["all", "isp_gamma"])[0] != part_colours(["all", "isp_gamma"])[1]
    assert part_colours(["all"]) == ["#1c2430"]
