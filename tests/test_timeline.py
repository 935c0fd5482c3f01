"""The timeline of a stream: its drifts and label shifts; nothing is written here."""

from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift import ImageDatasetGenerator, ImageTransform, TransformInfo
from raydrift.catalog import catalog_of
from raydrift.catalog.stream import Stream, sample_order
from raydrift.errors import SettingsError
from raydrift.schedules.schedule import SampleDrift
from raydrift.settings.toml import generate_settings
from raydrift.timeline import Timeline

HUE = [TransformInfo(ImageTransform.HUE, 0.4)]


@pytest.fixture
def timeline(scenes: Path) -> Timeline:
    settings = generate_settings({"input": str(scenes), "output": "out", "seed": 7})
    return Timeline(settings, catalog_of(settings))


def drift_of(timeline: Timeline) -> SampleDrift:
    settings = timeline.planned()
    catalog = catalog_of(settings)
    rows = sample_order(settings, catalog).rows
    return Stream.of(settings, catalog).drift(rows, np.arange(72))


def test_every_kind_is_added_as_it_is_told(timeline: Timeline) -> None:
    timeline.add_abrupt_drift(drift_level=0.7, start=0.5, until=60)
    timeline.add_gradual_drift(HUE, start=10, width=0.25, curve="sigmoid")
    timeline.add_incremental_drift(HUE, start="2024-06-01T12:00", width="6h", curve=np.sqrt)
    timeline.add_recurring_drift(HUE, period="12h", duty=0.25, phase=0.5)
    timeline.add_seasonal_drift(HUE, period=20, varies="chance", where={"class": ["boat"]})
    assert list(map(str, drift_of(timeline).schedule.drifts)) == [
        "abrupt default:0.7 from sample 36 until 60",
        "gradual hue:0.4 from sample 10 over 18",
        "incremental hue:0.4 from sample 6 over 12",
        "recurring hue:0.4 from sample 0 for 0.25 of every 24",
        "seasonal hue:0.4 from sample 0 every 20 where class in boat",
    ]
    assert len(timeline.drifts) == 5
    assert timeline.transforms == ()


def test_a_drift_without_a_start_begins_with_the_next_sample(
    timeline: Timeline,
) -> None:
    timeline.advance(20)
    timeline.add_gradual_drift(HUE, width=10)
    assert drift_of(timeline).schedule.drifts[0].start == 20


def test_an_abrupt_drift_without_a_start_ends_what_is_in_force(
    timeline: Timeline,
) -> None:
    timeline.add_recurring_drift(HUE, period=10)
    timeline.add_gradual_drift(HUE, start=30, width=10)
    timeline.advance(20)
    timeline.add_abrupt_drift(drift_level=0.9)
    assert [str(drift) for drift in timeline.drifts] == ["gradual hue:0.4"]
    assert (drift_of(timeline).levels == 0.9).all()
    timeline.advance(30)
    timeline.add_abrupt_drift(HUE, where={"class": "boat"})
    assert timeline.transforms == ()
    assert [str(drift) for drift in timeline.drifts] == ["abrupt hue:0.4"]
    timeline.reset()
    assert (timeline.drifts, timeline.transforms, timeline.remaining) == ((), (), 72)


def test_a_drift_from_some_sample_on_gives_what_it_gives_when_it_is_added_there(
    timeline: Timeline,
) -> None:
    both = [*HUE, TransformInfo(ImageTransform.GAUSSIAN_NOISE, 0.5)]
    timeline.add_abrupt_drift(both, start=20)
    placed = list(drift_of(timeline).chains())
    timeline.reset()
    timeline.advance(20)
    timeline.add_abrupt_drift(both)
    assert placed[20:] == list(drift_of(timeline).chains())[20:]
    assert {info.drift_level for chain in placed[:20] for info in chain} == {0.0}


def test_one_that_is_refused_leaves_all_as_it_was(timeline: Timeline) -> None:
    timeline.add_recurring_drift(HUE, period=10)
    with pytest.raises(SettingsError, match="there is no class 'boot': did you mean 'boat'"):
        timeline.add_abrupt_drift(HUE, where={"class": "boot"})
    assert len(timeline.drifts) == 1


def test_nothing_begins_before_what_is_written(timeline: Timeline) -> None:
    timeline.advance(20)
    message = "hue:0.4: it begins at sample 10, but samples up to 19 are written: let it begin"
    with pytest.raises(ValueError, match=message):
        timeline.add_incremental_drift(HUE, start=10, width=30)
    with pytest.raises(ValueError, match="label shift: it begins at sample 18, but samples up to"):
        timeline.add_label_shift({"boat": 0.5}, start=0.25)
    assert timeline.drifts == timeline.label_shifts == ()


@pytest.mark.parametrize(
    ("method", "values", "message"),
    [
        ("add_gradual_drift", {"width": 5}, "^add_gradual_drift: give either transform_list or"),
        ("add_seasonal_drift", {"transform_list": [], "period": 5}, "transform_list is empty"),
        ("add_recurring_drift", {"drift_level": 2, "period": 5}, "drift_level: level 2 is not"),
        ("add_gradual_drift", {"drift_level": 1, "width": 0}, "width is 0: give at least 1"),
        ("add_abrupt_drift", {"drift_level": 1, "start": 72}, "outside the stream of 72 samples"),
        ("add_abrupt_drift", {"drift_level": 1, "start": 1.0}, "write 1 for sample 1"),
        ("add_label_shift", {}, "give either proportions or concentration"),
        ("add_label_shift", {"proportions": {"boot": 1}}, "did you mean 'boat'?"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    timeline: Timeline, method: str, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message.replace("?", r"\?")):
        getattr(timeline, method)(**values)


def test_a_label_shift_may_leave_fewer_samples(timeline: Timeline) -> None:
    timeline.add_label_shift({"boat": 1.0}, start=36)
    assert 36 < timeline.remaining < 36 + 12, "the boats that the first half leaves"
    before = timeline.remaining
    timeline.advance(10)
    assert timeline.remaining == before - 10


def test_a_generator_has_the_methods_of_its_timeline(scenes: Path, tmp_path: Path) -> None:
    generator = ImageDatasetGenerator(seed=7, input_path=scenes, progress=False)
    faces = [name for name in vars(Timeline) if name.startswith("add_") or name == "reset"]
    assert len(faces) == 8
    for name in faces:
        face, method = getattr(ImageDatasetGenerator, name), getattr(Timeline, name)
        assert (face.__doc__, signature(face)) == (method.__doc__, signature(method))
    generator.add_gradual_drift(HUE, width=10)
    generator.add_label_shift({"boat": 1.0}, start=36)
    timeline = generator.timeline
    assert (generator.drifts, generator.label_shifts) == (timeline.drifts, timeline.label_shifts)
    fit = generator.remaining
    message = (
        f"^72 samples asked for, {fit} fit: the label shift needs more images of the "
        f"class 'boat' than there are: ask for {fit}, or for less of that class$"
    )
    with pytest.raises(ValueError, match=message):
        generator.sample(tmp_path, num_samples=72)
    generator.reset()
    assert (timeline.drifts, timeline.label_shifts, generator.remaining) == ((), (), 72)
