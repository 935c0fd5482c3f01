"""What pictures are lettered with: names in any script, and never boxes that look alike."""

from pathlib import Path

import matplotlib
import pytest
from fontTools.ttLib import TTFont

from raydrift.catalog import load_catalog
from raydrift.catalog.stream import Stream
from raydrift.report import fonts
from raydrift.report.fonts import Lettering, one_font
from raydrift.report.sheet import lettered
from raydrift.report.timeline import StreamPlan, plan_stream
from raydrift.report.timeline_plot import timeline_figure, timeline_png
from raydrift.settings.toml import generate_settings

NAMES = ("雪", "犬", "кот", "قط", "高い山 (high)", "🐈‍⬛", "café", "बिल्ली")


@pytest.fixture
def no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", list)


@pytest.fixture
def with_snow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A machine with two broken fonts and one that has the sign for snow, which looks like an S."""
    font = TTFont(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    for table in font["cmap"].tables:
        table.cmap = {ord(sign): "S" for sign in "雪 S"}
    for name in font["name"].names:
        name.string = "Snow"
    path = str(tmp_path / "snow.ttf")
    font.save(path)
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    files = [str(tmp_path / "broken.ttf"), str(tmp_path / "gone.ttf"), path]
    monkeypatch.setattr(fonts, "_system_fonts", lambda: files)
    return path


def planned(folder: Path) -> StreamPlan:
    for name in NAMES:
        (folder / name).mkdir()
        (folder / name / "1.png").write_bytes(b"nobody looks")
    drift = {"transforms": ["hue:0.5"], "where": {"class": ["雪", "кот"]}}
    settings = generate_settings({"input": str(folder), "output": "x", "drift": [drift]})
    catalog = load_catalog(settings.input)
    return plan_stream(settings, catalog, Stream.of(settings, catalog), len(NAMES))


@pytest.mark.usefixtures("no_others")
def test_the_usual_font_is_enough_for_most_of_europe_and_for_arabic() -> None:
    found = Lettering.of(["café – × …", "кот", "γάτα", "قط"])
    assert [Path(file).name for file in found.files] == ["DejaVuSans.ttf"]
    assert found.families == ["DejaVu Sans"]
    assert found.note is None
    assert found.write("кот") == "кот"


@pytest.mark.usefixtures("no_others")
def test_a_sign_that_no_font_has_is_its_code() -> None:
    found = Lettering.of(NAMES)
    assert [found.write(name) for name in NAMES] == [
        r"\u96ea",
        r"\u72ac",
        "кот",
        "قط",
        r"\u9ad8\u3044\u5c71 (high)",
        r"\U0001f408" + "\u200d" + r"\u2b1b",
        "café",
        r"\u092c\u093f\u0932\u094d\u0932\u0940",
    ]
    assert found.note is not None
    assert found.note.startswith(r"no font of this machine has \U0001f408, \u092c, \u0932 …: the")


def test_a_font_of_this_machine_is_used_where_it_has_the_sign(with_snow: str) -> None:
    found = Lettering.of(["雪", "犬"])
    assert found.files[1:] == (with_snow,)
    assert found.families == ["DejaVu Sans", "Snow"]
    assert (found.write("雪"), found.write("犬")) == ("雪", r"\u72ac")


@pytest.mark.usefixtures("no_others")
def test_a_timeline_has_no_boxes(tmp_path: Path) -> None:
    """Matplotlib warns of each one, and warnings are errors here. It is said once."""
    said: list[str] = []
    plan = planned(tmp_path)
    assert timeline_png(plan, "流れ", said.append).startswith(b"\x89PNG")
    assert len(said) == 1
    figure = timeline_figure(plan, "流れ", Lettering.of(["流れ", *NAMES]).write)
    _, _, mix = figure.axes[:3]
    legend = [text.get_text().strip() for text in mix.get_legend().get_texts()]
    assert r"\u96ea" in legend
    assert r"\u72ac" in legend
    assert figure.get_suptitle() == r"\u6d41\u308c: 8 samples"


@pytest.mark.usefixtures("with_snow")
def test_a_timeline_is_drawn_with_a_font_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    plan = planned(tmp_path)
    here = timeline_png(plan, "雪", said.append)
    monkeypatch.setattr(fonts, "_system_fonts", list)
    assert timeline_png(plan, "雪", said.append) != here
    assert len(said) == 2


def test_a_contact_sheet_has_no_boxes_either(with_snow: str) -> None:
    assert one_font("雪 S") == (with_snow, "雪 S")
    text, font = lettered("雪 S", 15, 500)
    assert (text, font.path) == ("雪 S", with_snow)  # type: ignore[union-attr]
    text, font = lettered("犬 boat", 15, 500)
    assert text == r"\u72ac boat"
    assert Path(font.path).name == "DejaVuSans.ttf"  # type: ignore[arg-type, union-attr]
    assert lettered("boat  rotate -12", 15, 500)[0] == "boat  rotate -12"
