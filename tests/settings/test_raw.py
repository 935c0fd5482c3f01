"""[raw]: what can be, and one line for what cannot."""

from typing import Any

import numpy as np
import pytest

from raydrift import TransformInfo
from raydrift.camera import CFA, VIEWS
from raydrift.camera.views import Demosaicer, Denoising, Sharpening, View
from raydrift.engine.identity import run_identity
from raydrift.errors import SettingsError
from raydrift.settings import GenerateSettings, RawSettings
from raydrift.settings.raw import CFAS, VIEW_PARTS
from raydrift.settings.toml import as_dict, evaluate_settings, generate_settings

PNG: dict[str, Any] = {"files": "png", "cfa": "RGGB", "gains": "drone", "matrix": "drone"}
HEADERLESS = PNG | {"files": "headerless", "shape": [4, 6], "bits": 12}


def written(**raw: Any) -> GenerateSettings:
    return generate_settings({"input": "in", "output": "out", "raw": raw})


def test_the_defaults_are_a_cameras_files() -> None:
    assert written().raw == RawSettings()
    assert RawSettings().view == "bi,u,ga"
    assert generate_settings({"input": "in", "output": "out"}).raw is None


def test_lists_of_toml_and_arrays_of_numpy_are_one() -> None:
    matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    one = written(**HEADERLESS | {"gains": [2, 1, 1.5], "matrix": matrix, "black": 64}).raw
    other = RawSettings(
        **HEADERLESS
        | {
            "gains": np.array([2, 1, 1.5]),
            "matrix": np.array(matrix),
            "black": [64.0] * 4,
            "shape": (4, 6),
        }
    )
    assert one == other
    assert hash(one) == hash(other)


