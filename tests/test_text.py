"""Names of files and classes, as they reach a terminal, a log or a picture."""

import json
import logging
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.table import Table
from rich.text import Text

from raydrift.cli import run
from raydrift.console import Console
from raydrift.errors import CatalogError
from raydrift.log import JsonLines, log_event
from raydrift.report.text import shortened
from raydrift.text import plural, printable, printable_json

EVIL = "c\x1b[2J\x1b]0;t\x07a\u202et\x9b\r\n\u200b"
SHOWN = r"c\x1b[2J\x1b]0;t\x07a\u202et\x9b\r\n\u200b"


def unsafe(text: str) -> set[str]:
    """The characters that a terminal would obey, line ends aside."""
    return {sign for sign in text if sign != "\n" and not sign.isprintable()}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("golden retriever, 猫, café, Ж", "golden retriever, 猫, café, Ж"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("👩\u200d🔬", "👩\u200d🔬"),
        (EVIL, SHOWN),
        ("\x7f\x80\udcff\u2028\ufeff\U000e0041", r"\x7f\x80\udcff\u2028\ufeff\U000e0041"),
    ],
)
def test_only_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    assert not {sign for sign in printable(text) if ord(sign) < 32 or 127 <= ord(sign) < 160}
    printable(text).encode()  # no half of a surrogate pair either
    line = printable_json(json.dumps({"name": text}, ensure_ascii=False))
    assert json.loads(line) == {"name": text}
    assert not {sign for sign in line if ord(sign) < 32 or 127 <= ord(sign) < 160}


def test_a_console_shows_them_in_lines_tables_and_texts_of_a_style() -> None:
    out = StringIO()
    console = Console(
        file=out, force_terminal=True, color_system="truecolor", width=200, highlight=False
    )
    table = Table("class", title=EVIL)
    table.add_row(EVIL)
    for shown in (f"class {EVIL}", table, Text("\x1b[2Jcat", "bold red")):
        console.print(shown, markup=False)
    said = out.getvalue()
    assert said.count(SHOWN) == 3
    assert "\x1b[1;31m\\x1b[2Jcat" in said  # rich's own colours go through
    assert "\x1b[2J" not in said
    assert "\x1b]" not in said


def test_an_error_can_be_shown_as_it_is() -> None:
    assert str(CatalogError(f"input {EVIL}")) == f"input {SHOWN}"


def test_a_log_has_them_written_out_in_words_and_whole_in_facts() -> None:
    logger, out = logging.getLogger("raydrift"), StringIO()
    handlers = [logging.StreamHandler(out), logging.StreamHandler(out)]
    handlers[1].setFormatter(JsonLines())
    for handler in handlers:
        logger.addHandler(handler)
    try:
        log_event(logging.WARNING, "rejected", f"rejected {EVIL}", first=EVIL)
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
    plain, line, rest = out.getvalue().split("\n")
    assert (plain, rest) == (f"rejected {SHOWN}", "")
    assert json.loads(line)["first"] == EVIL
    assert not unsafe(line)


def test_a_picture_has_them_written_out() -> None:
    assert shortened("\x1b[31mcat", 20) == r"\x1b[31mcat"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["plan", "{in}", "{in}/no/plan.png"], r"in\x1b[2J\u202e"),
        (["generate", "{in}\x1b[1m", "out"], r"in\x1b[2J\u202e\x1b[1m is not there"),
        (["plan", "{in}", "plan.png", "-t", "ro\x1btate:1"], r"ro\x1btate"),
        (["inspect", "{in}"], r"in\x1b[2J\u202e has no run.json"),
        (["plan", "{in}", "{tmp}/plan.png", "--split", "x\x1b"], r"x\x1b"),
        (["preview", "{in}", "{tmp}/sheet.png"], r"a\x1b[31mt/b\x1bad .png"),
        (["st\x1batus"], r"st\x1batus"),
    ],
)
def test_no_command_lets_them_through(
    command: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in\x1b[2J\u202e"
    (folder / "a\x1b[31mt").mkdir(parents=True)
    Image.new("RGB", (16, 16)).save(folder / "a\x1b[31mt" / "1.png")
    (folder / "a\x1b[31mt" / "b\x1bad\n.png").write_bytes(b"no image")
    run([part.replace("{in}", str(folder)).replace("{tmp}", str(tmp_path)) for part in command])
    told = capsys.readouterr()
    assert said in told.out + told.err
    assert not unsafe(told.out + told.err)


@pytest.mark.parametrize(
    ("count", "word", "told"),
    [
        (0, "image", "0 images"),
        (1, "image", "1 image"),
        (1200, "image", "1,200 images"),
        (1, "batch", "1 batch"),
        (3, "batch", "3 batches"),
        (1, "other class", "1 other class"),
        (4, "other class", "4 other classes"),
    ],
)
def test_the_word_agrees_with_the_number(count: int, word: str, told: str) -> None:
    assert plural(count, word) == told
