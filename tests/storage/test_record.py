"""run.json: what makes a run the same run, and what it says where it is another."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift.engine.identity import identity_defaults, run_identity
from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.settings import GenerateSettings
from raydrift.settings.toml import as_dict, generate_settings
from raydrift.storage.output import find_run
from raydrift.storage.record import JobRecord, differences, installed_versions, load_record
from raydrift.transforms import SETUPS, ImageTransform, TransformInfo, transform_class
from raydrift.transforms.setups import published_setup

CHANGES_BYTES: dict[str, Any] = {
    "seed": 43,
    "start": 10,
    "copies": 2,
    "shuffle": False,
    "first_timestamp": 0.0,
    "delta_timestamp": 1.0,
    "transforms": ["rotate:0.5"],
    "drift": [{"transforms": ["rotate:0.5"]}],
    "label_shift": [{"concentration": 1.0}],
    "image.height": 96,
    "image.width": 96,
    "image.max_bytes": 1000,
    "image.max_pixels": 1000,
    "image.max_memory": 1_000_000,
    "image.profile": "convert",
    "image.value_range": [0, 4095],
    "raw": {"view": "ma"},
    "embedding.compute": False,
    "embedding.normalize": True,
    "embedding.precision": "bfloat16",
    "write.organize_by_class": True,
}
CHANGES_NOTHING: dict[str, Any] = {
    "embedding.batch_size": 16,
    "output": "elsewhere",
    "write.container": "webdataset",
    "write.container_bytes": 10**9,
    "write.shard_size": 16,
    "write.keep_shards": True,
    "write.finalize": False,
    "write.overwrite": True,
    "faults.on_error": "fail",
    "faults.max_rejected": 0.5,
    "cluster.address": "auto",
    "cluster.workers": 3,
    "cluster.min_workers": 2,
    "cluster.max_workers": 9,
    "cluster.embedders": 1,
    "cluster.min_embedders": 1,
    "cluster.max_embedders": 2,
    "cluster.wait_seconds": 1.0,
    "cluster.verbose": True,
}
# By the catalog, the sample count, the classes' labels, the weights' digest and the transforms.
TOLD_OTHERWISE: dict[str, Any] = {
    "class_mapping": {"boat": 0},
    "input": "elsewhere",
    "num_samples": 5,
    "stream": 100,
    "split": "train",
    "masks": "elsewhere",
    "twins": "elsewhere",
    "catalog.labels": "elsewhere",
    "catalog.exclude": ["*_thumb.jpg"],
    "catalog.least": 2,
    "catalog.source": "(.*)_",
    "embedding.weights": "random",
    "calibration": {"profile": "p.toml", "target": 0.5},
}


RANGES: dict[str, tuple[Any, list[str]]] = {
    "profile.rotate.degrees": (91.0, ["rotate:0.5"]),
    "profile.brightness.span": (2.0, ["brightness:0.5"]),
    "profile.contrast.span": (2.0, ["contrast:0.5"]),
    "profile.saturation.span": (2.0, ["saturation:0.5"]),
    "profile.brightness.low": (0.5, ["brightness:0.5"]),
    "profile.brightness.high": (1.5, ["brightness:0.5"]),
    "profile.contrast.low": (0.5, ["contrast:0.5"]),
    "profile.contrast.high": (1.5, ["contrast:0.5"]),
    "profile.saturation.low": (0.5, ["saturation:0.5"]),
    "profile.saturation.high": (1.5, ["saturation:0.5"]),
    "profile.hue.turns": (0.25, ["hue:0.5"]),
    "profile.gaussian_blur.sigma": (2.0, ["gaussian_blur:0.5"]),
    "profile.gaussian_blur.kernel": (7, ["default:0.3"]),
    "profile.gaussian_noise.mean": (0.2, ["gaussian_noise:0.5"]),
    "profile.gaussian_noise.sigma": (0.2, ["default:0.8"]),
    "profile.default.switch": (0.6, ["default:0.55"]),
    "profile.default.noise_offset": (0.3, ["default:0.8"]),
    "profile.motion_blur.length": (9.0, ["motion_blur:0.5"]),
    "profile.defocus_blur.radius": (9.0, ["defocus_blur:0.5"]),
    "profile.jpeg_compression.lowest": (9, ["jpeg_compression:0.5"]),
    "profile.pixelate.least": (0.5, ["pixelate:0.5"]),
    "profile.occlusion.area": (0.4, ["occlusion:0.5"]),
    "profile.occlusion.aspect": (1.5, ["occlusion:0.5"]),
    "profile.occlusion.grey": (128, ["occlusion:0.5"]),
    "profile.shear.degrees": (9.0, ["shear:0.5"]),
    "profile.affine.rotate": (9.0, ["affine:0.5"]),
    "profile.affine.shift_x": (0.2, ["affine:0.5"]),
    "profile.affine.shift_y": (0.2, ["affine:0.5"]),
    "profile.affine.shear": (9.0, ["affine:0.5"]),
    "profile.affine.zoom_low": (0.9, ["affine:0.5"]),
    "profile.affine.zoom_high": (1.1, ["affine:0.5"]),
    "profile.affine.flip": (True, ["affine:0.5"]),
    "profile.affine.flip_vertical": (True, ["affine:0.5"]),
    "profile.affine.keep_aspect": (True, ["affine:0.5"]),
    "profile.affine.fill": ("wrap", ["affine:0.5"]),
    "profile.affine.fill_value": (9.0, ["affine:0.5"]),
    "profile.channel_shift.levels": (9.0, ["channel_shift:0.5"]),
    "profile.isp_black_level.span": (0.03, ["isp_black_level:0.5"]),
    "profile.isp_white_balance.stops": (0.5, ["isp_white_balance:0.5"]),
    "profile.isp_colour_matrix.share": (0.5, ["isp_colour_matrix:0.5"]),
    "profile.isp_gamma.stops": (0.5, ["isp_gamma:0.5"]),
    "profile.isp_sharpen.amount": (2.0, ["isp_sharpen:0.5"]),
    "profile.isp_denoise.sigma": (1.0, ["isp_denoise:0.5"]),
    "profile.isp_demosaic.share": (0.5, ["isp_demosaic:0.5"]),
    "profile.isp_exposure.least_light": (0.1, ["isp_exposure:0.5"]),
    "profile.isp_exposure.electrons": (9000.0, ["isp_exposure:0.5"]),
    "profile.isp_exposure.read": (4.0, ["isp_exposure:0.5"]),
    "profile.isp_exposure.bits": (12, ["isp_exposure:0.5"]),
    "profile.isp_noise.least_shot": (0.0002, ["isp_noise:0.5"]),
    "profile.isp_noise.most_shot": (0.02, ["isp_noise:0.5"]),
    "profile.isp_bits.most": (12.0, ["isp_bits:0.5"]),
    "profile.isp_bits.least": (8.0, ["isp_bits:0.5"]),
    "profile.isp.black_span": (0.03, ["isp:0.5"]),
    "profile.isp.balance_stops": (0.5, ["isp:0.5"]),
    "profile.isp.matrix_share": (0.5, ["isp:0.5"]),
    "profile.isp.gamma_stops": (0.5, ["isp:0.5"]),
    "profile.isp.sharpen_amount": (2.0, ["isp:0.5"]),
    "profile.isp.denoise_sigma": (1.0, ["isp:0.5"]),
    "profile.isp.demosaic_chance": (0.5, ["isp:0.5"]),
    "profile.isp.most_shot": (0.02, ["isp:0.5"]),
    "profile.isp.least_light": (0.1, ["isp:0.5"]),
    "camera.mode": ("full", ["isp_gamma:0.5"]),
    "camera.oversample": (2, ["isp_gamma:0.5"]),
    "camera.black_level": (0.05, ["isp_gamma:0.5"]),
    "camera.white_balance": ([2.0, 1.0, 1.5], ["isp_gamma:0.5"]),
    "camera.colour_matrix": ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], ["isp_gamma:0.5"]),
    "camera.gamma": (2.4, ["isp_gamma:0.5"]),
    "camera.view": ("ma", ["isp_gamma:0.5"]),
    "camera.cfa": ("BGGR", ["isp_gamma:0.5"]),
}
"""Ranges, and transforms that they matter for."""


def settings_with(**values: Any) -> GenerateSettings:
    """Settings with embeddings; a name is a path as in ``profile.hue.turns``."""
    plain: dict[str, Any] = {"input": "in", "output": "out", "embedding": {"compute": True}}
    for path, value in values.items():
        *tables, name = path.split(".")
        table = plain
        for one in tables:
            table = table.setdefault(one, {})
        table[name] = value
    return generate_settings(plain)


def told_differences(there: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """As a run tells them, which knows the defaults."""
    return differences(there, here, identity_defaults(there, here))


def record_of(
    settings: GenerateSettings, samples: int = 72, catalog: str = "c0ffee", weights: str = "w"
) -> JobRecord:
    return JobRecord(
        identity=run_identity(settings, samples, catalog, weights),
        settings=as_dict(settings),
        shard_size=16,
        samples=samples,
        classes={"boat": 0, "猫": 1},
        notes=["a note"],
    )


def fingerprint(settings: GenerateSettings, **told: Any) -> str:
    return record_of(settings, **told).fingerprint


@pytest.mark.parametrize("name", CHANGES_BYTES)
def test_a_setting_that_changes_bytes_changes_the_fingerprint(name: str) -> None:
    changed = settings_with(**{name: CHANGES_BYTES[name]})
    assert changed != settings_with()
    assert fingerprint(changed) != fingerprint(settings_with())
    identity = record_of(changed).identity
    assert told_differences(json.loads(json.dumps(identity)), identity) == []


@pytest.mark.parametrize("name", RANGES)
def test_a_range_counts_for_the_transforms_that_use_it_alone(name: str) -> None:
    value, transforms = RANGES[name]
    changed = settings_with(**{name: value}, transforms=transforms)
    assert fingerprint(changed) != fingerprint(settings_with(transforms=transforms))
    others = {"transforms": [f"{one}:0" for one in ImageTransform]}
    assert fingerprint(settings_with(**{name: value}, **others)) == fingerprint(
        settings_with(**others)
    )
    drift = [{"transforms": transforms, "kind": "incremental", "width": 9}]
    drifting = settings_with(**{name: value}, drift=drift)
    assert fingerprint(drifting) != fingerprint(settings_with(drift=drift))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("profile.gaussian_noise.sigma", 0.2),
        ("profile.default.switch", 0.6),
        ("profile.default.noise_offset", 0.3),
    ],
)
def test_default_depends_on_noise_only_where_it_can_become_noise(name: str, value: float) -> None:
    blurred = settings_with(transforms=["default:0.3"])
    assert fingerprint(settings_with(**{name: value}, transforms=["default:0.3"])) == fingerprint(
        blurred
    )
    rising = [{"transforms": ["default:0.8"], "kind": "incremental", "width": 9}]
    assert fingerprint(settings_with(**{name: value}, drift=rising)) != fingerprint(
        settings_with(drift=rising)
    )


def test_a_fixed_camera_changes_the_fingerprint() -> None:
    """It is refused where no transform draws what is fixed, at level 0 too."""
    drawn, fixed = {"transforms": ["isp_gamma:0.5"]}, {"camera.fixed": {"gamma": 1.2}}
    assert fingerprint(settings_with(**drawn, **fixed)) != fingerprint(settings_with(**drawn))


@pytest.mark.parametrize("name", CHANGES_NOTHING | TOLD_OTHERWISE)
def test_a_setting_that_changes_no_byte_does_not_change_the_fingerprint(name: str) -> None:
    changed = settings_with(**{name: (CHANGES_NOTHING | TOLD_OTHERWISE)[name]})
    assert changed != settings_with()
    assert fingerprint(changed) == fingerprint(settings_with())


@pytest.mark.parametrize("told", [{"samples": 71}, {"catalog": "deed"}, {"weights": "v"}])
def test_other_samples_files_or_weights_change_the_fingerprint(told: dict[str, Any]) -> None:
    assert fingerprint(settings_with(), **told) != fingerprint(settings_with())


def test_every_setting_is_either_in_the_fingerprint_or_not() -> None:
    names = set()
    for name, value in as_dict(settings_with()).items():
        names |= {f"{name}.{below}" for below in value} if isinstance(value, dict) else {name}
    for transform in ImageTransform:
        names |= {f"profile.{transform}.{item.name}" for item in fields(transform_class(transform))}
    for family in SETUPS:
        names |= {f"{family}.{item.name}" for item in fields(published_setup(family))}
    calibration = {f"calibration.{name}" for name in ("profile", "target", "level")}
    told = set(CHANGES_BYTES | RANGES | CHANGES_NOTHING | TOLD_OTHERWISE) - {"calibration"}
    assert names == told | calibration | {"camera.fixed"}


@pytest.mark.parametrize(("name", "value"), [("normalize", True), ("precision", "bfloat16")])
def test_without_embeddings_the_networks_settings_do_not_count(name: str, value: object) -> None:
    clean = settings_with(**{"embedding.compute": False})
    other = settings_with(**{"embedding.compute": False, f"embedding.{name}": value})
    assert fingerprint(other) == fingerprint(clean)


def test_the_order_of_transforms_counts() -> None:
    one = settings_with(transforms=["hue:0.5", "rotate:0.5"])
    other = settings_with(transforms=["rotate:0.5", "hue:0.5"])
    assert fingerprint(one) != fingerprint(other)


def test_levels_that_differ_in_their_seventh_digit_are_not_the_same_run() -> None:
    one = replace(settings_with(), transforms=(TransformInfo("rotate", 0.1234561),))
    other = replace(settings_with(), transforms=(TransformInfo("rotate", 0.1234562),))
    assert fingerprint(one) != fingerprint(other)


def test_the_settings_that_are_kept_give_the_same_run_again() -> None:
    settings = replace(settings_with(), transforms=(TransformInfo("rotate", 1 / 3),))
    assert generate_settings(json.loads(json.dumps(as_dict(settings)))) == settings


def test_labels_may_be_numpy_integers_as_in_the_catalog(tmp_path: Path) -> None:
    settings = replace(settings_with(), class_mapping={"boat": np.int64(3)})
    record_of(settings).save(StoragePath.of(tmp_path))
    assert load_record(StoragePath.of(tmp_path)) == record_of(settings)


def test_a_record_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    record = record_of(settings_with(transforms=["rotate:0.5"], class_mapping={"猫": 1}))
    record.status = "complete"
    record.counts = {"asked": 72, "written": 71, "rejected": 1, "image_bytes": 12345}
    record.timings = {"finalize": 0.125}
    record.files = {"sampled_images.zip": {"size": 10, "crc32": "abc"}}
    record.save(StoragePath.of(tmp_path))
    found = load_record(StoragePath.of(tmp_path))
    assert found == record
    assert found.fingerprint == record.fingerprint
    assert told_differences(found.identity, record.identity) == []


def test_a_record_of_before_the_slowest_shards_were_told_is_read(tmp_path: Path) -> None:
    record_of(settings_with()).save(StoragePath.of(tmp_path))
    file = tmp_path / "run.json"
    content = json.loads(file.read_text())
    del content["workers"], content["slowest_shards"]
    file.write_text(json.dumps(content))
    found = load_record(StoragePath.of(tmp_path))
    assert found is not None
    assert (found.workers, found.slowest_shards) == ({}, [])
    assert found == record_of(settings_with())


def test_a_record_of_a_later_version_is_refused(tmp_path: Path) -> None:
    record_of(settings_with()).save(StoragePath.of(tmp_path))
    file = tmp_path / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"fastest_shards": []}))
    with pytest.raises(OutputError, match=r"is not a run of this version of raydrift"):
        load_record(StoragePath.of(tmp_path))


def test_of_an_earlier_version_only_finished_runs_can_be_looked_at(tmp_path: Path) -> None:
    """The files of its shards had other names."""
    record, file = record_of(settings_with()), tmp_path / "run.json"
    record.save(StoragePath.of(tmp_path))
    old = json.loads(file.read_text()) | {"format": 3}
    file.write_text(json.dumps(old | {"status": "complete"}))
    assert load_record(StoragePath.of(tmp_path)) is not None
    with pytest.raises(OutputError) as caught:
        find_run(StoragePath.of(tmp_path), record.identity, overwrite=False)
    assert str(caught.value) == (
        f"output {tmp_path} holds another run (of an earlier version of raydrift): "
        "choose another output, or replace it with --overwrite"
    )
    for status in ("running", "sharded"):
        file.write_text(json.dumps(old | {"status": status}))
        with pytest.raises(OutputError, match=r"is not a run of this version of raydrift"):
            load_record(StoragePath.of(tmp_path))
        assert find_run(StoragePath.of(tmp_path), record.identity, overwrite=True) is None


def test_run_json_is_json_that_people_can_read(tmp_path: Path) -> None:
    record = record_of(settings_with())
    record.save(StoragePath.of(tmp_path))
    text = (tmp_path / "run.json").read_text()
    content = json.loads(text)
    assert text == json.dumps(content, indent=2) + "\n"
    assert content["fingerprint"] == record.fingerprint
    assert content["status"] == "running"
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_the_versions_of_what_makes_the_bytes_are_kept() -> None:
    versions = installed_versions()
    assert {"python", "raydrift", "numpy", "opencv-python-headless", "isal"} <= versions.keys()
    assert versions["numpy"] == np.__version__


def test_where_there_is_no_run_there_is_no_record(tmp_path: Path) -> None:
    assert load_record(StoragePath.of(tmp_path)) is None
    assert load_record(StoragePath.of(tmp_path / "nowhere")) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"3",
        b"null",
        b'"text"',
        b"no json",
        b"\xff\xfe",
        b'{"fingerprint": "abc", "learning_rate": 0.1}',
        b'{"fingerprint": "abc"}',
    ],
)
def test_a_run_json_of_another_program_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(OutputError) as caught:
        load_record(StoragePath.of(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}/run.json is not a run of this version of raydrift: "
        "choose another output, or delete the file"
    )


@pytest.mark.parametrize(
    ("changed", "told", "texts"),
    [
        ({}, {}, []),
        ({"seed": 1}, {}, ["seed is 42 there and 1 here"]),
        ({"shuffle": False}, {}, ["shuffle is true there and false here"]),
        ({"transforms": ["hue:1.0"]}, {}, ['transforms is [] there and ["hue:1.0"] here']),
        ({}, {"samples": 10}, ["num_samples is 72 there and 10 here"]),
        ({}, {"catalog": "deed"}, ["the input's files are others"]),
        ({}, {"weights": "v"}, ["the network's weights are others"]),
        (
            {"image.width": 96, "embedding.precision": "bfloat16"},
            {},
            [
                'embedding.precision is "float32" there and "bfloat16" here',
                "image.width is 224 there and 96 here",
            ],
        ),
    ],
)
def test_differences_say_what_is_other(
    changed: dict[str, Any], told: dict[str, Any], texts: list[str]
) -> None:
    there, here = record_of(settings_with()), record_of(settings_with(**changed), **told)
    assert told_differences(there.identity, here.identity) == texts


def test_ranges_that_differ_are_told() -> None:
    hue = {"transforms": ["hue:1.0"]}
    there = record_of(settings_with(**hue))
    here = record_of(settings_with(**hue, **{"profile.hue.turns": 0.1}))
    assert told_differences(there.identity, here.identity) == [
        "profile.hue.turns is 0.5 there and 0.1 here"
    ]


def test_a_setting_that_came_later_has_its_default_in_runs_of_before() -> None:
    identity = record_of(settings_with(transforms=["hue:1.0"])).identity
    before = json.loads(json.dumps(identity))
    del before["shuffle"], before["image"]["max_bytes"], before["profile"]["hue"]["turns"]
    del before["embedding"]["precision"]
    assert told_differences(before, identity) == []
    changed = identity | {"shuffle": False, "image": identity["image"] | {"max_bytes": 10}}
    assert told_differences(before, changed) == [
        "image.max_bytes is 1073741824 there and 10 here",
        "shuffle is true there and false here",
    ]


def test_a_setting_that_counted_once_is_no_difference_at_its_default() -> None:
    identity = record_of(settings_with()).identity
    before = identity | {"embedding": identity["embedding"] | {"batch_size": 32}}
    assert told_differences(before, identity) == []


def test_classes_that_differ_are_told_in_one_sentence() -> None:
    there = {"classes": {str(number): number for number in range(1000)}}
    here = {"classes": {str(number): 0 for number in range(1000)}}
    assert told_differences(there, here) == ["the classes or their labels are others"]


def test_a_long_difference_is_cut() -> None:
    (text,) = told_differences({"transforms": ["rotate:0.5"] * 9}, {"transforms": []})
    start = '["rotate:0.5", "rotate:0.5", "rotate:0.5", "rotate:0.5", "'
    assert text == f"transforms is {start[:57]}... there and [] here"
