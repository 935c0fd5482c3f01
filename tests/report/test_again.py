"""What a page says of how to measure the same again."""

import shlex
from typing import Any

from raydrift.report.page import report_page
from tests.report import test_matrix_page as matrix
from tests.report.evaluations import evaluation_of, record_of, settings_of


def commands(**values: Any) -> list[list[str]]:
    """The words of the commands on the pages of an evaluation and of a matrix."""
    settings = settings_of([0.5], **values)
    evaluation = evaluation_of(settings)
    pages = (
        report_page(evaluation, settings, record_of(settings, evaluation), ()),
        matrix.html(matrix.found_of(2), **values),
    )
    return [words_of(page) for page in pages]


def words_of(page: str) -> list[str]:
    command = page.split('class="command mono">')[1].split("</p>")[0]
    return shlex.split(command.replace("<span>", "").replace("</span>", "").replace("&#39;", "'"))


def test_what_has_a_flag_is_in_the_command() -> None:
    asked = {
        "split": "train",
        "catalog": {"labels": "a b.csv"},
        "image": {"height": 48, "width": 64, "value_range": [-1000, 3000.5]},
        "embedding": {"normalize": True, "precision": "bfloat16", "batch_size": 8},
        "raw": {},
    }
    for words in commands(**asked):
        for flags in (
            ["--split", "train"],
            ["--labels", "a b.csv"],
            ["--image-size", "48x64"],
            ["--value-range=-1000,3000.5"],
            ["--normalize"],
            ["--precision", "bfloat16"],
            ["--batch-size", "8"],
            ["--raw"],
        ):
            place = words.index(flags[0])
            assert words[place : place + len(flags)] == flags


def test_what_was_not_asked_for_is_not() -> None:
    for words in commands():
        assert not {"--raw", "--split", "--normalize", "--precision"} & set(words)
        assert not [word for word in words if word.startswith("--value-range")]
