"""Transforms that do not come with raydrift: in a module, of a package, or an object."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
import pytest

from raydrift import Transform, TransformInfo, drift_image
from raydrift.drift import apply_chain
from raydrift.drift.photo.rotate import Rotate
from raydrift.drift.written import read_back
from raydrift.engine.generate import generate
from raydrift.errors import OutputError, PipelineError, ResourcesError, SettingsError
from raydrift.images.codec import decode
from raydrift.settings import EvaluateSettings, GenerateSettings, ImageSettings, Sweep
from raydrift.settings.toml import evaluate_settings, generate_settings
from raydrift.transforms import (
    DriftProfile,
    ImageTransform,
    plain_name,
    split_level,
    transform_class,
)

FOG = """
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from raydrift import Transform

GREY = 200


def mixed(image, share):
    return np.rint((1 - share) * image + share * GREY).astype(np.uint8)


@dataclass(frozen=True)
class Fog(Transform):
    help = "Lays grey over the image."
    draws = "share of grey"
    at_level = "up to {most}·L"

    most: float = 0.8

    def draw(self, level, rng):
        share = rng.uniform(0, self.most * level)
        return {"share": share, "words": "fog", "ends": [0, np.int64(1)]}

    def apply(self, image, share, words, ends):
        return mixed(image, share)

    def jumps(self):
        return (0.25,)
"""


@pytest.fixture
def fog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a module, which is the working folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "my_fog.py").write_text(FOG)
    monkeypatch.chdir(folder)
    yield folder
    sys.modules.pop("my_fog", None)


def settings_for(scenes: Path, output: Path, **values: Any) -> Any:
    return generate_settings(
        {
            "input": str(scenes),
            "output": str(output),
            "num_samples": 8,
            "image": {"height": 32, "width": 32},
            "write": {"shard_size": 4},
        }
        | values
    )


@pytest.mark.usefixtures("ray_session")
def test_a_class_in_a_module_of_the_working_folder_drifts_a_run(
    fog: Path, scenes: Path, tmp_path: Path
) -> None:
    values = {
        "transforms": ["rotate:0.2"],
        "drift": [{"transforms": ["my_fog:Fog:0.5"], "kind": "incremental", "width": 8}],
        "profile": {"my_fog:Fog": {"most": 1.0}},
    }
    settings = settings_for(scenes, tmp_path / "out", **values)
    generate(settings, quiet=True)
    rows = pq.read_table(tmp_path / "out/provenance.parquet").to_pylist()
    with ZipFile(tmp_path / "out/sampled_images.zip") as file:
        members = [file.read(name) for name in file.namelist()]
    for row, member in zip(rows, members, strict=True):
        pixels = decode(member, ImageSettings(32, 32))
        original = (scenes / row["source_path"]).read_bytes()
        clean = decode(original, ImageSettings(32, 32))
        again = apply_chain(
            clean, read_back(row["transforms"]), seed=42, sample_id=row["sample_id"]
        )
        assert (again == pixels).all(), "a row explains every changed pixel"
        fogged = row["transforms"][1]
        assert (fogged["type"], fogged["kernel"]) == ("my_fog:Fog", "my_fog:Fog")
    assert '"words": "fog", "ends": [0, 1]' in rows[-1]["transforms"][1]["parameters"]
    assert generate(settings, quiet=True).status == "complete"
    (fog / "my_fog.py").write_text(FOG.replace("200", "210"))
    assert generate(settings, quiet=True).status == "complete", "Python has the code of before"
    del sys.modules["my_fog"]
    with pytest.raises(OutputError, match=r"\(the code of the transform my_fog:Fog is another\)"):
        generate(settings_for(scenes, tmp_path / "out", **values), quiet=True)


@pytest.mark.usefixtures("ray_session")
def test_an_object_of_a_module_that_no_worker_finds_goes_with_the_job(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a module beside it, a lock, a cache, and ranges, which the run's record has."""
    code = FOG.replace("GREY = 200", "from far_grey import GREY\n\nLOCK = threading.Lock()")
    code = code.replace("\ndef mixed", "\n@lru_cache\ndef grey():\n    return GREY\n\n\ndef mixed")
    code = code.replace("    return np.rint", "    with LOCK:\n        return np.rint")
    code = code.replace("share * GREY", "share * grey()")
    code = code.replace("import dataclass", "import dataclass\nfrom functools import lru_cache")
    code = code.replace("import numpy", "import threading\n\nimport numpy")
    (tmp_path / "far_fog.py").write_text(code)
    (tmp_path / "far_grey.py").write_text("GREY = 200\n")
    monkeypatch.syspath_prepend(tmp_path)
    from far_fog import Fog  # type: ignore[import-not-found]

    settings = settings_for(
        scenes, tmp_path / "out", transforms=[TransformInfo(Fog(most=0.1), 1.0)]
    )
    assert (settings.transforms[0].name, settings.transforms[0].own) == ("far_fog:Fog", None)
    record = generate(settings, quiet=True)
    assert record.identity["profile"] == {"far_fog:Fog": {"most": 0.1}}
    assert record.settings["profile"] == {"far_fog:Fog": {"most": 0.1}}
    rows = pq.read_table(tmp_path / "out/provenance.parquet")["transforms"].to_pylist()
    assert all(json.loads(row[0]["parameters"])["share"] <= 0.1 for row in rows)
    del sys.modules["far_fog"], sys.modules["far_grey"]


