"""The Python API, as the specification writes it."""

import json
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from raydrift import (
    ImageDataCategoryInfo,
    ImageDatasetGenerator,
    ImageTransform,
    TransformInfo,
    kl_softmax,
)
from raydrift.calibrate import CalibrationProfile, CurvePoint
from raydrift.calibrate.profile import MeasuredSample, MeasuringNetwork
from raydrift.errors import CatalogError, OutputError, SettingsError
from raydrift.images.codec import decode
from raydrift.settings import ClusterSettings, ImageSettings
from raydrift.transforms import DriftProfile

RUNS = ("calibrated", "by_hand")
LINEAR = CalibrationProfile(
    metric="kl_softmax",
    transforms=("hue",),
    curve=tuple(CurvePoint(level, level, level, level) for level in (0.0, 0.5, 1.0)),
    sample=MeasuredSample(20, 0, 224, 224, "other images", 1, 0, "95 %"),
    network=MeasuringNetwork("random", "random-1", normalize=False, precision="float32"),
    ranges=DriftProfile(),
    versions={},
)
NAMES = ["boat", "city_night", "desert", "flower", "house", "mountain"]


def test_transforms_have_their_published_names() -> None:
    assert [member.value for member in ImageTransform][:8] == [
        "rotate",
        "brightness",
        "contrast",
        "saturation",
        "hue",
        "gaussian_blur",
        "gaussian_noise",
        "default",
    ]


def test_classes_are_labelled_in_sorted_order_unless_told_otherwise(scenes: Path) -> None:
    generator = ImageDatasetGenerator(seed=1, input_path=scenes)
    assert generator.class_mapping == {name: label for label, name in enumerate(NAMES)}
    assert generator.class_mapping == generator.CLASS_MAPPING
    day_and_night = dict.fromkeys(NAMES, 0) | {"city_night": 1}
    other = ImageDatasetGenerator(seed=1, input_path=scenes, class_mapping=day_and_night)
    assert other.class_mapping == day_and_night


def test_a_class_mapping_that_does_not_fit_is_an_error_that_names_the_class(scenes: Path) -> None:
    with pytest.raises(CatalogError, match=r"^class_mapping has no label for the class 'boat'$"):
        ImageDatasetGenerator(seed=1, input_path=scenes, class_mapping={"desert": 1})
    message = r"^class_mapping names an unknown class 'tree': there are"
    with pytest.raises(ValueError, match=message):
        ImageDatasetGenerator(
            seed=1, input_path=scenes, class_mapping=dict.fromkeys([*NAMES, "tree"], 1)
        )


@pytest.mark.parametrize("level", [-0.1, 1.01, float("nan"), "0.5", True])
def test_levels_outside_0_to_1_are_refused_at_once(scenes: Path, level: float) -> None:
    with pytest.raises(ValueError, match="is not a number from 0 "):
        TransformInfo(transf_type=ImageTransform.HUE, drift_level=level)
    with pytest.raises(ValueError, match="is not a number from 0 "):
        ImageDatasetGenerator(seed=1, input_path=scenes).add_abrupt_drift(drift_level=level)


def test_a_drift_needs_either_a_list_or_a_level(scenes: Path) -> None:
    generator = ImageDatasetGenerator(seed=1, input_path=scenes)
    with pytest.raises(ValueError, match="transform_list is empty"):
        generator.add_abrupt_drift(transform_list=[])
    with pytest.raises(ValueError, match="give either transform_list or drift_level"):
        generator.add_abrupt_drift()
    with pytest.raises(ValueError, match="give either transform_list or drift_level"):
        generator.add_abrupt_drift([TransformInfo(ImageTransform.HUE, 0.1)], drift_level=0.1)
    with pytest.raises(SettingsError, match=r"'hue:1' is no TransformInfo"):
        generator.add_abrupt_drift(["hue:1"])  # type: ignore[list-item]


def test_a_level_alone_is_the_default_transform_and_a_new_drift_ends_the_old(scenes: Path) -> None:
    generator = ImageDatasetGenerator(seed=1, input_path=scenes)
    assert generator.transforms == ()
    generator.add_abrupt_drift([TransformInfo(ImageTransform.HUE, 0.1)])
    generator.add_abrupt_drift(drift_level=0.7)
    assert generator.transforms == (TransformInfo(ImageTransform.DEFAULT, 0.7),)


def test_nothing_of_the_construction_touches_global_random_state(scenes: Path) -> None:
    np.random.seed(5)
    wanted = np.random.random()
    np.random.seed(5)
    ImageDatasetGenerator(seed=1, input_path=scenes)
    assert np.random.random() == wanted


