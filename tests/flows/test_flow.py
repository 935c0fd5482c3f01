"""The second face: an epoch has the same images whoever asks for it, and each sample comes once."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from raydrift.drift.chain import replay_sample
from raydrift.drift.written import read_back
from raydrift.errors import CatalogError, ImageError, PipelineError, SettingsError
from raydrift.flows import Augment, Flow, FlowBatch
from raydrift.images.codec import decode
from raydrift.images.pixels import Sample
from raydrift.schedules.drift import Drift
from raydrift.settings.image import ImageSettings
from tests.calibrate.test_profile import PROFILE, SAMPLE
from tests.flows.test_annotations import painted

AUGMENT = Augment(rotate=20, shift=0.1, zoom=0.2, flip=True, drift=["gaussian_noise:0.3"])


def flow_of(source: Path, **settings: Any) -> Flow:
    given: dict[str, Any] = {"augment": AUGMENT, "size": (32, 48), "batch_size": 8, "seed": 7}
    return Flow(source, **{**given, **settings})


def by_sample(batches: Iterator[FlowBatch]) -> dict[int, bytes]:
    return {
        int(one): image.tobytes()
        for batch in batches
        for one, image in zip(batch.sample_ids, batch.images, strict=True)
    }


def digest(batches: Iterator[FlowBatch]) -> str:
    total = sha256()
    for batch in batches:
        for array in (batch.images, batch.labels, batch.sample_ids):
            total.update(array.tobytes())
        total.update(repr((batch.paths, batch.transforms, batch.epoch, batch.place)).encode())
    return total.hexdigest()


def test_each_sample_comes_once_with_its_label_and_path(scenes: Path) -> None:
    flow = flow_of(scenes)
    batches = list(flow.train.numpy(0))
    assert [len(batch) for batch in batches] == [8] * 9
    ids = np.concatenate([batch.sample_ids for batch in batches])
    assert sorted(ids.tolist()) == list(range(72))
    for batch in batches:
        assert batch.images.shape == (8, 32, 48, 3)
        assert batch.images.dtype == np.uint8
        for path, name, label in zip(batch.paths, batch.class_names, batch.labels, strict=True):
            assert path.startswith(f"{name}/")
            assert flow.class_mapping[name] == label


def test_an_image_depends_on_seed_epoch_and_sample_alone(scenes: Path) -> None:
    """Not on the batch size, the order, or the split."""
    whole = by_sample(flow_of(scenes).train.numpy(1))
    assert by_sample(flow_of(scenes, batch_size=5, shuffle=False).train.numpy(1)) == whole
    part = by_sample(flow_of(scenes, split=0.25).train.numpy(1))
    assert part.items() < whole.items()
    assert by_sample(flow_of(scenes).train.numpy(0)) != whole
    assert by_sample(flow_of(scenes, seed=8).train.numpy(1)) != whole


def test_what_was_done_to_an_image_replays_it(scenes: Path) -> None:
    flow = flow_of(scenes)
    batch = next(flow.train.numpy(2))
    run = flow.settings.run
    for place, path in enumerate(batch.paths):
        plain = decode((scenes / path).read_bytes(), ImageSettings(32, 48))
        again = replay_sample(
            Sample(plain),
            read_back(batch.transforms[place]),
            seed=run.seed,
            sample_id=int(batch.sample_ids[place]),
            epoch=2,
            profile=run.profile,
        )
        np.testing.assert_array_equal(again.pixels, batch.images[place])


def test_validation_is_not_augmented_and_has_each_class_in_its_share(scenes: Path) -> None:
    flow = flow_of(scenes, split=0.25)
    (batches, again) = (list(flow.validation.numpy(epoch)) for epoch in (0, 1))
    assert digest(iter(batches)) != ""
    images = by_sample(iter(batches))
    assert images == by_sample(iter(again))
    labels = np.concatenate([batch.labels for batch in batches])
    assert np.bincount(labels).tolist() == [3] * 6
    path = batches[0].paths[0]
    plain = decode((scenes / path).read_bytes(), ImageSettings(32, 48))
    np.testing.assert_array_equal(batches[0].images[0], plain)
    assert batches[0].transforms[0] == []
    assert not set(by_sample(flow.train.numpy(0))) & set(images)


def test_ranks_share_an_epoch(scenes: Path) -> None:
    whole = by_sample(flow_of(scenes).train.numpy(0))
    for world in (2, 4):
        ranks = [flow_of(scenes, rank=rank, world_size=world).train for rank in range(world)]
        parts = [by_sample(rank.numpy(0)) for rank in ranks]
        assert sum(map(len, parts)) == 72
        assert {name: image for part in parts for name, image in part.items()} == whole
        assert sum(map(len, ranks)) == 9


def test_ranks_have_as_many_batches_where_asked(scenes: Path) -> None:
    ranks = [flow_of(scenes, rank=rank, world_size=2, even=True).train for rank in range(2)]
    assert [len(list(rank.numpy(0))) for rank in ranks] == [len(rank) for rank in ranks] == [4, 4]


def test_a_flow_goes_on_at_the_batch_where_it_stopped(scenes: Path) -> None:
    whole = [digest(iter([batch])) for batch in flow_of(scenes).train.numpy(1)]
    stopped = flow_of(scenes)
    list(stopped.train.numpy(0))
    list(islice(stopped.train.numpy(1), 4))
    state = json.loads(json.dumps(stopped.state()))
    resumed = flow_of(scenes)
    resumed.restore(state)
    assert resumed.train.epoch == 1
    rest = [digest(iter([batch])) for batch in resumed.train.numpy(1)]
    assert rest == whole[4:]
    assert resumed.train.state()["epoch"] == 2
    assert len(list(resumed.train.numpy(1))) == 9, "it resumes once"


@pytest.mark.parametrize("others", [{"seed": 8}, {"batch_size": 9}, {"augment": Augment()}])
def test_a_state_of_another_flow_is_refused(scenes: Path, others: dict[str, Any]) -> None:
    state = flow_of(scenes).train.state()
    with pytest.raises(SettingsError, match="the state is of another flow: make the flow with"):
        flow_of(scenes, **others).train.restore(state)


def test_a_curriculum_is_placed_on_the_samples_seen(scenes: Path) -> None:
    """From the middle of two epochs on, each image is blurred at a level that rises."""
    blur = Drift(["gaussian_blur:1"], "incremental", start=0.5, width=0.5)
    flow = flow_of(scenes, augment=Augment(), drift=[blur], epochs=2)
    levels = [
        [done[0]["level"] for batch in flow.train.numpy(epoch) for done in batch.transforms]
        for epoch in range(2)
    ]
    assert levels[0] == [0.0] * 72
    assert levels[1] == pytest.approx([place / 72 for place in range(72)])
    with pytest.raises(SettingsError, match=r"^epoch is 2: the first is 0, the last is 1$"):
        next(flow.train.numpy(2))


def test_a_divergence_is_asked_for_by_a_calibration(scenes: Path, tmp_path: Path) -> None:
    """What its profile comes to follows the augmentation."""
    sample = replace(SAMPLE, height=32, width=48)
    replace(PROFILE, sample=sample).save(tmp_path / "profile.toml")
    flow = flow_of(
        scenes, augment=Augment(flip=True), target=0.64, calibration=tmp_path / "profile.toml"
    )
    expected = [str(info) for info in PROFILE.transforms_for(0.64)]
    assert [str(info) for info in flow.train.settings.transforms] == ["affine:1.0", *expected]
    assert flow.notes[-1] == "the calibration was made on other images"
    first = next(flow.train.numpy(0))
    assert [done["type"] for done in first.transforms[0]] == ["affine", "hue", "default"]


@pytest.fixture
def with_broken(scenes: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "input"
    shutil.copytree(scenes, folder)
    victim = sorted(folder.rglob("*.jpg"))[5]
    victim.write_bytes(b"no image")
    return folder


def test_an_image_that_cannot_be_used_is_replaced_and_told(with_broken: Path) -> None:
    flow = flow_of(with_broken)
    with pytest.warns(UserWarning, match=r"cannot be used .*another image takes its place"):
        batches = list(flow.train.numpy(0))
    assert [len(batch) for batch in batches] == [8] * 9
    (rejected,) = flow.train.rejected
    assert rejected.sample == 5
    assert rejected.reason == "decode: not an image in a known format"
    ids = np.concatenate([batch.sample_ids for batch in batches])
    assert 5 not in ids
    with pytest.warns(UserWarning, match="another image takes its place"):
        assert digest(flow_of(with_broken).train.numpy(0)) == digest(iter(batches))


def test_or_it_stops_the_flow_with_its_path(with_broken: Path) -> None:
    flow = flow_of(with_broken, on_error="raise")
    with pytest.raises(ImageError, match=rf"{flow.train.maker.path(5)}: not an image"):
        list(flow.train.numpy(0))


def test_where_no_image_can_be_used_it_is_said(tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / "a" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"no image")
    with pytest.raises(PipelineError, match="nor can 2 others that were tried in its place"):
        next(flow_of(tmp_path).train.numpy(0))


def test_masks_move_with_their_images(scenes: Path, tmp_path: Path) -> None:
    for path in scenes.rglob("*.jpg"):
        mask = tmp_path / path.relative_to(scenes).with_suffix(".png")
        mask.parent.mkdir(parents=True, exist_ok=True)
        red = cv2.imread(str(path))[..., 2]
        cv2.imwrite(str(mask), (red > 128).astype(np.uint8))
    moving = Augment(rotate=30, shift=0.2, flip=True, flip_vertical=True)
    flow = flow_of(scenes, augment=moving, masks=tmp_path, size=(240, 320))
    batch = next(flow.train.numpy(0))
    assert batch.masks is not None
    assert batch.masks.shape == (8, 240, 320)
    for image, mask in zip(batch.images, batch.masks, strict=True):
        assert np.mean((image[..., 0] > 128) == (mask > 0)) > 0.97


def test_several_masks_move_alike(scenes: Path, tmp_path: Path) -> None:
    """The second folder has the labels of the first, ten times as large; one image has none."""
    for path in scenes.rglob("*.jpg"):
        red = cv2.imread(str(path))[..., 2] // 64
        for folder, factor in (("a", 1), ("b", 10)):
            mask = tmp_path / folder / path.relative_to(scenes).with_suffix(".png")
            mask.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(mask), red * factor)
    moving = Augment(rotate=30, shift=0.2, flip=True, drift=["rotate:0.3", "hue:0.2"])
    folders = [tmp_path / "a", tmp_path / "b"]
    batch = next(flow_of(scenes, augment=moving, masks=folders).train.numpy(0))
    (second,) = batch.more_masks
    assert batch.masks is not None
    assert len(np.unique(second)) > 2
    np.testing.assert_array_equal(second, 10 * batch.masks)
    first = flow_of(scenes, shuffle=False)
    lost = first.train.maker.path(0)
    (tmp_path / "b" / lost).with_suffix(".png").unlink()
    flow = flow_of(scenes, masks=folders, shuffle=False)
    with pytest.warns(UserWarning, match="it has no mask"):
        batch = next(flow.train.numpy(0))
    assert [one.path for one in flow.train.rejected] == [lost]


def test_statistics_are_those_of_the_images(scenes: Path) -> None:
    flow = flow_of(scenes, split=0.25)
    found = flow.fit_statistics()
    images = np.concatenate([batch.arrays[0] for batch in flow.train.made(flow.train.plain(), 0)])
    assert found.images == 54
    np.testing.assert_allclose(found.mean, (images / 255).mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(found.std, (images / 255).std(axis=(0, 1, 2)), rtol=1e-9)


def test_whitened_images_are_not_correlated(scenes: Path) -> None:
    flow = flow_of(scenes, augment=None, size=8)
    found = flow.fit_statistics(whitening=True)
    assert found.whitening is not None
    assert found.mean_image is not None
    images = np.concatenate([batch.images for batch in flow.train.numpy(0)]) / 255
    flat = (images - found.mean_image).reshape(72, -1) @ found.whitening
    values = np.linalg.eigvalsh(flat.T @ flat / 72)
    assert np.allclose(values[-60:], 1, atol=0.02)
    with pytest.raises(SettingsError, match=r"zca_whitening of images of 8000 × 8000 × 3 needs"):
        flow_of(scenes, size=8000).fit_statistics(whitening=True)


def test_a_preview_shows_what_the_epochs_make_of_images(scenes: Path, tmp_path: Path) -> None:
    sheet = flow_of(scenes).preview(tmp_path / "sheet.png", images=3, epochs=2)
    assert (tmp_path / "sheet.png").is_file()
    assert sheet.mode == "RGB"


def test_settings_come_from_toml_too(scenes: Path, tmp_path: Path) -> None:
    file = tmp_path / "flow.toml"
    file.write_text(
        f"""
        input = "{scenes}"
        size = [32, 48]
        batch_size = 8
        seed = 7
        split = 0.25
        [augment]
        rotate = 20
        shift = 0.1
        zoom = 0.2
        flip = true
        drift = ["gaussian_noise:0.3"]
        """
    )
    here = flow_of(scenes, split=0.25)
    assert digest(Flow.from_toml(file).train.numpy(0)) == digest(here.train.numpy(0))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"split": 1.0}, r"split is 1.0: give the share of images for validation"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"rank": 2, "world_size": 2}, "rank is 2: give 0 to 1"),
        ({"last": "small"}, r"last is 'small': choose from: smaller, wrapped"),
        ({"workers": 1.5}, "workers is 1.5: give a whole number"),
        ({"group": "patient", "split": 0.2}, "it is a column of a manifest, and the input is none"),
        ({"group": "patient"}, "it is for a split: give split"),
        ({"epochs": 0}, "epochs is 0"),
        ({"world_size": 99, "even": True}, "no batches for rank 0 of 99: the training part has"),
        ({"last": "dropped", "batch_size": 99}, "has 72 images: give a smaller batch_size"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    scenes: Path, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as raised:
        flow_of(scenes, **settings)
    assert "\n" not in str(raised.value)


def test_a_class_of_one_image_cannot_be_in_both_parts(scenes: Path, tmp_path: Path) -> None:
    source = tmp_path / "input"
    shutil.copytree(scenes, source)
    (source / "lone").mkdir()
    shutil.copy(next(scenes.rglob("*.jpg")), source / "lone" / "one.jpg")
    with pytest.raises(SettingsError, match=r"validation part has no image of the class 'lone'"):
        flow_of(source, split=0.2)


def test_nothing_is_written_into_the_input(scenes: Path) -> None:
    with pytest.raises(SettingsError, match="output"):
        flow_of(scenes).train.write(scenes / "out")


def test_there_has_to_be_an_input(tmp_path: Path) -> None:
    with pytest.raises(CatalogError):
        flow_of(tmp_path / "nowhere")


def test_without_a_number_each_loop_is_the_next_epoch(scenes: Path) -> None:
    flow = flow_of(scenes)
    assert [next(flow.train.numpy()).epoch for _ in range(2)] == [0, 0], "left early"
    assert [{batch.epoch for batch in flow.train.numpy()} for _ in range(3)] == [{0}, {1}, {2}]
    assert next(flow.train.numpy(7)).epoch == 7


@pytest.mark.usefixtures("ray_session")
def test_all_epochs_of_validation_are_one_pipeline(scenes: Path) -> None:
    with flow_of(scenes, split=0.25, workers=1, epochs=3) as flow:
        first = [batch.images.tobytes() for batch in flow.validation.numpy()]
        streams = []
        for epoch in (0, 0, 2):
            streams.append(flow.validation.stream._batches)
            batches = list(flow.validation.numpy(epoch))
            assert [batch.images.tobytes() for batch in batches] == first
            assert {batch.epoch for batch in batches} == {epoch}
    assert streams[0] is streams[1] is not None


def test_validation_can_be_asked_for_any_number_of_times(scenes: Path) -> None:
    """Also after the last epoch of training."""
    flow = flow_of(scenes, split=0.25, epochs=2)
    found = [digest(replaced(flow.validation.numpy(), epoch=0)) for _ in range(4)]
    assert len(set(found)) == 1
    assert next(flow.validation.numpy(99)).epoch == 99


def replaced(batches: Iterator[FlowBatch], **values: Any) -> Iterator[FlowBatch]:
    return (replace(batch, **values) for batch in batches)


def test_a_state_at_the_end_of_an_epoch_begins_the_next(scenes: Path) -> None:
    flow = flow_of(scenes)
    list(islice(flow.train.numpy(0), 9))  # all batches, but not the end of the loop
    state = flow.state()
    resumed = flow_of(scenes)
    resumed.restore(state)
    assert list(resumed.train.numpy()) == []
    assert next(resumed.train.numpy()).epoch == 1


def test_a_loop_that_was_left_does_not_end_the_one_that_follows(scenes: Path) -> None:
    flow = flow_of(scenes)
    first = flow.train.numpy(0)
    next(first)
    second = flow.train.numpy(0)
    next(second)
    del first
    assert len(list(second)) == 8


def test_each_image_counts_once_whatever_the_last_batch_is(scenes: Path) -> None:
    whole = flow_of(scenes).fit_statistics()
    for last in ("wrapped", "dropped"):
        found = flow_of(scenes, batch_size=7, last=last).fit_statistics()
        assert found.images == 72
        np.testing.assert_array_equal(found.mean, whole.mean)


def test_settings_of_a_flow_can_be_replaced(scenes: Path) -> None:
    settings = flow_of(scenes).settings
    ranks = [Flow.of(replace(settings, rank=rank, world_size=2)) for rank in range(2)]
    assert [len(flow.train) for flow in ranks] == [5, 4]


def test_a_curriculum_has_the_whole_range_of_its_transforms(scenes: Path) -> None:
    with pytest.raises(SettingsError, match=r"^drift has brightness:1.0, and brightness has a"):
        flow_of(scenes, augment=Augment(brightness=(0.9, 1.1)), drift=[Drift(["brightness:1"])])


@pytest.mark.parametrize("others", [{"relative": True}, {"min_visible": 0.9}, {"points": "other"}])
def test_a_state_knows_the_annotations(tmp_path: Path, others: dict[str, Any]) -> None:
    manifest = painted(tmp_path, points=[[[1.0, 2.0]]] * 12, other=[[[2.0, 1.0]]] * 12)
    state = flow_of(manifest, boxes="boxes", points="points").state()
    with pytest.raises(SettingsError, match="the state is of another flow"):
        flow_of(manifest, **{"boxes": "boxes", "points": "points", **others}).restore(state)


def test_a_login_is_not_shown(scenes: Path) -> None:
    flow = flow_of(scenes)
    flow.settings = replace(
        flow.settings, run=replace(flow.settings.run, input="s3://KEY:S3CRET@bucket/photos")
    )
    assert "S3CRET" not in repr(flow)


@pytest.mark.usefixtures("ray_session")
def test_epochs_are_the_same_on_ray(scenes: Path) -> None:
    """Two epochs in one pipeline, and one that is left early; the workers go with the flow."""
    here = flow_of(scenes)
    expected = [digest(here.train.numpy(epoch)) for epoch in range(2)]
    with flow_of(scenes, workers=2) as flow:
        assert [digest(flow.train.numpy(epoch)) for epoch in range(2)] == expected
        assert flow.train.stream.is_open, "one pipeline for all epochs"
        for _ in flow.train.numpy(0):
            break
        assert not flow.train.stream.is_open


@pytest.mark.usefixtures("ray_session")
def test_an_epoch_is_a_dataset_of_ray(scenes: Path) -> None:
    flow = flow_of(scenes)
    rows = flow.train.dataset(1).take_all()
    found = {int(row["sample_id"]): row["image"].tobytes() for row in rows}
    assert found == by_sample(flow.train.numpy(1))
    assert {row["path"].split("/")[0] for row in rows} == set(flow.class_names)


@pytest.mark.usefixtures("ray_session")
def test_what_is_written_is_what_training_saw(scenes: Path, tmp_path: Path) -> None:
    flow = flow_of(scenes, split=0.25, drift=[Drift(["hue:0.5"], start=60)], epochs=2)
    written = flow.train.write(tmp_path / "out", epochs=2)
    seen = [
        (image, int(label), path)
        for epoch in range(2)
        for batch in flow.train.numpy(epoch)
        for image, label, path in zip(batch.images, batch.labels, batch.paths, strict=True)
    ]
    assert len(written) == len(seen) == 108
    for sample, (image, label, path) in zip(written, seen, strict=True):
        np.testing.assert_array_equal(np.asarray(sample.image), image)
        assert sample.label == label
        assert sample.provenance["source_path"] == path