def test_a_name_has_one_set_of_ranges_in_a_run() -> None:
    def run(*infos: TransformInfo | str) -> GenerateSettings:
        return generate_settings({"input": "a", "output": "b", "transforms": list(infos)})

    narrow = TransformInfo(Rotate(degrees=10), 0.5)
    assert run(narrow, narrow).profile["rotate"] == Rotate(degrees=10)
    assert run(TransformInfo(Rotate(), 0.5)) == run("rotate:0.5")
    for other in ("rotate:0.5", TransformInfo(Rotate(degrees=20), 0.5)):
        with pytest.raises(SettingsError) as error:
            run(narrow, other)
        assert str(error.value) == (
            "transform rotate has two sets of ranges in this run: give it one"
        )


def test_what_is_measured_of_an_object_is_measured_with_its_ranges() -> None:
    run = generate_settings({"input": "a", "output": "b"})
    settings = EvaluateSettings(run, Sweep((Rotate(degrees=5),), (0.5,)))
    assert settings.run.profile["rotate"] == Rotate(degrees=5)
    assert settings.sweep.chains == ((TransformInfo("rotate", 0.5),),)
    assert str(settings.sweep) == "rotate"


def test_no_class_of_others_takes_the_name_of_one_of_raydrifts() -> None:
    class Rotate(Transform):
        name = "rotate"

    assert Rotate.name.endswith("<locals>.Rotate")


def test_the_code_of_a_class_is_what_python_loaded(fog: Path) -> None:
    first = transform_class("my_fog:Fog").code
    (fog / "my_fog.py").write_text(FOG.replace("200", "210"))
    assert transform_class("my_fog:Fog").code == first
    del sys.modules["my_fog"]
    assert transform_class("my_fog:Fog").code != first
    assert transform_class(ImageTransform.HUE).code == ""
    made = [
        type("Made", (Transform,), {"__module__": "__main__", "draw": eval(text)})
        for text in ("lambda *_: {'a': 1}", "lambda *_: {'a': 2}")
    ]
    assert made[0].code != made[1].code, "also in a notebook"


def test_where_its_curve_jumps_calibration_looks_first(fog: Path) -> None:
    from raydrift.calibrate.first_levels import jumps

    assert fog.is_dir()
    given = {"input": "in", "output": "out", "transforms": ["my_fog:Fog", "hue:0.3"]}
    assert jumps(evaluate_settings(given).sweep, DriftProfile()) == (0.25,)


def test_a_name_of_a_class_has_a_colon_itself(fog: Path) -> None:
    assert fog.is_dir()
    assert split_level("my_fog:Fog") == ("my_fog:Fog", None)
    assert split_level("my_fog:Fog:0.5") == ("my_fog:Fog", "0.5")
    assert str(TransformInfo.parse("my_fog:Fog:0.5")) == "my_fog:Fog:0.5"


@dataclass(frozen=True)
class Darker(Transform):
    by: float = 0.5

    def draw(self, level: float, rng: np.random.Generator) -> dict[str, Any]:
        return {"factor": 1 - self.by * level, "seen": float(rng.random())}

    def apply(self, image: np.ndarray, factor: float, seen: float) -> np.ndarray:
        assert seen < 1
        image //= int(1 / factor)  # what it was given is its own
        return image


GREY = np.full((8, 8, 3), 100, np.uint8)