@pytest.fixture(scope="module")
def generator(scenes: Path) -> ImageDatasetGenerator:
    return ImageDatasetGenerator(seed=7, input_path=str(scenes), input_dim=(60, 80), progress=False)


@pytest.fixture(scope="module")
def calls(
    ray_session: None, generator: ImageDatasetGenerator, tmp_path_factory: pytest.TempPathFactory
) -> list[ImageDataCategoryInfo]:
    """Three calls, one continuous stream: clean, then drifted, then the rest."""
    assert ray_session is None
    folder = tmp_path_factory.mktemp("calls")
    first = generator.sample(folder / "clean", num_samples=20)
    generator.add_abrupt_drift(drift_level=0.7)
    second = generator.sample(folder / "drifted", num_samples=30, organize_by_class=True)
    third = generator.sample(folder / "rest")
    return [first, second, third]


@pytest.mark.usefixtures("ray_session")
def test_ids_and_timestamps_go_on_from_call_to_call(calls: list[ImageDataCategoryInfo]) -> None:
    assert [call.num_samples for call in calls] == [20, 30, 22]
    rows = [row for call in calls for row in call.input_mapping.to_pylist()]
    assert [row["sample_id"] for row in rows] == list(range(72))
    assert [row["timestamp"] for row in rows] == [1717232400.0 + 1800 * i for i in range(72)]


@pytest.mark.usefixtures("ray_session")
def test_the_info_names_what_was_written(calls: list[ImageDataCategoryInfo]) -> None:
    clean, drifted, _ = calls
    assert (clean.zip_type, clean.file_type) == ("zip", "png")
    assert Path(clean.zip_path).name == "sampled_images.zip"
    assert clean.embeddings_path is None
    assert clean.embeddings is None
    assert clean.input_mapping["file_name"][3].as_py() == "00000003.png"
    assert drifted.input_mapping["file_name"][0].as_py().endswith("/00000020.png")
    assert set(drifted.target["label"].to_pylist()) <= set(range(6))


@pytest.mark.usefixtures("ray_session")
def test_without_drift_the_images_are_the_resized_sources(
    calls: list[ImageDataCategoryInfo], scenes: Path
) -> None:
    sources = {
        sha256(decode(path.read_bytes(), ImageSettings(60, 80)).tobytes()).hexdigest()
        for path in scenes.glob("*/*.jpg")
    }
    with ZipFile(calls[0].zip_path) as archive:
        for name in archive.namelist():
            pixels = decode(archive.read(name), ImageSettings(60, 80))
            assert sha256(pixels.tobytes()).hexdigest() in sources


@pytest.mark.usefixtures("ray_session")
def test_more_than_remain_is_an_error_that_says_how_many_remain(
    calls: list[ImageDataCategoryInfo],
    generator: ImageDatasetGenerator,
    tmp_path: Path,
) -> None:
    assert len(calls) == 3
    assert generator.remaining == 0
    with pytest.raises(
        ValueError, match=r"^none of 72 samples remain: start again with reset\(\)$"
    ):
        generator.sample(tmp_path)


@pytest.mark.usefixtures("ray_session")
def test_one_call_gives_the_same_bytes_as_three(scenes: Path, tmp_path: Path) -> None:
    """Three zips, their members put into one, are the one zip."""
    one = fresh(scenes)
    whole = one.sample(tmp_path / "whole").zip_path
    three = fresh(scenes)
    parts = [three.sample(tmp_path / str(n), num_samples=n).zip_path for n in (10, 40, 22)]
    merged = BytesIO()
    with ZipFile(merged, "w") as archive:
        for part in parts:
            with ZipFile(part) as members:
                for info in members.infolist():
                    archive.writestr(info, members.read(info))
    assert sha256(merged.getvalue()).hexdigest() == (sha256(Path(whole).read_bytes()).hexdigest())


def fresh(scenes: Path) -> ImageDatasetGenerator:
    generator = ImageDatasetGenerator(seed=7, input_path=scenes, input_dim=(32, 32), progress=False)
    generator.add_abrupt_drift(
        [
            TransformInfo(ImageTransform.ROTATE, 0.5),
            TransformInfo(ImageTransform.GAUSSIAN_NOISE, 0.5),
        ]
    )
    return generator


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_calibration_is_told_only_where_it_is_in_force(scenes: Path, tmp_path: Path) -> None:
    generator = ImageDatasetGenerator(
        seed=1, input_path=scenes, cluster=ClusterSettings(workers=1), progress=False
    )
    generator.add_calibrated_drift(LINEAR, target=0.5)
    assert generator.transforms == (TransformInfo(ImageTransform.HUE, 0.5),)
    generator.sample(tmp_path / "calibrated", num_samples=4)
    generator.reset()
    generator.add_abrupt_drift([TransformInfo(ImageTransform.HUE, 0.5)])
    generator.sample(tmp_path / "by_hand", num_samples=4)
    told = [json.loads((tmp_path / name / "run.json").read_text())["notes"] for name in RUNS]
    assert told[0][0].startswith("hue:0.5 for kl_softmax 0.5 by profile in memory (SHA-256 ")
    assert told[1] == []


