"""The jobs' files: short programs, each with settings that say what they are."""

import ast
import tomllib
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from raydrift.paths.s3_options import S3Options
from raydrift.settings import (
    AdjustSettings,
    CalibrateSettings,
    MatrixSettings,
    MlflowSettings,
    SearchSettings,
    TaskSettings,
    TrainSettings,
    ViewsSettings,
)
from raydrift.settings.augment import Augment
from raydrift.settings.copies import copies_settings
from raydrift.settings.gan_toml import synthesize_settings, translate_settings
from raydrift.settings.toml import (
    adjust_settings,
    as_dict,
    calibrate_settings,
    evaluate_settings,
    forensics_settings,
    matrix_settings,
    read_toml,
    views_settings,
)
from raydrift.transforms import DriftProfile
from tests.settings.test_toml import built, leaves, uncommented

JOBS = Path(__file__).parents[2] / "jobs"


def keys(name: str, all_of_them: bool = False) -> dict[str, Any]:
    """The settings of a job's file, or only those that are commented out, by their keys."""
    text = (JOBS / f"{name}.toml").read_text(encoding="utf-8")
    found = dict(leaves(tomllib.loads(uncommented(text))))
    return found | dict(leaves(tomllib.loads(text))) if all_of_them else found


@pytest.mark.parametrize("path", sorted(JOBS.glob("*.py")), ids=lambda path: path.name)
def test_a_job_is_the_command_and_no_more(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 40
    assert f'run_job("{path.stem}", sys.argv[1:])' in text
    shown = (ast.get_docstring(ast.parse(text)) or "").splitlines()[2]
    assert shown.startswith(f"    ray job submit --working-dir . -- python jobs/{path.name} ")
    if "--config" in shown:
        assert (JOBS.parent / shown.split("--config ")[1]).is_file()


def test_every_job_but_the_benchmark_has_its_settings_beside_it() -> None:
    assert {path.stem for path in JOBS.glob("*.py")} - {"bench"} == {
        "generate", "flow", "evaluate", "calibrate", "finalize", "views", "matrix", "forensics",
        "adjust", "translate", "synthesize",
    }  # fmt: skip
    for path in JOBS.glob("*.py"):
        assert path.with_suffix(".toml").is_file() or path.stem == "bench"


def test_those_of_the_other_jobs_are_valid() -> None:
    assert len(views_settings(read_toml(str(JOBS / "views.toml"))).views) == 12
    copies = copies_settings(read_toml(str(JOBS / "flow.toml")))
    assert (copies.copies, [str(one) for one in copies.transforms]) == (3, ["affine:1.0"])
    asked = matrix_settings(read_toml(str(JOBS / "matrix.toml")))
    assert (len(asked.views), asked.splits, asked.corruptions) == (12, 5, ())
    adjusted = adjust_settings(read_toml(str(JOBS / "adjust.toml")))
    assert (adjusted.task.model, adjusted.rates) == ("/data/model.pt2", (1e-4, 1e-4))
    searched = forensics_settings(read_toml(str(JOBS / "forensics.toml")))
    assert (searched.parts[0], searched.task.model) == ("all", "/data/model.pt2")
    evaluation = evaluate_settings(read_toml(str(JOBS / "evaluate.toml")))
    assert str(evaluation.sweep) == "default"
    calibration = calibrate_settings(read_toml(str(JOBS / "calibrate.toml")))
    assert (str(calibration.sweep), calibration.profile) == ("default", "/data/profile.toml")
    translation = translate_settings(read_toml(str(JOBS / "translate.toml")))
    assert (translation.to, translation.train.epochs) == ("/data/winter", 100)
    synthesis = synthesize_settings(read_toml(str(JOBS / "synthesize.toml")))
    assert (synthesis.run.input, synthesis.train.kimg) == ("/data/defects", 300)


@pytest.mark.parametrize(
    "name",
    ["flow", "evaluate", "calibrate", "finalize", "views", "matrix", "forensics", "adjust"],
)
def test_what_is_commented_out_is_the_default_or_an_example_of_what_has_none(name: str) -> None:
    defaults = dict(leaves(as_dict(built()))) | {"batches": None, "levels": "0.1:1.0:0.1"}
    defaults |= dict(leaves(asdict(S3Options()), "storage_options."))
    if name == "flow":
        augment = asdict(Augment()) | {"drift": None}
        defaults |= dict(leaves(augment, "augment.")) | {"drift": None}
    if name == "views":
        camera = asdict(DriftProfile().setup("camera"))
        camera |= {"black_level": 0.0625, "white_balance": [*camera["white_balance"]]}
        defaults |= dict(leaves(camera, "camera.")) | {"compat": ViewsSettings.compat}
    if name == "adjust":
        asked = AdjustSettings(built(), TaskSettings("model.pt2"))
        defaults |= {item.name: getattr(asked, item.name) for item in fields(asked)}
    if name == "forensics":
        search = asdict(SearchSettings()) | {"parts": None}  # the default is all there are
        defaults |= dict(leaves(search, "forensics."))
    if name in ("evaluate", "forensics", "adjust"):
        task = asdict(TaskSettings("model.pt2")) | {"model": None}  # which has no default
        defaults |= dict(leaves(task, "task."))
    if name in ("evaluate", "matrix", "forensics", "adjust"):
        mlflow = asdict(MlflowSettings("http://127.0.0.1:5000")) | {"uri": None}  # no default
        defaults |= dict(leaves(mlflow, "mlflow."))
    if name == "matrix":
        own = (item for item in fields(MatrixSettings) if item.name not in ("run", "views"))
        defaults |= {item.name: item.default for item in own} | {"corruptions": []}
        defaults |= dict(leaves(asdict(TrainSettings("resnet18")), "train."))
    if name == "calibrate":
        asked = asdict(CalibrateSettings(built(), None))  # type: ignore[arg-type]
        defaults |= dict(leaves(asked, "calibration.")) | {"num_samples": 256}
    for key, shown in keys(name).items():
        assert defaults[key] in (shown, None), key


@pytest.mark.parametrize(
    ("name", "made"), [("translate", translate_settings), ("synthesize", synthesize_settings)]
)
def test_a_learned_drift_shows_every_key_of_its_own_with_its_default(
    name: str, made: Callable[[dict[str, Any]], Any]
) -> None:
    values = {"input": "a", "output": "b"} | ({"to": "c"} if name == "translate" else {})
    plain = asdict(made(values))
    own = {key: value for key, value in leaves(plain) if not key.startswith("run.")}
    shown = keys(name, all_of_them=True)
    assert own.keys() <= shown.keys()
    examples = {"model", "to", "train.max_hours", "train.weights", "train.resume"}
    for key in own.keys() - examples:
        assert own[key] == shown[key], key


@pytest.mark.parametrize("name", ["evaluate", "matrix", "forensics", "adjust"])
def test_those_that_track_show_how(name: str) -> None:
    shown = {key for key in keys(name) if key.startswith("mlflow.")}
    assert shown == {f"mlflow.{item.name}" for item in fields(MlflowSettings)}


def test_a_flow_shows_every_key_of_its_augmentation() -> None:
    own = {key for key in keys("flow", all_of_them=True) if key.startswith("augment.")}
    assert own == {f"augment.{item.name}" for item in fields(Augment)}


def test_a_calibration_shows_every_key_of_its_own() -> None:
    own = {key for key in keys("calibrate", all_of_them=True) if key.startswith("calibration.")}
    names = ("profile", "metric", "target", "plot", "for_images")
    assert own == {f"calibration.{name}" for name in names}