def test_an_object_is_a_transform_with_ranges_of_its_own() -> None:
    info = TransformInfo(Darker(by=0.9), 0.5)
    assert str(info) == f"{__name__}:Darker:0.5"
    drifted, drawn = drift_image(GREY, [info], seed=1, sample_id=0)
    assert (drifted == 100 // int(1 / 0.55)).all()
    assert (GREY == 100).all()
    assert drawn[0].parameters["factor"] == 0.55
    assert info != TransformInfo(Darker(by=0.8), 0.5)
    assert info.at(0.25).own is info.own


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return {'a': 1 / 0}", "ZeroDivisionError: division by zero"),
        ("return {'a': 1}", "NotImplementedError: made:Bad does nothing: define apply()"),
        ("return {}", "TypeError: draw() returned {}: return a dict of at least one parameter"),
        ("return None", "TypeError: draw() returned None: return a dict of at least one parameter"),
        (
            "return {'a': b'x'}",
            "TypeError: a parameter is bytes: draw() gives numbers, lists or text",
        ),
        (
            "return {'a': 1e999}",
            "ValueError: Out of range float values are not JSON compliant",
        ),
    ],
)
def test_one_that_fails_is_named_with_the_sample(body: str, said: str) -> None:
    bad = type("Bad", (Transform,), {"__module__": "made", "draw": lambda *_: eval(body[7:])})
    with pytest.raises(PipelineError) as error:
        drift_image(GREY, [TransformInfo(bad(), 0.5)], seed=1, sample_id=7)
    assert str(error.value).startswith(f"transform made:Bad:0.5 failed on sample 7: {said}")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (GREY / 2, "apply() returned float64 (8, 8, 3), not uint8 (8, 8, 3)"),
        (GREY[:4], "apply() returned uint8 (4, 8, 3), not uint8 (8, 8, 3)"),
        (None, "apply() returned NoneType, not uint8 (8, 8, 3)"),
    ],
)
def test_what_is_no_image_of_the_same_size_is_refused(made: Any, said: str) -> None:
    class Bad(Transform):
        def draw(self, level: float, rng: np.random.Generator) -> dict[str, Any]:
            return {"a": level}

        def apply(self, image: np.ndarray, a: float) -> Any:
            return made

    with pytest.raises(PipelineError) as error:
        drift_image(GREY, [TransformInfo(Bad(), 0.5)], seed=1, sample_id=7)
    assert str(error.value).endswith(said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "no_such_fog:Fog",
            "there is no module no_such_fog: install its package, or run where no_such_fog.py is",
        ),
        ("my_fog:Frog", "my_fog has no Frog"),
        ("my_fog:GREY", "that is int, not a subclass of raydrift.Transform"),
        ("broken:Fog", "broken cannot be loaded: NameError: name 'oh' is not defined"),
        ("needs:Fog", "needs needs no_such_package: install it"),
        ("without:Fog", "most has no default: give it one"),
        ("my_fog.py:Fog", "there is no module my_fog.py: write my_fog:Fog"),
        (
            "../fogs/my_fog.py:Fog",
            "there is no module ../fogs/my_fog.py: write my_fog:Fog, and run in ../fogs",
        ),
        (
            "my-fog:Fog",
            "there is no module my-fog: Python has no such names: call it my_fog.py, and write "
            "my_fog:Fog",
        ),
        (
            "undecorated:Fog",
            "Fog has ranges (most) but is no dataclass: write @dataclass(frozen=True) above it",
        ),
        ("thawed:Fog", "Fog is not frozen: write @dataclass(frozen=True) above it"),
    ],
)
def test_a_class_that_cannot_be_had_is_told_with_the_remedy(
    fog: Path, name: str, said: str
) -> None:
    (fog / "broken.py").write_text("oh\n")
    (fog / "needs.py").write_text("import no_such_package\n")
    (fog / "without.py").write_text(FOG.replace(" = 0.8", ""))
    (fog / "undecorated.py").write_text(FOG.replace("@dataclass(frozen=True)", ""))
    (fog / "thawed.py").write_text(FOG.replace("(frozen=True)", ""))
    for written in (name, f"{name}:0.5"):
        with pytest.raises(SettingsError) as error:
            split_level(written)
        assert str(error.value) == f"transform {name!r}: {said}"


def test_what_its_level_means_names_its_ranges() -> None:
    bad = type("Bad", (Darker,), {"__module__": "made", "at_level": "{most}·L"})
    with pytest.raises(SettingsError) as error:
        bad().described()
    assert str(error.value) == (
        "transform 'made:Bad': at_level is '{most}·L' (KeyError: 'most'): write a range as "
        "{most}, and { as {{"
    )


@dataclass(frozen=True)
class Needing(Darker):
    needs = "no_such_package"


@dataclass(frozen=True)
class OnGpu(Darker):
    needs = "numpy gpu"


