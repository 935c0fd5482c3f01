"""The value ranges of a run, from some images of its input."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from raydrift.catalog import load_catalog
from raydrift.catalog import value_range as module
from raydrift.catalog.value_range import IMAGES, range_in, with_value_range
from raydrift.cli.generate import print_result
from raydrift.images.value_range import Values
from raydrift.paths import StoragePath
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import as_dict, generate_settings
from raydrift.storage.finalize import finalize
from tests.made_shards import make_shards
from tests.tiff_files import grey_picture, tiff_of

GREY = grey_picture()
FLOATS = (GREY / 255).astype(np.float32)
TWELVE_BITS = (GREY.astype(np.uint32) * 4095 // 255).astype(np.uint16)
CT = GREY.astype(np.int16) * 16 - 1000


def values(kind: str, *spans: tuple[float, float]) -> list[Values]:
    return [Values(kind, low, high) for low, high in spans]


@pytest.mark.parametrize(
    ("kind", "spans", "expected"),
    [
        ("uint16", [(3, 900), (0, 1000)], (0, 1023)),
        ("uint16", [(3, 900), (0, 4000)], (0, 4095)),
        ("uint16", [(0, 16_000)], (0, 16_383)),
        ("uint16", [(0, 17_000)], (0, 65_535)),
        ("uint16", [(0, 17)], (0, 255)),
        ("uint32", [(0, 70_000)], (0, 2**18 - 1)),
        ("int32", [(0, 255)], (0, 255)),
        ("int16", [(0, 30_000)], (0, 32_767)),
        ("int16", [(-950, 2900)], (-1000, 3000)),
        ("int16", [(-30_000, 29_000)], (-32_768, 32_767)),
        ("int8", [(-120, 107)], (-128, 127)),
        ("float32", [(0, 1)], (0, 1)),
        ("float32", [(0.1, 0.2)], (0, 1)),
        ("float32", [(0, 1), (0, 1), (-1, 1)], (0, 1)),
        ("float32", [(-1, 1), (-0.9, 1), (0.1, 1)], (-1, 1)),
        ("float32", [(-0.02, 1.03)], (0, 1)),
        ("float32", [(0, 250), (0, 255)], (0, 255)),
        ("float64", [(200, 60_000)], (0, 65_535)),
        ("float32", [(-2.1, 2.6), (-1.8, 2.5)], (-3, 3)),
        ("float64", [(212.5, 2890), (137, 1200)], (0, 3000)),
        ("float32", [(5, 5)], (0, 1)),
        ("int16", [(-5, -5)], (0, 32_767)),
    ],
)
def test_the_range_of_what_some_images_span(
    kind: str, spans: list[tuple[float, float]], expected: tuple[float, float]
) -> None:
    assert range_in(kind, values(kind, *spans)) == expected


def test_one_odd_image_among_many_does_not_count() -> None:
    spans = [(0.0, 4000.0)] * 60 + [(0.0, 60_000.0)]
    assert range_in("uint16", values("uint16", *spans)) == (0, 4095)


def settings_of(folder: Path, **image: Any) -> GenerateSettings:
    small = {"height": 64, "width": 64}
    return generate_settings(
        {"input": str(folder / "in"), "output": str(folder / "out"), "image": small | image}
    )


def fill(folder: Path, *files: tuple[str, bytes]) -> None:
    (folder / "in" / "a").mkdir(parents=True)
    for name, data in files:
        (folder / "in" / "a" / name).write_bytes(data)


def png(path: Path, samples: npt.NDArray[Any]) -> None:
    Image.fromarray(samples).save(path)


def ranged(settings: GenerateSettings) -> tuple[GenerateSettings, list[str]]:
    return with_value_range(settings, load_catalog(settings.input))


def test_each_kind_has_its_range_and_what_is_not_promised_is_told(tmp_path: Path) -> None:
    fill(
        tmp_path,
        ("12.tif", tiff_of(TWELVE_BITS, 1)),
        ("8.tif", tiff_of(GREY, 1)),
        ("12_packed.tif", tiff_of(np.zeros((64, 96), np.uint8), 1, bits=12)),
        ("broken.tif", tiff_of(CT, 1)[:200]),
        ("ct.TIFF", tiff_of(CT, 1)),
        ("float.tif", tiff_of(FLOATS, 1)),
    )
    png(tmp_path / "in" / "a" / "12.png", TWELVE_BITS)
    settings, notes = ranged(settings_of(tmp_path))
    assert settings.image.value_range == {"int16": (-1000, 3000), "uint16": (0, 4095)}
    assert notes == [
        "int16 values are drawn from -1000 (black) to 3000 (white), as found in 1 image of the "
        "input: set image.value_range to choose",
        "uint16 values are drawn from 0 (black) to 4095 (white), as found in 2 images of the "
        "input: set image.value_range to choose",
    ]
    assert ranged(settings) == (settings, [])
    assert generate_settings(as_dict(settings)) == settings


def test_a_range_that_is_set_stays(tmp_path: Path) -> None:
    fill(tmp_path, ("12.tif", tiff_of(TWELVE_BITS, 1)), ("ct.tif", tiff_of(CT, 1)))
    whole = settings_of(tmp_path, value_range=[0, 1000])
    assert ranged(whole) == (whole, [])
    part, notes = ranged(settings_of(tmp_path, value_range={"uint16": [0, 1000]}))
    assert part.image.value_range == {"int16": (-1000, 3000), "uint16": (0, 1000)}
    assert len(notes) == 1


def test_the_ranges_that_a_run_found_when_it_began_hold_to_its_end(tmp_path: Path) -> None:
    fill(tmp_path, ("12.tif", tiff_of(TWELVE_BITS, 1)), ("ct.tif", tiff_of(CT, 1)))
    settings, catalog = settings_of(tmp_path), load_catalog(str(tmp_path / "in"))
    later, notes = with_value_range(settings, catalog, lambda: {"uint16": (0.0, 1023.0)})
    assert (later.image.value_range, notes) == ({"uint16": (0, 1023)}, [])
    assert with_value_range(settings, catalog, dict) == (settings, [])


def test_images_of_8_bits_are_not_decoded_and_other_formats_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise AssertionError("a decoder was started, or a file opened")

    fill(tmp_path, ("8.tif", tiff_of(GREY, 1)), ("a.jpg", b""), ("b.webp", b""))
    png(tmp_path / "in" / "a" / "8.png", GREY)
    monkeypatch.setattr(module.IsolatedDecoder, "__call__", none)
    settings = settings_of(tmp_path)
    assert ranged(settings) == (settings, [])
    for name in ("8.tif", "8.png"):
        (tmp_path / "in" / "a" / name).unlink()
    monkeypatch.setattr(module, "_is_deep", none)
    assert ranged(settings) == (settings, [])


def test_of_many_files_some_are_looked_at_all_over_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, *((f"{number:04d}.tif", b"") for number in range(1000)))
    opened: list[str] = []
    monkeypatch.setattr(module, "_is_deep", lambda _, path: opened.append(path))
    ranged(settings_of(tmp_path))
    assert IMAGES // 2 < len(opened) <= IMAGES
    numbers = sorted(int(path[2:6]) for path in opened)
    assert (numbers[0], numbers[-1]) == (8, 984)


def test_images_that_the_range_does_not_fit_are_counted_and_told_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(
        tmp_path,
        ("0.tif", tiff_of(FLOATS, 1)),
        ("1.tif", tiff_of(TWELVE_BITS, 1)),
        ("2.tif", tiff_of(TWELVE_BITS // 4, 1)),
        ("3.tif", tiff_of(FLOATS * 2 - 1, 1)),
        ("4.tif", tiff_of(TWELVE_BITS // 8, 1)),
    )
    settings, _ = ranged(settings_of(tmp_path, value_range={"float32": [0, 1]}))
    record = finalize(make_shards(settings, size=2))
    dark, cut = (
        f"{what}, with their {kind} values in the range 0 to {white}: set image.value_range"
        for what, kind, white in (
            ("came out black, dark or flat", "uint16", 4095),
            ("lost what is darkest or brightest", "float32", 1),
        )
    )
    assert [(one["text"], one["images"]) for one in record.remarks] == [(dark, 2), (cut, 1)]
    assert sorted(record.remarks[0]["examples"]) == ["a/2.tif", "a/4.tif"]
    print_result(record, StoragePath.of(settings.output), 1.5)
    printed = capsys.readouterr().out
    assert f"  2 images {dark} (first: {record.remarks[0]['examples'][0]})\n" in printed
    assert f"  1 image {cut} (first: a/3.tif)\n" in printed
