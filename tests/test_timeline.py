"""Drifts and label shifts as a generator is told of them; nothing is written here."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift import ImageDatasetGenerator, ImageTransform, TransformInfo
from raydrift.catalog.stream import Stream, sample_order
from raydrift.errors import SettingsError
from raydrift.schedules.schedule import SampleDrift

HUE = [TransformInfo(ImageTransform.HUE, 0.4)]


@pytest.fixture
def generator(scenes: Path) -> ImageDatasetGenerator:
    return ImageDatasetGenerator(seed=7, input_path=scenes, progress=False)


def at(generator: ImageDatasetGenerator, sample: int) -> None:
    """Puts the cursor there, as if the samples before it were written."""
    generator._cursor = sample


def drift_of(generator: ImageDatasetGenerator) -> SampleDrift:
    settings = generator._planned()
    stream = Stream.of(settings, generator._catalog)
    return stream.drift(sample_order(settings, generator._catalog).rows, np.arange(72))


def test_every_kind_is_added_as_it_is_told(generator: ImageDatasetGenerator) -> None:
    generator.add_abrupt_drift(drift_level=0.7, start=0.5, until=60)
    generator.add_gradual_drift(HUE, start=10, width=0.25, curve="sigmoid")
    generator.add_incremental_drift(HUE, start="2024-06-01T12:00", width="6h", curve=np.sqrt)
    generator.add_recurring_drift(HUE, period="12h", duty=0.25, phase=0.5)
    generator.add_seasonal_drift(HUE, period=20, varies="chance", where={"class": ["boat"]})
    assert list(map(str, drift_of(generator).schedule.drifts)) == [
        "abrupt default:0.7 from sample 36 until 60",
        "gradual hue:0.4 from sample 10 over 18",
        "incremental hue:0.4 from sample 6 over 12",
        "recurring hue:0.4 from sample 0 for 0.25 of every 24",
        "seasonal hue:0.4 from sample 0 every 20 where class in boat",
    ]
    assert len(generator.drifts) == 5
    assert generator.transforms == ()


def test_a_drift_without_a_start_begins_with_the_next_sample(
    generator: ImageDatasetGenerator,
) -> None:
    at(generator, 20)
    generator.add_gradual_drift(HUE, width=10)
    assert drift_of(generator).schedule.drifts[0].start == 20


def test_an_abrupt_drift_without_a_start_ends_what_is_in_force(
    generator: ImageDatasetGenerator,
) -> None:
    generator.add_recurring_drift(HUE, period=10)
    generator.add_gradual_drift(HUE, start=30, width=10)
    at(generator, 20)
    generator.add_abrupt_drift(drift_level=0.9)
    assert [str(drift) for drift in generator.drifts] == ["gradual hue:0.4"]
    assert (drift_of(generator).levels == 0.9).all()
    at(generator, 50)
    generator.add_abrupt_drift(HUE, where={"class": "boat"})
    assert generator.transforms == ()
    assert [str(drift) for drift in generator.drifts] == ["abrupt hue:0.4"]
    generator.reset()
    assert (generator.drifts, generator.transforms, generator.remaining) == ((), (), 72)


def test_a_drift_from_some_sample_on_gives_what_it_gives_when_it_is_added_there(
    generator: ImageDatasetGenerator,
) -> None:
    both = [*HUE, TransformInfo(ImageTransform.GAUSSIAN_NOISE, 0.5)]
    generator.add_abrupt_drift(both, start=20)
    placed = list(drift_of(generator).chains())
    generator.reset()
    at(generator, 20)
    generator.add_abrupt_drift(both)
    assert placed[20:] == list(drift_of(generator).chains())[20:]
    assert {info.drift_level for chain in placed[:20] for info in chain} == {0.0}


def test_one_that_is_refused_leaves_all_as_it_was(generator: ImageDatasetGenerator) -> None:
    generator.add_recurring_drift(HUE, period=10)
    with pytest.raises(SettingsError, match="there is no class 'boot': did you mean 'boat'"):
        generator.add_abrupt_drift(HUE, where={"class": "boot"})
    assert len(generator.drifts) == 1


def test_nothing_begins_before_what_is_written(generator: ImageDatasetGenerator) -> None:
    at(generator, 20)
    message = "hue:0.4: it begins at sample 10, but samples up to 19 are written: let it begin"
    with pytest.raises(ValueError, match=message):
        generator.add_incremental_drift(HUE, start=10, width=30)
    with pytest.raises(ValueError, match="label shift: it begins at sample 18, but samples up to"):
        generator.add_label_shift({"boat": 0.5}, start=0.25)
    assert generator.drifts == generator.label_shifts == ()


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
    generator: ImageDatasetGenerator, method: str, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message.replace("?", r"\?")):
        getattr(generator, method)(**values)


def test_a_label_shift_may_leave_fewer_samples(
    generator: ImageDatasetGenerator, tmp_path: Path
) -> None:
    generator.add_label_shift({"boat": 1.0}, start=36)
    boats_left = generator.remaining - 36
    assert 0 < boats_left < 12
    message = (
        f"^72 samples asked for, {36 + boats_left} fit: the label shift needs more images of the "
        f"class 'boat' than there are: ask for {36 + boats_left}, or for less of that class$"
    )
    with pytest.raises(ValueError, match=message):
        generator.sample(tmp_path, num_samples=72)
