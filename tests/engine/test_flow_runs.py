"""Runs with copies: what training sees, epoch after epoch, written to disk."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import raydrift
from raydrift.catalog import catalog_of
from raydrift.catalog.stream import sample_order
from raydrift.drift import apply_chain, drift_image
from raydrift.drift.chain import replay_sample
from raydrift.drift.written import read_back
from raydrift.engine.generate import generate
from raydrift.engine.identity import run_identity
from raydrift.errors import SettingsError
from raydrift.flows.flow import Flow
from raydrift.images.codec import decode, decode_image
from raydrift.images.masks import resized_mask
from raydrift.images.pixels import RGB, Sample
from raydrift.report.inspection import inspect_output
from raydrift.schedules.epochs import epoch_order
from raydrift.settings import GenerateSettings
from raydrift.settings.augment import Augment
from raydrift.settings.toml import generate_settings

pytestmark = pytest.mark.usefixtures("ray_session")

COUNT = 6
AUGMENT = Augment(rotate=25, zoom=(0.8, 1.2), flip=True, brightness=(0.7, 1.2), drift=["default:1"])


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six images of two classes."""
    folder = tmp_path_factory.mktemp("flows") / "in"
    for number in range(COUNT):
        name = f"boat/boat_{number:03d}.jpg" if number < 4 else f"tree/tree_{number:03d}.jpg"
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes((scenes / f"boat/boat_{number:03d}.jpg").read_bytes())
    return folder


def asked(source: Path, output: Path, **values: Any) -> GenerateSettings:
    told = {"input": str(source), "output": str(output), "image": {"height": 24, "width": 32}}
    settings = generate_settings(told | {"copies": 3, "write": {"shard_size": 5}, **values})
    if settings.transforms or settings.drift:
        return settings
    return replace(settings, transforms=AUGMENT.transforms(), profile=AUGMENT.profile())


def made(source: Path, output: Path, **values: Any) -> raydrift.DriftedDataset:
    generate(asked(source, output, **values), quiet=True)
    return raydrift.open(output)


def by_draw(dataset: raydrift.DriftedDataset) -> dict[tuple[int, int], bytes]:
    """The pixels of each image in each epoch."""
    found = {}
    for sample in dataset:
        row = sample.provenance
        found[row["draw_id"], row["epoch"]] = sample.image.tobytes()
    assert len(found) == len(dataset)
    return found


@pytest.fixture(scope="module")
def three(source: Path, tmp_path_factory: pytest.TempPathFactory) -> raydrift.DriftedDataset:
    """Three epochs of all images."""
    return made(source, tmp_path_factory.mktemp("three") / "out", cluster={"workers": 2})


def original(source: Path, row: dict[str, Any], settings: GenerateSettings) -> RGB:
    return decode((source / row["source_path"]).read_bytes(), settings.image)


def test_each_epoch_has_every_image_once_in_an_order_of_its_own(
    three: raydrift.DriftedDataset,
) -> None:
    rows = three.provenance.to_pylist()
    assert [row["epoch"] for row in rows] == [0] * COUNT + [1] * COUNT + [2] * COUNT
    drawn = [row["draw_id"] for row in rows]
    for epoch in range(3):
        of_epoch = drawn[epoch * COUNT : (epoch + 1) * COUNT]
        assert of_epoch == epoch_order(42, COUNT, epoch).tolist()
    paths = sorted({row["source_path"] for row in rows})
    assert all(paths[row["draw_id"]] == row["source_path"] for row in rows)
    assert three.mapping["sample_id"].to_pylist() == list(range(3 * COUNT))
    assert len(set(three.mapping["file_name"].to_pylist())) == 3 * COUNT


def test_a_sample_is_what_training_saw_of_its_image_in_its_epoch(
    source: Path, three: raydrift.DriftedDataset, tmp_path: Path
) -> None:
    settings = asked(source, tmp_path)
    for sample in three:
        row = sample.provenance
        drifted, _ = drift_image(
            original(source, row, settings),
            AUGMENT.transforms(),
            seed=42,
            sample_id=row["draw_id"],
            epoch=row["epoch"],
            profile=AUGMENT.profile(),
        )
        np.testing.assert_array_equal(sample.image, drifted)


def test_every_pixel_replays_from_its_row(source: Path, three: raydrift.DriftedDataset) -> None:
    record = json.loads((Path(str(three._output)) / "run.json").read_text())
    settings = generate_settings(record["settings"])
    images = iter(three)
    for row in three.provenance.to_pylist():
        again = apply_chain(
            original(source, row, settings),
            read_back(row["transforms"]),
            seed=settings.seed,
            sample_id=row["draw_id"],
            epoch=row["epoch"],
            profile=settings.profile,
        )
        np.testing.assert_array_equal(next(images).image, again)
    assert inspect_output(three._output).problems == []


def test_other_workers_and_shards_and_a_second_start_make_the_same_bytes(
    source: Path, three: raydrift.DriftedDataset, tmp_path: Path
) -> None:
    output, write = tmp_path / "out", {"shard_size": 7, "keep_shards": True}
    made(source, output, cluster={"workers": 1}, write=write | {"finalize": False})
    lost = sorted((output / "_shards").glob("*00001*"))
    assert lost
    for file in lost:
        file.unlink()
    made(source, output, cluster={"workers": 1}, write=write)
    for name in ("sampled_images.zip", "provenance.parquet", "input_mapping.parquet"):
        assert (three._output / name).read_bytes() == (output / name).read_bytes()


