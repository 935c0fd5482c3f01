"""What the commands print where the terminal's or pipe's encoding has few signs."""

import codecs
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from raydrift.cli import _COMMANDS, run
from raydrift.cli.encoding import in_plain_signs
from raydrift.images.scenes import draw_scene
from raydrift.settings.toml import generate_settings
from raydrift.storage.finalize import finalize
from tests.calibrate.test_profile import PROFILE
from tests.made_shards import make_shards

ENCODINGS = ["ascii", "latin-1", "cp1252", "cp437", "utf-8"]


class Printed:
    """Standard output and error of an encoding; a sign that is not in it is an error by default."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.out, self.err = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))

    def text(self) -> str:
        parts = []
        for stream in (self.out, self.err):
            stream.flush()
            parts.append(stream.buffer.getvalue().decode(self.encoding))  # type: ignore[attr-defined]
        return "".join(parts)


@pytest.fixture
def printing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Printed]:
    def start(encoding: str) -> Printed:
        printed = Printed(encoding)
        monkeypatch.setattr(sys, "stdout", printed.out)
        monkeypatch.setattr(sys, "stderr", printed.err)
        return printed

    return start


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images in classes of many scripts, and what a run made of them."""
    folder = tmp_path_factory.mktemp("odd")
    for number, name in enumerate(("雪 – …", "café", "🐈", "кот")):
        (folder / "in" / name).mkdir(parents=True)
        for image in range(3):
            pixels = draw_scene("boat", 0, number * 3 + image, 24, 32)
            Image.fromarray(pixels).save(folder / "in" / name / f"{name}{image}.png")
        (folder / "in" / name / "x.png").write_bytes(b"no image")
    settings = generate_settings(
        {"input": str(folder / "in"), "output": str(folder / "雪"), "transforms": ["rotate:0.3"]}
    )
    finalize(make_shards(settings), accept_rejected=True)
    (folder / "profile.toml").write_text(PROFILE.to_toml())
    return folder


each_encoding = pytest.mark.parametrize("encoding", ENCODINGS)


@each_encoding
def test_help_of_every_command(printing: Callable[[str], Printed], encoding: str) -> None:
    printed = printing(encoding)
    for command in _COMMANDS:
        assert run([command, "--help"]) == 0
    assert printed.text().count("Usage: raydrift") == len(_COMMANDS)


@each_encoding
def test_what_the_commands_tell(
    printing: Callable[[str], Printed], encoding: str, odd: Path
) -> None:
    printed = printing(encoding)
    source, output = str(odd / "in"), str(odd / "雪")
    plan = ["plan", source, str(odd / "plan.png"), "--drift", "abrupt", "--start", "0.5"]
    assert run([*plan, "-t", "rotate:0.3"]) == 0
    assert run(["inspect", output]) == 0
    assert run(["status", output]) == 0
    assert run(["finalize", output]) == 0
    assert run(["preview", source, str(odd / "sheet.png"), "-t", "rotate", "--images", "1"]) == 0
    assert run(["generate", str(odd / "猫"), output, "-t", "rotate:0.3"]) == 2
    said = printed.text()
    name = {"utf-8": "雪 – …", "cp1252": r"\u96ea – …"}.get(printed.encoding, r"\u96ea - ...")
    assert name in said
    assert "Traceback" not in said


def test_a_name_that_is_no_text_is_printed_too(printing: Callable[[str], Printed]) -> None:
    printed = printing("utf-8")
    assert run(["inspect", "out\udcff"]) == 2
    assert r"out\udcff" in printed.text()


def test_only_what_cannot_be_written_is_replaced() -> None:
    codecs.register_error("plain", in_plain_signs)
    assert (
        "± 3 × café – 雪".encode("cp1252", "plain") == "± 3 × café – ".encode("cp1252") + rb"\u96ea"
    )
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "plain")