def test_the_words_are_those_of_the_camera() -> None:
    assert tuple(CFA) == CFAS
    demosaicers, sharpenings, denoisings = VIEW_PARTS
    assert set(demosaicers) == set(Demosaicer)
    assert set(sharpenings) == set(Sharpening)
    assert {*denoisings, "fft"} == set(Denoising)
    for view in VIEWS:
        assert View.parse(RawSettings(view=str(view)).view) == view


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"files": "nef"}, "raw.files is 'nef': choose from: auto, tiff, png, pgm, headerless"),
        ({"filez": "png"}, "unknown key raw.filez: did you mean 'files'\\?"),
        ({"cfa": "RGBG"}, "raw.cfa is 'RGBG': choose from: RGGB, BGGR, GRBG, GBRG"),
        (PNG | {"cfa": None}, "raw.cfa is None: a png file does not say it: give RGGB or .*"),
        (PNG | {"gains": "file"}, "raw.gains is 'file': a png file does not say it: give .*"),
        (PNG | {"gains": "daylight"}, "raw.gains is 'daylight': a png file does not .*"),
        (PNG | {"matrix": "file"}, "raw.matrix is 'file': a png file does not say it: .*"),
        ({"gains": [2, 0, 1]}, r"raw.gains is \[2, 0, 1\]: give three gains above 0 .*"),
        ({"gains": [2, 1, -1]}, r"raw.gains is \[2, 1, -1\]: give three gains above 0 .*"),
        ({"gains": [2, 1, float("nan")]}, r"raw.gains is \[2, 1, nan\]: give three gains .*"),
        ({"gains": [2, 1]}, r"raw.gains is \[2, 1\]: give three gains .*"),
        ({"gains": "shade"}, "raw.gains is 'shade': choose from: file, daylight, .*"),
        ({"gains": True}, "raw.gains is True: give three gains .*"),
        ({"matrix": [1, 2, 3]}, "raw.matrix is .*: give three rows of three finite numbers.*"),
        ({"matrix": [[1, 0, 0]] * 2}, "raw.matrix is .*: give three rows .*"),
        ({"matrix": "dng"}, "raw.matrix is 'dng': choose from: file, microscopy, drone"),
        ({"black": -1}, "raw.black is -1: give one number of at least 0, or four by place"),
        ({"black": [1, 2]}, r"raw.black is \[1, 2\]: give one number .*"),
        ({"black": float("nan")}, "raw.black is nan: give one number .*"),
        ({"black": "64"}, "raw.black is '64': give one number .*"),
        ({"black": 100, "white": 100}, "raw.black is .*: give levels below raw.white = 100"),
        ({"white": 0}, "raw.white is 0.*: give a number above 0, up to 65535"),
        ({"white": float("inf")}, "raw.white is inf: give a number above 0, up to 65535"),
        ({"white": "high"}, "raw.white is 'high': give a number"),
        (PNG | {"bits": 17}, "raw.bits is 17: give 1 to 16"),
        (PNG | {"bits": 0}, "raw.bits is 0: give 1 to 16"),
        (PNG | {"bits": 8, "black": 255}, "raw.black is .*: give levels below white, 255 .*"),
        ({"bits": 12}, "raw.bits is 12: camera files say it: leave it out, or set raw.files"),
        ({"shape": [4, 4]}, "raw.shape is .*: camera files say it: leave it out, .*"),
        (PNG | {"shape": [4, 4]}, "raw.shape is .*: a png file says it: leave it out"),
        (HEADERLESS | {"shape": None}, r"raw.shape is None: .*: give \[rows, columns\]"),
        (HEADERLESS | {"bits": None}, "raw.bits is None: .*: give 1 to 16"),
        (HEADERLESS | {"shape": [0, 5]}, r"raw.shape is \[0, 5\]: give \[rows, columns\], .*"),
        (HEADERLESS | {"shape": [4.5, 5]}, "raw.shape is .*: give .*"),
        (HEADERLESS | {"shape": 16}, "raw.shape is 16: give .*"),
        ({"view": "xx"}, "raw.view is 'xx': write it as 'bi,u,ga': .*"),
        ({"view": "bi,u,ga,s"}, "raw.view is 'bi,u,ga,s': write it as .*"),
        ({"view": "bi,u,fft"}, "raw.view is 'bi,u,fft': write it as .*"),
        ({"read": "rows"}, "raw.read is 'rows': choose from: full, half, tile"),
        ({"read": "tile", "tile": 255}, "raw.tile is 255: give an even number from 2"),
        ({"read": "tile", "tile": 0}, "raw.tile is 0: give an even number from 2"),
        ({"read": "tile", "bits": 12}, "raw.bits is 12: camera files say it: leave it out, .*"),
        ({"compat": "yes please"}, "raw.compat is 'yes please': give true or false"),
    ],
)
def test_what_cannot_be_is_one_line(raw: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        written(**raw)
    assert caught.match(f"^{told}$"), caught.value
    assert "\n" not in str(caught.value)


def test_no_table_is_said_so() -> None:
    with pytest.raises(SettingsError, match=r"raw is 'yes': write it as a table, \[raw\]"):
        generate_settings({"input": "in", "output": "out", "raw": "yes"})


def test_nothing_that_is_not_demosaiced_can_be_demosaiced_otherwise() -> None:
    of = {"input": "in", "output": "out", "raw": {"read": "half"}}
    told = 'isp_demosaic: raw.read = "half" demosaics nothing: leave the transform out'
    for more in (
        {"transforms": ["isp_demosaic:0.5"]},
        {"drift": [{"kind": "abrupt", "transforms": ["isp_demosaic:0.5"]}]},
    ):
        with pytest.raises(SettingsError, match=told):
            generate_settings(of | more)
    with pytest.raises(SettingsError, match=told):
        evaluate_settings(of | {"transforms": ["isp_demosaic"]})
    generate_settings(of | {"transforms": ["isp_demosaic:0", "isp:1"]})
    RawSettings().check_transforms([TransformInfo("isp_demosaic", 1.0)])


def test_only_where_it_is_given_it_is_part_of_a_runs_identity() -> None:
    def identity(settings: GenerateSettings) -> dict[str, Any]:
        return run_identity(settings, 3, "digest", None)

    assert "raw" not in identity(GenerateSettings("in", "out"))
    given = GenerateSettings("in", "out", raw=RawSettings())
    assert identity(given)["raw"]["view"] == "bi,u,ga"
    other = GenerateSettings("in", "out", raw=RawSettings(view="ma"))
    assert identity(given) != identity(other)


def test_run_json_has_it_and_is_read_again() -> None:
    for raw in (None, RawSettings(), RawSettings(**HEADERLESS)):
        settings = GenerateSettings("in", "out", raw=raw)
        assert generate_settings(as_dict(settings)).raw == raw
