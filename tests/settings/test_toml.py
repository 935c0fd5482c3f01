import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from raydrift.errors import SettingsError
from raydrift.paths.s3_options import S3Options
from raydrift.schedules.drift import Drift, DriftKind
from raydrift.schedules.label_shift import LabelShift
from raydrift.settings import GenerateSettings, ImageSettings
from raydrift.settings.toml import as_dict, generate_settings, read_toml
from raydrift.transforms import (
    DriftProfile,
    ImageTransform,
    TransformInfo,
    plain_name,
    transform_class,
)

JOB = Path(__file__).parents[2] / "jobs" / "generate.toml"

NAMES = [
    "rotate",
    "brightness",
    "contrast",
    "saturation",
    "hue",
    "gaussian_blur",
    "gaussian_noise",
    "default",
    "motion_blur",
    "defocus_blur",
    "jpeg_compression",
    "pixelate",
    "occlusion",
    "shear",
    "affine",
    "channel_shift",
    "isp_black_level",
    "isp_white_balance",
    "isp_colour_matrix",
    "isp_gamma",
    "isp_sharpen",
    "isp_denoise",
    "isp_demosaic",
    "isp_exposure",
    "isp_noise",
    "isp_bits",
    "isp",
    "twin",
]
ALL_NAMES = f"{', '.join(NAMES[:20])} and {len(NAMES) - 20} more"


def built(**values: Any) -> GenerateSettings:
    return generate_settings({"input": "in", "output": "out"} | values)


def refusal(**values: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        built(**values)
    return str(caught.value)


class TestTransforms:
    def test_these_are_all(self) -> None:
        assert [str(transform) for transform in ImageTransform] == NAMES

    @pytest.mark.parametrize("written", ["gaussian_blur", "Gaussian-Blur", " GAUSSIAN_BLUR "])
    def test_names_are_read_generously(self, written: str) -> None:
        assert plain_name(written) is ImageTransform.GAUSSIAN_BLUR

    def test_a_mistyped_name_is_corrected(self) -> None:
        with pytest.raises(SettingsError) as caught:
            plain_name("rotat")
        assert str(caught.value) == "unknown transform 'rotat': did you mean 'rotate'?"

    def test_an_unknown_name_is_answered_with_all_names(self) -> None:
        with pytest.raises(SettingsError) as caught:
            plain_name("swirl")
        assert str(caught.value) == f"unknown transform 'swirl': choose from: {ALL_NAMES}"


class TestTransformInfo:
    def test_it_takes_a_transform_or_its_name(self) -> None:
        assert TransformInfo("hue", 0.5) == TransformInfo(ImageTransform.HUE, 0.5)  # type: ignore[arg-type]

    def test_it_takes_the_keywords_of_the_specification(self) -> None:
        info = TransformInfo(transf_type=ImageTransform.ROTATE, drift_level=0.9)
        assert (info.transf_type, info.drift_level) == (ImageTransform.ROTATE, 0.9)

    @pytest.mark.parametrize("level", [0, 1])
    def test_whole_levels_become_floats(self, level: int) -> None:
        assert type(TransformInfo(ImageTransform.HUE, level).drift_level) is float

    @examples(deadline=None)
    @given(st.floats(0, 1))
    def test_every_level_from_0_to_1_is_kept_as_it_is(self, level: float) -> None:
        assert TransformInfo(ImageTransform.HUE, level).drift_level == level

    @examples(deadline=None)
    @given(st.floats().filter(lambda level: not 0 <= level <= 1))
    def test_every_other_level_is_a_value_error_at_once(self, level: float) -> None:
        with pytest.raises(ValueError, match="level") as caught:
            TransformInfo(ImageTransform.HUE, level)
        assert (
            str(caught.value) == f"hue: level {level!r} is not a number from 0 (none) to 1 (most)"
        )

    @pytest.mark.parametrize("level", ["0.5", None, True, math.nan, 0.5j])
    def test_a_level_that_is_no_number_is_a_value_error_at_once(self, level: Any) -> None:
        with pytest.raises(ValueError, match="level") as caught:
            TransformInfo(ImageTransform.HUE, level)
        assert (
            str(caught.value) == f"hue: level {level!r} is not a number from 0 (none) to 1 (most)"
        )

    def test_it_cannot_be_changed(self) -> None:
        info = TransformInfo(ImageTransform.HUE, 0.5)
        with pytest.raises(FrozenInstanceError):
            info.drift_level = 2.0  # type: ignore[misc]

    @pytest.mark.parametrize("written", ["hue:0.25", "HUE:.25", " hue : 0.25 ", "hue:25e-2"])
    def test_it_is_read_from_its_written_form(self, written: str) -> None:
        assert TransformInfo.parse(written) == TransformInfo(ImageTransform.HUE, 0.25)

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ("hue", "transform 'hue': the level is missing: write hue:0.5 (0 none, 1 most)"),
            (
                "hue:",
                "transform 'hue:': the level is missing: write hue:0.5 (0 none, 1 most)",
            ),
            (
                "hue:much",
                "transform 'hue:much': level 'much' is not a number: "
                "write hue:0.5 (0 none, 1 most)",
            ),
            (
                "gaussian-blur:0,5",
                "transform 'gaussian-blur:0,5': level '0,5' is not a number: "
                "write gaussian_blur:0.5 (0 none, 1 most)",
            ),
            ("hue:1.1", "hue: level 1.1 is not a number from 0 (none) to 1 (most)"),
            ("hue:nan", "hue: level nan is not a number from 0 (none) to 1 (most)"),
            ("contrst:0.5", "unknown transform 'contrst': did you mean 'contrast'?"),
            ("", f"unknown transform '': choose from: {ALL_NAMES}"),
        ],
    )
    def test_a_written_form_that_cannot_be_is_explained(self, written: str, message: str) -> None:
        with pytest.raises(SettingsError) as caught:
            TransformInfo.parse(written)
        assert str(caught.value) == message

    @examples(deadline=None)
    @given(st.sampled_from(ImageTransform), st.floats(0, 1))
    def test_its_written_form_keeps_the_level_exactly(
        self, transform: ImageTransform, level: float
    ) -> None:
        info = TransformInfo(transform, level)
        assert TransformInfo.parse(str(info)) == info


