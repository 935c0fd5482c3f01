"""Whatever is given to the Python API: it is taken, or refused in one line that names it."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift import DriftProfile, ImageDatasetGenerator, ImageTransform, TransformInfo
from raydrift.drift.photo.gaussian_blur import GaussianBlur
from raydrift.drift.photo.hue import Hue
from raydrift.engine import calibrate, divergences, generate
from raydrift.errors import RaydriftError, SettingsError
from raydrift.settings import ClusterSettings, EmbeddingSettings, FaultSettings, ImageSettings

HUE = TransformInfo(ImageTransform.HUE, 0.5)
ANYTHING: list[Any] = [
    None, True, 0, -1, 7, 2.5, float("nan"), "x", "", b"x", [], ["x"], [None], (1, 2, 3), {},
    {"x": 1}, {1: "x"}, object(), np.int64(3), np.float32(0.5), np.array([1.5, 2.5]), HUE, [HUE, 3],
    ImageTransform.HUE, Path("x"), DriftProfile(), len,
]  # fmt: skip
WORK: dict[
    str, dict[str, Any]
] = {  # every method, and what it needs beside the argument that is tried
    "add_abrupt_drift": {"transform_list": [HUE]},
    "add_gradual_drift": {"transform_list": [HUE], "width": 5},
    "add_incremental_drift": {"transform_list": [HUE], "width": 5},
    "add_recurring_drift": {"transform_list": [HUE], "period": 5},
    "add_seasonal_drift": {"transform_list": [HUE], "period": 5},
    "add_label_shift": {"proportions": {"boat": 0.5}},
    "add_calibrated_drift": {"profile": "profile.toml", "target": 0.5},
    "sample": {"output_path": "out"},
    "calibrate": {},
    "evaluate_transformation_pipeline": {},
}
ALSO = {
    "add_abrupt_drift": ["drift_level", "start", "until", "where"],
    "add_gradual_drift": ["curve", "until"],
    "add_incremental_drift": ["curve"],
    "add_recurring_drift": ["duty", "phase"],
    "add_seasonal_drift": ["varies", "phase"],
    "add_label_shift": ["concentration", "start", "width"],
    "add_calibrated_drift": ["level"],
    "sample": ["num_samples", "organize_by_class", "overwrite"],
    "calibrate": ["target", "transform_list", "metric", "num_samples"],
    "evaluate_transformation_pipeline": ["similarity_func", "num_samples"],
}
ARGUMENTS = [(method, name) for method in WORK for name in (*WORK[method], *ALSO[method])]


@pytest.fixture(autouse=True)
def _no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be done with the arguments that are taken is no business of these tests."""

    def nothing(*_: object, **__: object) -> Any:
        raise RaydriftError("the work would begin here")

    monkeypatch.setattr(generate, "generate", nothing)
    monkeypatch.setattr(divergences, "level_batches", nothing)
    monkeypatch.setattr(calibrate, "_Rounds", nothing)


def try_all(call: Callable[[Any], object]) -> None:
    for value in ANYTHING:
        with suppress(RaydriftError):
            call(value)


@pytest.mark.parametrize(("method", "name"), ARGUMENTS)
def test_methods_take_or_refuse_whatever_comes(scenes: Path, method: str, name: str) -> None:
    generator = ImageDatasetGenerator(seed=1, input_path=scenes, weights="random")
    try_all(lambda value: getattr(generator, method)(**{**WORK[method], name: value}))


@pytest.mark.parametrize(
    "name",
    [
        "seed", "input_path", "compute_embeddings", "split", "input_dim", "batch_size", "shuffle",
        "sample_delta_timestamp", "class_mapping", "organize_by_class", "weights", "normalize",
        "precision", "profile", "faults", "storage_options", "cluster", "colour_profile",
        "max_pixels", "max_bytes", "max_memory", "first_timestamp", "shard_size", "keep_shards",
        "value_range",
    ],
)  # fmt: skip
def test_the_constructor_takes_or_refuses_whatever_comes(scenes: Path, name: str) -> None:
    given: dict[str, Any] = {"seed": 1, "input_path": scenes}
    try_all(lambda value: ImageDatasetGenerator(**(given | {name: value})))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"input_dim": (64.0, 64.0)},
            r"^input_dim is \(64\.0, 64\.0\): give \(height, width\) in ",
        ),
        ({"input_dim": "224"}, r"^input_dim is '224': give \(height, width\) in whole pixels"),
        ({"input_dim": 4}, r"^image\.height is 4: give 8 to 8192 pixels$"),
        ({"batch_size": "32"}, r"^embedding\.batch_size is '32': give a whole number$"),
        ({"shuffle": "no"}, r"^shuffle is 'no': give True or False$"),
        ({"class_mapping": ["cat"]}, r"^class_mapping is \['cat'\]: give a mapping"),
        ({"profile": {"hue": {"turns": 0.1}}}, r"^profile is \{.*\}: give DriftProfile\(…\)$"),
        ({"input_path": None}, r"^input_path is None: give a path as text, or a pathlib\.Path$"),
        ({"storage_options": "key:secret"}, r"^storage_options is not to be shown: give a mapping"),
    ],
)
def test_what_is_refused_is_named_with_the_remedy(
    scenes: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        ImageDatasetGenerator(1, **({"input_path": scenes} | given))


@pytest.mark.parametrize("size", [64, np.int32(64), [64, 64], np.array([64, 64])])
def test_a_size_is_one_whole_number_or_two(scenes: Path, size: Any) -> None:
    generator = ImageDatasetGenerator(seed=1, input_path=scenes, input_dim=size)
    assert generator._settings.image == ImageSettings(64, 64)
    assert type(generator._settings.image.height) is int


def test_one_transform_is_a_list_of_one(scenes: Path) -> None:
    generator = ImageDatasetGenerator(seed=1, input_path=scenes)
    generator.add_abrupt_drift(HUE)
    assert generator.transforms == (HUE,)
    with pytest.raises(SettingsError, match=r"transform_list is 0\.7: write .*, or drift_level=0"):
        generator.add_abrupt_drift(0.7)  # type: ignore[arg-type]


def test_settings_that_are_made_in_python_are_checked_as_those_of_a_file() -> None:
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        (ClusterSettings, {"workers": "2"}, "cluster.workers is '2': give a whole number"),
        (ClusterSettings, {"workers": 2.0}, "cluster.workers is 2.0: give a whole number"),
        (FaultSettings, {"max_rejected": "0.5"}, "faults.max_rejected is '0.5': give a number"),
        (EmbeddingSettings, {"weights": None}, "embedding.weights is None: give text"),
        (Hue, {"turns": None}, "profile.hue.turns is None: give a number"),
        (DriftProfile, {"hue": 0.1}, "profile.hue is 0.1: write it as a table, [profile.hue]"),
    ]
    for kind, given, message in wrong:
        with pytest.raises(SettingsError) as caught:
            kind(**given)
        assert str(caught.value) == message
    from_numpy: Any = np.float32(2)
    assert type(GaussianBlur(sigma=from_numpy).sigma) is float