def test_packages_that_a_transform_needs_are_looked_for_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        Needing()
    assert str(error.value) == f"transform '{__name__}:Needing' needs no_such_package: install it"


@pytest.mark.usefixtures("ray_session")
def test_a_gpu_that_a_transform_needs_is_looked_for_before_the_run(
    scenes: Path, tmp_path: Path
) -> None:
    """An output that would be replaced stays."""
    earlier = settings_for(scenes, tmp_path, num_samples=1)
    generate(earlier, quiet=True)
    drift = {"transforms": [TransformInfo(OnGpu(), 0.5)], "start": 4}
    values = {"drift": [drift], "write": {"overwrite": True}}
    with pytest.raises(ResourcesError) as error:
        generate(settings_for(scenes, tmp_path, **values), quiet=True)
    assert str(error.value) == (
        f"workers need 1 GPU for {__name__}:OnGpu, Ray has 0 free: connect to a larger cluster"
    )
    assert generate(earlier, quiet=True).status == "complete"


class Three(Transform):
    """Another transform in each third of the levels."""

    def resolve(self, level: float) -> tuple[str, float]:
        names = ["gaussian_blur", f"{__name__}:Darker", "hue"]
        return names[(level > 0.3) + (level > 0.6)], level

    def jumps(self) -> tuple[float, ...]:
        return (0.3, 0.6)


def test_one_may_resolve_to_three_others() -> None:
    infos = [TransformInfo(Three(), 1.0)]
    found = set(map(str, DriftProfile().holding(infos).given))
    assert found == {Three.name, "gaussian_blur", f"{__name__}:Darker", "hue"}
    used = DriftProfile().in_use((), infos)
    assert used == {
        "gaussian_blur": {"sigma": 3.0, "kernel": 5},
        f"{__name__}:Darker": {"by": 0.5},
        "hue": {"turns": 0.5},
    }


def test_where_it_resolves_to_another_it_jumps() -> None:
    class Silent(Three):
        def jumps(self) -> tuple[float, ...]:
            return (0.6,)

    with pytest.raises(SettingsError) as error:
        DriftProfile().holding([TransformInfo(Silent(), 0.1)])
    assert str(error.value) == (
        f"transform {Silent.name!r}: resolve() gives gaussian_blur at level 0.3 and "
        f"{__name__}:Darker at 0.305: jumps() has to have the last level of gaussian_blur"
    )


def installed(folder: Path, package: str, *names: str) -> None:
    """Writes what an installed package leaves behind of its entry points."""
    info = folder / f"{package}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    points = "".join(f"{name} = my_fog:Fog\n" for name in names)
    (info / "entry_points.txt").write_text(f"[raydrift.transforms]\n{points}")


def test_a_name_that_several_packages_have_is_refused(
    fog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fog.is_dir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    installed(tmp_path / "site", "acme-fog", "fog", "mist")
    assert (plain_name("Fog"), transform_class("mist").__name__) == ("fog", "Fog")
    installed(tmp_path / "site", "other_fog", "fog", "rotate")
    for name, said in {
        "fog": "(acme-fog, other_fog): uninstall all but one, or write my_fog:Fog or my_fog:Fog",
        "rotate": "(other_fog, raydrift): uninstall all but one, or write my_fog:Fog",
    }.items():
        with pytest.raises(SettingsError) as error:
            plain_name(name)
        assert str(error.value) == f"transform {name!r} is of several packages {said}"
    assert plain_name("mist") == "mist"


def test_packages_are_searched_once(fog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain_name("my_fog:Fog")
    plain_name("hue")

    def again(**_: Any) -> Any:
        raise AssertionError(fog)

    monkeypatch.setattr("raydrift.transforms.catalogue.entry_points", again)
    assert plain_name("rotate") == "rotate"


@pytest.mark.slow
def test_a_package_makes_its_transforms_known_by_an_entry_point(
    scenes: Path, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "my_fog.py").write_text(FOG)
    (package / "pyproject.toml").write_text(
        '[project]\nname = "my-fog"\nversion = "1"\n'
        '[project.entry-points."raydrift.transforms"]\nfog = "my_fog:Fog"\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[tool.hatch.build.targets.wheel]\ninclude = ["my_fog.py"]\n'
    )
    target = tmp_path / "installed"
    subprocess.run(
        ["uv", "pip", "install", "-q", "--no-deps", "--target", target, package], check=True
    )
    done = subprocess.run(
        [sys.executable, "-m", "raydrift", "preview", scenes, tmp_path / "p.png", "-t", "fog"],
        env={"PYTHONPATH": str(target), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "p.png").stat().st_size > 10_000