class TestDefaults:
    def test_they_are_the_specifications(self) -> None:
        settings = built()
        assert (settings.image.height, settings.image.width) == (224, 224)
        assert settings.first_timestamp == 1717232400.0
        assert settings.delta_timestamp == 1800.0
        assert settings.embedding.batch_size == 32
        assert settings.embedding.normalize is False
        assert settings.embedding.compute is False
        assert settings.shuffle is True
        assert settings.write.organize_by_class is False
        assert settings.num_samples is None
        assert settings.class_mapping is None
        assert settings.transforms == ()

    def test_the_default_profile_is_the_published_one(self) -> None:
        assert DriftProfile() == DriftProfile(
            rotate={"degrees": 90},
            brightness={"span": 3},
            contrast={"span": 3},
            saturation={"span": 15},
            hue={"turns": 0.5},
            gaussian_blur={"sigma": 3, "kernel": 5},
            gaussian_noise={"mean": 0.1, "sigma": 0.5},
            default={"switch": 0.5, "noise_offset": 0.4},
        )


class TestGenerateSettings:
    def test_tables_become_dataclasses_and_lists_become_tuples(self) -> None:
        settings = built(
            transforms=["rotate:0.9", TransformInfo(ImageTransform.HUE, 0.1)],
            image={"height": 192, "width": 256},
            class_mapping={"cat": 0, "dog": 0},
            delta_timestamp=60,
        )
        assert settings.transforms == (
            TransformInfo(ImageTransform.ROTATE, 0.9),
            TransformInfo(ImageTransform.HUE, 0.1),
        )
        assert settings.image == ImageSettings(192, 256)
        assert settings.class_mapping == {"cat": 0, "dog": 0}
        assert type(settings.delta_timestamp) is float

    def test_tables_that_are_dataclasses_already_are_taken(self) -> None:
        assert built(image=ImageSettings(8, 9)).image == ImageSettings(8, 9)

    def test_labels_of_numpy_become_plain_integers(self) -> None:
        mapping: dict[str, Any] = {"cat": np.int64(3)}
        settings = GenerateSettings("in", "out", class_mapping=mapping)
        assert json.dumps(as_dict(settings)["class_mapping"]) == '{"cat": 3}'

    @pytest.mark.parametrize("label", [1.0, "1", True, None])
    def test_labels_that_are_no_integers_are_refused(self, label: Any) -> None:
        with pytest.raises(SettingsError) as caught:
            GenerateSettings("in", "out", class_mapping={"cat": label})
        assert str(caught.value) == f"class_mapping gives 'cat' the label {label!r}, not an integer"

    def test_the_given_values_are_left_alone(self) -> None:
        values = {"input": "in", "output": "out", "transforms": ["hue:1"]}
        generate_settings(values)
        assert values == {"input": "in", "output": "out", "transforms": ["hue:1"]}

    @pytest.mark.parametrize("name", ["input", "output"])
    def test_input_and_output_have_to_be_named(self, name: str) -> None:
        values = {"input": "in", "output": "out"}
        del values[name]
        with pytest.raises(SettingsError) as caught:
            generate_settings(values)
        assert str(caught.value) == f"{name} is missing: name it on the command line or in the file"

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"tranforms": []}, "unknown key tranforms: did you mean 'transforms'?"),
            ({"Seed": 1}, "unknown key Seed: did you mean 'seed'?"),
            ({"imge": {}}, "unknown key imge: did you mean 'image'?"),
            ({"image": {"heigth": 8}}, "unknown key image.heigth: did you mean 'height'?"),
            (
                {"write": {"organise_by_class": True}},
                "unknown key write.organise_by_class: did you mean 'organize_by_class'?",
            ),
            (
                {"image": {"depth": 3}},
                "unknown key image.depth: choose from: height, width, max_pixels, max_bytes, "
                "max_memory, profile, value_range",
            ),
        ],
    )
    def test_unknown_keys_are_refused_with_a_suggestion(
        self, values: dict[str, Any], message: str
    ) -> None:
        assert refusal(**values) == message

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            (
                {"seed": "x"},
                "seed is 'x': give a whole number",
            ),
            (
                {"seed": 1.5},
                "seed is 1.5: give a whole number",
            ),
            (
                {"shuffle": 2},
                "shuffle is 2: give true or false",
            ),
            (
                {"delta_timestamp": "a"},
                "delta_timestamp is 'a': give a number",
            ),
            (
                {"delta_timestamp": 9e-7},
                "delta_timestamp is 9e-07: dates have microseconds: give 1e-06 or more, or 0",
            ),
            ({"input": 5}, "input is 5: give text"),
            (
                {"image": {"height": "tall"}},
                "image.height is 'tall': give a whole number",
            ),
            (
                {"class_mapping": {"cat": "pet"}},
                "class_mapping.cat is 'pet': give a whole number",
            ),
            (
                {"class_mapping": ["cat"]},
                "class_mapping is ['cat']: write it as a table",
            ),
            ({"image": {"value_range": "x"}}, "image.value_range is 'x': write a list"),
            ({"image": 224}, "image is 224: write it as a table, [image]"),
            ({"image": None}, "image is None: write it as a table, [image]"),
            (
                {"transforms": "hue:1"},
                """transforms is 'hue:1': write a list, ["gaussian_blur:0.5"]""",
            ),
            ({"transforms": None}, """transforms is None: write a list, ["gaussian_blur:0.5"]"""),
            (
                {"transforms": {"hue": 1}},
                """transforms is {'hue': 1}: write a list, ["gaussian_blur:0.5"]""",
            ),
            ({"transforms": [3]}, 'transforms has 3: write it as "gaussian_blur:0.5"'),
            ({"transforms": ["hu:1"]}, "unknown transform 'hu': did you mean 'hue'?"),
            (
                {"transforms": ["hue:2"]},
                "hue: level 2.0 is not a number from 0 (none) to 1 (most)",
            ),
        ],
    )
    def test_wrong_types_are_refused_by_key(self, values: dict[str, Any], message: str) -> None:
        assert refusal(**values) == message

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"input": ""}, "input is '': give a path"),
            ({"output": ""}, "output is '': give a path"),
            ({"seed": -1}, "seed is -1: give a whole number from 0 to 2^64 - 1"),
            (
                {"seed": 2**64},
                "seed is 18446744073709551616: give a whole number from 0 to 2^64 - 1",
            ),
            ({"start": -1}, "start is -1: give at least 0"),
            ({"num_samples": 0}, "num_samples is 0: give at least 1"),
            ({"image": {"height": 7}}, "image.height is 7: give 8 to 8192 pixels"),
            ({"image": {"width": 8193}}, "image.width is 8193: give 8 to 8192 pixels"),
            ({"image": {"max_pixels": 0}}, "image.max_pixels is 0: give at least 1"),
            ({"embedding": {"weights": ""}}, "embedding.weights is '': imagenet, random or PATH"),
            (
                {"embedding": {"precision": "float16"}},
                "embedding.precision is 'float16': choose from: float32, bfloat16",
            ),
            ({"embedding": {"batch_size": 0}}, "embedding.batch_size is 0: give at least 1"),
            (
                {"write": {"shard_size": 256}, "image": {"height": 2048, "width": 2048}},
                "write.shard_size is 256: at most 85 images of this size are 1 GiB",
            ),
            ({"write": {"shard_size": 0}}, "write.shard_size is 0: give 1 to 65536 samples"),
            (
                {"write": {"shard_size": 65537}},
                "write.shard_size is 65537: give 1 to 65536 samples",
            ),
            (
                {"faults": {"on_error": "stop"}},
                "faults.on_error is 'stop': choose from: skip, fail",
            ),
            (
                {"faults": {"max_rejected": 1.1}},
                "faults.max_rejected is 1.1: give a fraction from 0 to 1",
            ),
            ({"cluster": {"workers": 0}}, "cluster.workers is 0: give at least 1"),
            ({"cluster": {"workers": "0"}}, "cluster.workers is 0: give at least 1"),
            (
                {"cluster": {"workers": "many"}},
                "cluster.workers is 'many': give a whole number, or \"auto\"",
            ),
            ({"cluster": {"min_workers": 0}}, "cluster.min_workers is 0: give at least 1"),
            (
                {"cluster": {"min_workers": 4, "max_workers": 3}},
                "cluster.max_workers is 3: give at least 4",
            ),
            ({"cluster": {"embedders": -1}}, "cluster.embedders is -1: give at least 0"),
            ({"cluster": {"max_embedders": 0}}, "cluster.max_embedders is 0: give at least 1"),
            (
                {"cluster": {"embedders": 2, "min_embedders": 1}},
                'cluster.min_embedders is 1: it is for embedders = "auto": leave one out',
            ),
            (
                {"cluster": {"wait_seconds": -1}},
                "cluster.wait_seconds is -1.0: give 0 or more seconds",
            ),
            ({"profile": {"hue": {"turns": 0.6}}}, "profile.hue.turns is 0.6: give at most 0.5"),
            (
                {"profile": {"gaussian_blur": {"kernel": 4}}},
                "profile.gaussian_blur.kernel is 4: give an odd number up to 31",
            ),
            (
                {"profile": {"gaussian_blur": {"kernel": 33}}},
                "profile.gaussian_blur.kernel is 33: give an odd number up to 31",
            ),
            (
                {"profile": {"default": {"switch": 0.3}}},
                "profile.default.switch is 0.3: give noise_offset to 1",
            ),
            (
                {"profile": {"default": {"switch": 1.5}}},
                "profile.default.switch is 1.5: give noise_offset to 1",
            ),
        ],
    )
    def test_values_out_of_range_are_refused_by_key(
        self, values: dict[str, Any], message: str
    ) -> None:
        assert refusal(**values) == message

    @pytest.mark.parametrize("transform", ImageTransform)
    def test_no_range_of_the_profile_is_negative_or_endless(
        self, transform: ImageTransform
    ) -> None:
        for item in fields(transform_class(transform)):
            if item.type in (bool, str):
                continue
            values: list[Any] = [-1] if item.type is int else [-1.0, math.nan, math.inf]
            for value in values:
                with pytest.raises(SettingsError) as caught:
                    DriftProfile(**{str(transform): {item.name: value}})
                assert str(caught.value) == (
                    f"profile.{transform}.{item.name} is {value!r}: give a number of at least 0"
                )

    @pytest.mark.parametrize(
        "values",
        [
            {"seed": 2**64 - 1},
            {"image": {"height": 8, "width": 8192, "max_pixels": 1}},
            {"write": {"shard_size": 1}},
            {"write": {"shard_size": 65_536}, "image": {"height": 8, "width": 8}},
            {"faults": {"max_rejected": 0}},
            {"faults": {"max_rejected": 1}},
            {"cluster": {"workers": 1, "embedders": 0}},
            {"profile": {"gaussian_blur": {"sigma": 0.0, "kernel": 31}}},
            {"profile": {"default": {"switch": 0.4, "noise_offset": 0.4}}},
        ],
    )
    def test_the_limits_themselves_are_allowed(self, values: dict[str, Any]) -> None:
        plain = as_dict(built(**values))
        for key, value in values.items():
            assert plain[key] == (plain[key] | value if isinstance(value, dict) else value)