def test_pixels_depend_neither_on_the_number_of_copies_nor_on_order_and_place(
    source: Path, three: raydrift.DriftedDataset, tmp_path: Path
) -> None:
    all_three = by_draw(three)
    assert len(set(all_three.values())) == 3 * COUNT
    values = {"copies": 2, "shuffle": False, "start": 2, "num_samples": 8}
    some = by_draw(made(source, tmp_path / "some", **values))
    assert list(some) == [(place % COUNT, place // COUNT) for place in range(2, 10)]
    assert some == {key: all_three[key] for key in some}


def test_its_bytes_are_those_that_a_flow_gives_of_a_part_and_of_the_whole(
    source: Path, three: raydrift.DriftedDataset, tmp_path: Path
) -> None:
    flow = Flow(source, augment=AUGMENT, size=(24, 32), batch_size=2, split=0.5, workers=0)
    part, settings = flow.train, replace(flow.train.settings, output=str(tmp_path), copies=3)
    generate(settings, catalog=part.catalog.part(part.rows), quiet=True)
    written = raydrift.open(tmp_path)
    seen = [batch for epoch in range(3) for batch in part.numpy(epoch)]
    ids = np.concatenate([batch.sample_ids for batch in seen])
    assert written.provenance["draw_id"].to_pylist() == ids.tolist()
    assert 0 < part.samples < COUNT
    pixels = np.concatenate([batch.images for batch in seen])
    np.testing.assert_array_equal([sample.image for sample in written], pixels)
    whole = by_draw(three)
    assert by_draw(written).items() <= whole.items()


def test_other_copies_are_another_run(source: Path, three: raydrift.DriftedDataset) -> None:
    for copies, said in ((2, "2"), (None, "null")):
        with pytest.raises(raydrift.OutputError, match=f"copies is 3 there and {said} here"):
            made(source, Path(str(three._output)), copies=copies)


def test_a_drift_on_the_timeline_is_a_curriculum_over_the_samples_seen(
    source: Path, tmp_path: Path
) -> None:
    rising = {"transforms": ["gaussian_noise:0.8"], "kind": "incremental", "width": 1.0}
    found = made(source, tmp_path / "out", transforms=["hue:0.1"], drift=[rising])
    levels = [row["transforms"][1]["level"] for row in found.provenance.to_pylist()]
    assert levels == pytest.approx([0.8 * sample / (3 * COUNT) for sample in range(3 * COUNT)])
    for row, sample in zip(found.provenance.to_pylist(), found, strict=True):
        settings = asked(source, tmp_path)
        again = apply_chain(
            original(source, row, settings),
            read_back(row["transforms"]),
            seed=42,
            sample_id=row["draw_id"],
            epoch=row["epoch"],
        )
        np.testing.assert_array_equal(sample.image, again)


def test_a_label_shift_moves_images_with_their_epochs(source: Path, tmp_path: Path) -> None:
    shift = {"start": 0, "proportions": {"tree": 0.9}}
    settings = asked(source, tmp_path / "out", transforms=["hue:0.5"], label_shift=[shift])
    order = sample_order(settings, catalog_of(settings))
    assert order.ended_by == "tree"
    assert order.epochs is not None
    pairs = list(zip(order.rows.tolist(), order.epochs.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    trees = [pair for pair in pairs if pair[0] >= 4]
    assert len(trees) > len(pairs) / 2
    plain = sample_order(replace(settings, label_shift=()), catalog_of(settings))
    of_trees = zip(plain.rows.tolist(), plain.epochs.tolist(), strict=True)  # type: ignore[union-attr]
    assert trees == [pair for pair in of_trees if pair[0] >= 4][: len(trees)]


def test_masks_move_with_the_copies_and_what_cannot_be_used_is_rejected_in_each(
    source: Path, tmp_path: Path
) -> None:
    labels = (np.add.outer(np.arange(240) // 30, np.arange(320) // 40) % 5).astype(np.uint8)
    for path in sorted(source.rglob("*.jpg"))[1:]:
        place = tmp_path / "masks" / path.relative_to(source).with_suffix(".png")
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(labels).save(place)
    values = {"masks": str(tmp_path / "masks"), "copies": 2, "faults": {"max_rejected": 1}}
    found = made(source, tmp_path / "out", **values)
    settings = asked(source, tmp_path)
    assert len(found) == 2 * (COUNT - 1)
    for row, sample in zip(found.provenance.to_pylist(), found, strict=True):
        image = decode_image((source / row["source_path"]).read_bytes(), settings.image)
        given = Sample(image.pixels, mask=resized_mask(labels, settings.image))
        again = replay_sample(
            given,
            read_back(row["transforms"]),
            seed=42,
            sample_id=row["draw_id"],
            epoch=row["epoch"],
            profile=settings.profile,
        )
        np.testing.assert_array_equal(sample.mask, again.mask)
        np.testing.assert_array_equal(sample.image, again.pixels)
    rejected = pq.read_table(tmp_path / "out" / "rejected.parquet").to_pylist()
    assert [row["path"] for row in rejected] == ["boat/boat_000.jpg"] * 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"copies": 0}, "copies is 0: give at least 1"),
        ({"copies": 1.5}, "copies is 1.5: give a whole number"),
    ],
)
def test_copies_are_whole(values: dict[str, Any], said: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        asked(source, tmp_path, **values)
    assert str(caught.value) == said


def test_more_samples_than_there_are_copies_of_are_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="19 samples asked for, 18 remain"):
        generate(asked(source, tmp_path / "out", num_samples=19), quiet=True)


def test_what_has_no_copies_is_the_run_that_it_was(source: Path, tmp_path: Path) -> None:
    settings = asked(source, tmp_path, copies=None)
    assert "copies" not in run_identity(settings, 1, "", None)
    assert run_identity(asked(source, tmp_path), 1, "", None)["copies"] == 3
    order = sample_order(settings, catalog_of(settings))
    assert order.rows.tolist() == catalog_of(settings).order(42, shuffle=True).tolist()
    assert order.epochs is None