@pytest.mark.usefixtures("ray_session")
def test_after_reset_the_same_calls_give_the_same_bytes(
    calls: list[ImageDataCategoryInfo],
    generator: ImageDatasetGenerator,
    tmp_path: Path,
) -> None:
    generator.reset()
    assert (generator.remaining, generator.transforms) == (72, ())
    again = generator.sample(tmp_path, num_samples=20)
    assert Path(again.zip_path).read_bytes() == Path(calls[0].zip_path).read_bytes()


@pytest.mark.usefixtures("ray_session")
def test_a_call_that_fails_leaves_the_cursor_where_it_was(scenes: Path, tmp_path: Path) -> None:
    generator = fresh(scenes)
    (tmp_path / "target.parquet").write_bytes(b"somebody's")
    with pytest.raises(OutputError, match=r"target.parquet of another origin"):
        generator.sample(tmp_path, num_samples=5)
    assert generator.remaining == 72


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_evaluation_measures_each_batch_against_its_drifted_copy(
    photos: Path, trained_weights: Path
) -> None:
    """The published medians at level 0.5 and 0 are 0.297 and 0, with other images and weights."""
    generator = ImageDatasetGenerator(
        seed=42,
        input_path=photos,
        weights=trained_weights,
        cluster=ClusterSettings(workers=2),
        progress=False,
    )
    generator.add_abrupt_drift(drift_level=0.5)
    rows = generator.evaluate_transformation_pipeline(num_samples=80)
    assert [row.batch for row in rows] == [0, 1, 2]
    assert [len(row.sample_ids) for row in rows] == [32, 32, 16]
    assert [i for row in rows for i in row.sample_ids] == list(range(80))
    assert {row.drift_level for row in rows} == {0.5}
    assert {row.transforms for row in rows} == {(TransformInfo(ImageTransform.DEFAULT, 0.5),)}
    assert float(np.median([row.divergence for row in rows])) == pytest.approx(0.297, rel=0.15)
    assert generator.remaining == 328


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_any_function_of_two_embedding_arrays_can_be_the_similarity(scenes: Path) -> None:
    seen = []

    def remember(original: np.ndarray, drifted: np.ndarray) -> float:
        seen.append((original, drifted))
        return 17.0

    generator = ImageDatasetGenerator(
        seed=42,
        input_path=scenes,
        weights="random",
        batch_size=8,
        cluster=ClusterSettings(workers=1),
        progress=False,
    )
    rows = generator.evaluate_transformation_pipeline(remember, num_samples=16)
    assert [row.divergence for row in rows] == [17.0, 17.0]
    assert {row.drift_level for row in rows} == {0.0}
    for original, drifted in seen:
        assert original.shape == drifted.shape == (8, 512)
        np.testing.assert_array_equal(original, drifted)
        assert kl_softmax(original, drifted) == 0.0


@pytest.mark.usefixtures("ray_session")
def test_batches_are_the_samples_that_would_be_written_next(scenes: Path, tmp_path: Path) -> None:
    generator = ImageDatasetGenerator(
        seed=3, input_path=scenes, input_dim=32, cluster=ClusterSettings(workers=2), progress=False
    )
    generator.add_abrupt_drift(drift_level=0.8, start=10)
    generator.sample(tmp_path / "first", num_samples=4)
    batches = list(generator.batches(batch_size=6, num_samples=14))
    assert [batch.sample_ids.tolist() for batch in batches] == [
        [4, 5, 6, 7, 8, 9],
        [10, 11, 12, 13, 14, 15],
        [16, 17],
    ]
    assert [batch.drifted.all() for batch in batches] == [False, True, True]
    assert not batches[0].images.flags.writeable
    written = generator.sample(tmp_path / "second", num_samples=14)
    images = np.concatenate([batch.images for batch in batches])
    np.testing.assert_array_equal(images, np.stack([written[n].image for n in range(14)]))
    with pytest.raises(SettingsError, match=r"^1,000 samples asked for, 54 of 72 remain$"):
        next(generator.batches(num_samples=1000))