class TestImageSize:
    @pytest.mark.parametrize(
        ("written", "size"),
        [("224", (224, 224)), ("192x256", (192, 256)), ("192X256", (192, 256))],
    )
    def test_it_is_one_number_or_height_by_width(self, written: str, size: tuple[int, int]) -> None:
        assert ImageSettings.parse_size(written) == size

    @pytest.mark.parametrize("written", ["", "x", "1x2x3", "-224", "22.4", "big", "224x", "²"])
    def test_anything_else_is_explained(self, written: str) -> None:
        with pytest.raises(SettingsError) as caught:
            ImageSettings.parse_size(written)
        assert str(caught.value) == (
            f"image size {written!r}: write 224 or HEIGHTxWIDTH, e.g. 192x256"
        )


class TestToml:
    def test_it_is_read_as_plain_values(self, tmp_path: Path) -> None:
        file = tmp_path / "run.toml"
        file.write_text('input = "bilder/ä"\n[image]\nheight = 192\n', encoding="utf-8")
        assert read_toml(str(file)) == {"input": "bilder/ä", "image": {"height": 192}}

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError) as caught:
            read_toml(f"{tmp_path}/run.toml")
        assert str(caught.value) == f"config file {tmp_path}/run.toml: No such file or directory"

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError) as caught:
            read_toml(str(tmp_path))
        assert str(caught.value) == f"config file {tmp_path}: Is a directory"

    def test_bad_syntax_is_named_with_its_place(self, tmp_path: Path) -> None:
        file = tmp_path / "run.toml"
        file.write_text("seed = 1\nshuffle = \n")
        with pytest.raises(SettingsError) as caught:
            read_toml(str(file))
        assert str(caught.value) == (
            f"config file {file} is not TOML: Invalid value (at line 2, column 11)"
        )

    def test_bytes_that_are_not_utf8_are_not_toml(self, tmp_path: Path) -> None:
        file = tmp_path / "run.toml"
        file.write_bytes(b'input = "\xff"')
        with pytest.raises(SettingsError, match=r"run\.toml is not TOML: 'utf-8' codec"):
            read_toml(str(file))


LEVELS = st.integers(0, 100).map(lambda percent: percent / 100)

TABLES = st.fixed_dictionaries(
    {
        "input": st.text(min_size=1),
        "output": st.text(min_size=1).map("out of {}".format),
        "twins": st.text(min_size=1),
    },
    optional={
        "seed": st.integers(0, 2**64 - 1),
        "num_samples": st.none() | st.integers(1, 10**12),
        "shuffle": st.booleans(),
        "class_mapping": st.none() | st.dictionaries(st.text(), st.integers(-(2**63), 2**63 - 1)),
        "first_timestamp": st.floats(allow_nan=False, allow_infinity=False),
        "transforms": st.lists(st.builds(TransformInfo, st.sampled_from(ImageTransform), LEVELS)),
        "drift": st.lists(
            st.fixed_dictionaries(
                {
                    "kind": st.just("gradual"),
                    "transforms": st.just(["hue:0.5"]),
                    "width": st.integers(1, 100) | st.floats(0.01, 1) | st.just("7d 12h"),
                },
                optional={
                    "start": st.integers(0, 9) | st.floats(0, 1) | st.just("2024-07-01"),
                    "until": st.integers(0, 9) | st.floats(0, 1) | st.datetimes(),
                    "curve": st.sampled_from(["sigmoid", [0, 0.5, 1.0]]),
                    "where": st.sampled_from([{"class": "cat"}, [["t", "in", [1, 2.5]]]]),
                },
            ),
            max_size=3,
        ),
        "label_shift": st.lists(
            st.fixed_dictionaries({"concentration": st.floats(0.01, 10)})
            | st.fixed_dictionaries({"proportions": st.just({"cat": 0.5})}),
            max_size=2,
        ),
        "stream": st.none() | st.integers(1, 10**12),
        "profile": st.fixed_dictionaries(
            {}, optional={"gaussian_blur": st.fixed_dictionaries({"sigma": st.floats(0, 100)})}
        ),
        "image": st.fixed_dictionaries({}, optional={"height": st.integers(8, 8192)}),
        "embedding": st.fixed_dictionaries({}, optional={"compute": st.booleans()}),
        "write": st.fixed_dictionaries({}, optional={"shard_size": st.none() | st.just(7)}),
        "faults": st.fixed_dictionaries({}, optional={"on_error": st.just("fail")}),
        "cluster": st.fixed_dictionaries({}, optional={"address": st.none() | st.just("auto")}),
    },
)


def test_the_output_is_not_the_input() -> None:
    for output in ("photos", "photos/", "./photos"):
        with pytest.raises(SettingsError, match="that is the input: choose another folder"):
            built(input="photos", output=output)
    assert built(input="photos", output="photos/out").output == "photos/out"


class TestAsDict:
    @examples(deadline=None)
    @given(TABLES)
    def test_it_survives_json_and_builds_equal_settings(self, values: dict[str, Any]) -> None:
        settings = generate_settings(values)
        assert generate_settings(json.loads(json.dumps(as_dict(settings)))) == settings

    def test_transforms_are_in_their_written_form(self) -> None:
        settings = built(transforms=["Gaussian-Blur:0.50", "hue:1"])
        assert as_dict(settings)["transforms"] == ["gaussian_blur:0.5", "hue:1.0"]

    @pytest.mark.parametrize("level", [0.1234567, 1 / 3, 0.49999999, 5e-324])
    def test_settings_with_different_levels_differ(self, level: float) -> None:
        nearly = float(f"{level:g}")
        one, other = (
            built(transforms=[TransformInfo(ImageTransform.DEFAULT, value)])
            for value in (level, nearly)
        )
        assert (as_dict(one) == as_dict(other)) is (level == nearly)


class TestTheTimeline:
    def test_its_tables_become_drifts_and_label_shifts(self) -> None:
        settings = built(
            drift=[{"transforms": ["hue:1"], "kind": "recurring", "period": 10}],
            label_shift=[{"start": 0.5, "proportions": {"cat": 0.7}}],
        )
        (drift,) = settings.drift
        assert (drift.kind, drift.period, drift.duty) == (DriftKind.RECURRING, 10, 0.5)
        assert settings.label_shift == (LabelShift(0.5, proportions={"cat": 0.7}),)

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"drift": {"kind": "abrupt"}}, "drift is {'kind': 'abrupt'}: write it as a table"),
            ({"drift": ["abrupt"]}, "drift 1 is 'abrupt': write it as a table, [[drift]]"),
            (
                {"drift": [{"transforms": ["hue:1"]}, {"transforms": ["hue:1"], "strat": 1}]},
                "drift 2 has an unknown key strat: did you mean 'start'?",
            ),
            ({"drift": [{}]}, "drift 1: transforms are missing: write transforms = "),
            (
                {"drift": [{"transforms": ["hue:1"], "kind": "grandual", "width": 1}]},
                "drift 1: unknown drift 'grandual': did you mean 'gradual'?",
            ),
            (
                {"label_shift": [{"proportion": {"cat": 1}}]},
                "label_shift 1 has an unknown key proportion: did you mean 'proportions'?",
            ),
            ({"label_shift": [{}]}, "label_shift 1: label shift: give either proportions or conce"),
            ({"stream": 0}, "stream is 0: give at least 1"),
        ],
    )
    def test_what_is_wrong_in_them_is_said_with_their_number(
        self, values: dict[str, Any], message: str
    ) -> None:
        assert refusal(**values).startswith(message)


def uncommented(text: str) -> str:
    """The file with what stands in comments in force, and what is in force gone."""
    lines = []
    for line in text.splitlines():
        hidden = re.match(r"# (\w+ = .*|\[+(?:profile\.)?\w+\].*)", line)
        if hidden or line.startswith("["):
            lines.append(hidden[1] if hidden else line)
    return "\n".join(lines)


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and key != "class_mapping":
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


class TestStorageOptions:
    def test_each_place_has_the_common_ones_and_its_own(self) -> None:
        own = {"output": {"key": "b"}, "profile": {"key": "c", "region": "r"}}
        settings = built(storage_options={"key": "a", **own})
        assert settings.options_of("input") == {"key": "a"}
        assert settings.options_of("output") == {"key": "b"}
        assert settings.options_of("profile") == {"key": "c", "region": "r"}

    def test_those_of_a_place_are_a_table(self) -> None:
        settings = built(storage_options={"profile": "work"})
        with pytest.raises(SettingsError, match=r"^write storage_options.profile as a table$"):
            settings.options_of("input")


class TestTheJobsFile:
    def test_it_is_a_valid_run(self) -> None:
        settings = generate_settings(read_toml(str(JOB)))
        assert settings.transforms == (
            TransformInfo(ImageTransform.GAUSSIAN_BLUR, 0.5),
            TransformInfo(ImageTransform.GAUSSIAN_NOISE, 0.2),
        )

    def test_what_is_commented_out_is_valid(self) -> None:
        values = tomllib.loads(uncommented(JOB.read_text(encoding="utf-8")))
        assert is_dataclass(built(**values))

    def test_what_is_commented_out_is_the_default(self) -> None:
        shown = dict(leaves(tomllib.loads(uncommented(JOB.read_text(encoding="utf-8")))))
        defaults = dict(leaves(as_dict(built())))
        defaults |= dict(leaves(asdict(S3Options()), "storage_options."))
        profile = {str(name): asdict(transform_class(name)()) for name in ImageTransform}
        defaults |= dict(leaves(profile, "profile."))
        differing = {key for key, value in shown.items() if value != defaults[key]}
        # TOML cannot write None: these show an example.
        examples = {key for key, value in defaults.items() if value in (None, [])} & set(shown)
        assert differing == examples

    def test_it_shows_every_key_but_those_of_the_python_api_and_of_the_job(self) -> None:
        text = JOB.read_text(encoding="utf-8")
        shown = dict(leaves(tomllib.loads(uncommented(text)))) | dict(leaves(tomllib.loads(text)))
        hidden = {key for key, _ in leaves(as_dict(built()))} - set(shown)
        assert hidden == {"start", "cluster.address", "calibration.level", "raw"}

    def test_it_shows_every_key_of_a_drift_and_of_a_label_shift(self) -> None:
        values = tomllib.loads(uncommented(JOB.read_text(encoding="utf-8")))
        keys = {key for table in values["drift"] for key in table}
        assert keys == {item.name for item in fields(Drift)}
        in_words = {"concentration"}
        assert set(values["label_shift"][0]) | in_words == {f.name for f in fields(LabelShift)}

    def test_its_storage_options_are_those_of_s3(self) -> None:
        text = uncommented(JOB.read_text(encoding="utf-8"))
        shown = set(tomllib.loads(text)["storage_options"]) - {"output"}
        in_words = {"secret", "token", "anon"}
        assert shown | in_words == {item.name for item in fields(S3Options)}
