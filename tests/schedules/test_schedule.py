"""What samples get: the same whichever others are asked about, and by the curves as configured."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from raydrift import seeds
from raydrift.errors import SettingsError
from raydrift.schedules.drift import Drift
from raydrift.schedules.positions import TimeAxis
from raydrift.schedules.schedule import Schedule, place_drifts
from raydrift.transforms import TransformInfo

SAMPLES = 1000
AXIS = TimeAxis(SAMPLES, first_timestamp=0.0, delta_timestamp=3600.0)
IDS = np.arange(SAMPLES)


def drift(kind: str, level: float = 0.8, **values: Any) -> Drift:
    return Drift([TransformInfo("gaussian_blur", level)], kind, **values)  # type: ignore[arg-type]


def schedule(
    *drifts: Drift, axis: TimeAxis = AXIS, seed: int = 42, transforms: Any = ()
) -> Schedule:
    return Schedule(seed, tuple(transforms), place_drifts(drifts, axis))


def levels(*drifts: Drift, axis: TimeAxis = AXIS) -> np.ndarray:
    return schedule(*drifts, axis=axis).samples(np.arange(axis.samples)).levels


def test_an_abrupt_drift_is_there_from_its_start_until_its_end() -> None:
    found = levels(drift("abrupt", start=0.25, until=600))
    assert (found[:250] == 0).all()
    assert (found[250:600] == 0.8).all()
    assert (found[600:] == 0).all()


def test_an_incremental_drift_rises_to_its_full_level() -> None:
    found = levels(drift("incremental", start=100, width=200))
    np.testing.assert_allclose(found[100:300], 0.8 * np.arange(200) / 200)
    assert (found[300:] == 0.8).all()


def test_a_function_says_how_an_incremental_drift_rises() -> None:
    found = levels(drift("incremental", start=0, width=256, curve=lambda over: over**3))
    np.testing.assert_allclose(found[:256], 0.8 * (np.arange(256) / 256) ** 3)


def test_a_recurring_drift_is_on_for_its_share_of_each_period() -> None:
    found = levels(drift("recurring", start=100, period=50, duty=0.3, until=300))
    on = np.flatnonzero(found)
    wanted = [i for i in range(100, 300) if (i - 100) % 50 < 15]
    assert on.tolist() == wanted


@pytest.mark.parametrize("phase", [0.5, 12, "12h"])
def test_a_period_may_be_a_day_and_begin_in_its_middle(phase: Any) -> None:
    found = levels(drift("recurring", period="1d", phase=phase))
    assert np.flatnonzero(found)[:13].tolist() == [*range(12, 24), 36]


def test_a_period_that_is_no_whole_number_of_samples_does_not_run_away() -> None:
    third = TimeAxis(9000, 0.0, 3.0)  # a period of 10 s is 3 1/3 samples
    turned_on = np.flatnonzero(np.diff(levels(drift("recurring", period="10s"), axis=third)) > 0)
    assert len(turned_on) == pytest.approx(2700, abs=1)


def test_half_of_an_odd_period_is_half_of_the_samples() -> None:
    """4 and 3 samples of the 7 in turns."""
    axis = TimeAxis(7000, 0.0, 600.0)
    on = levels(drift("recurring", period="70min"), axis=axis) > 0
    np.testing.assert_array_equal(on, np.isin(np.arange(7000) % 14, [0, 1, 2, 3, 7, 8, 9]))


@pytest.mark.parametrize("kind", ["incremental", "gradual"])
def test_a_rise_over_one_sample_is_a_step_at_its_start(kind: str) -> None:
    found = levels(drift(kind, start=5, width=1))
    assert np.flatnonzero(found)[0] == 5
    assert (found[5:] == 0.8).all()


@pytest.mark.parametrize("curve", ["linear", "sigmoid", [0.0, 0.5, 1.0]])
def test_a_rise_over_two_samples_begins_at_zero_and_is_over_after_them(curve: Any) -> None:
    found = levels(drift("incremental", start=5, width=2, curve=curve))
    assert found[4:9].tolist() == [0.0, 0.0, 0.4, 0.8, 0.8]


def test_the_shortest_season_comes_and_goes_with_every_sample() -> None:
    found = levels(drift("seasonal", start=5, period=2))
    assert found[4:10].tolist() == [0.0, 0.0, 0.8, 0.0, 0.8, 0.0]


def test_a_seasonal_drift_follows_the_cosine() -> None:
    found = levels(drift("seasonal", period=100, phase=0.25))
    np.testing.assert_allclose(
        found, 0.4 * (1 - np.cos(2 * np.pi * (IDS / 100 + 0.25))), atol=1e-11
    )


@pytest.mark.parametrize("curve", ["linear", "sigmoid"])
def test_the_chance_of_a_gradual_drift_follows_its_curve(curve: str) -> None:
    """In each fifth of the window as many samples drift as the binomial distribution allows."""
    axis = TimeAxis(50_000, 0.0, 1.0)
    placed = schedule(drift("gradual", start=10_000, width=0.4, curve=curve), axis=axis)
    found = placed.samples(np.arange(50_000))
    assert not found.levels[:10_001].any()
    assert set(found.levels.tolist()) == {0.0, 0.8}
    assert (found.levels[30_000:] == 0.8).all()
    for part in range(10_000, 30_000, 4000):
        chances = found.courses[part : part + 4000, 0]
        hits = int((found.levels[part : part + 4000] > 0).sum())
        low, high = binom.interval(1 - 1e-6, 4000, chances.mean())
        assert low <= hits <= high


def test_a_seasonal_chance_draws_too() -> None:
    found = schedule(drift("seasonal", period=1000, varies="chance")).samples(IDS)
    assert set(found.levels.tolist()) == {0.0, 0.8}
    low, high = binom.interval(1 - 1e-6, 200, found.courses[400:600, 0].mean())
    assert low <= (found.levels[400:600] > 0).sum() <= high


def test_who_drifts_stays_what_it_is() -> None:
    """Another version may not choose other samples of a stream that is half written."""
    found = schedule(
        drift("gradual", width=20), drift("seasonal", period=20, varies="chance"), seed=42
    ).samples(np.arange(20))
    assert np.flatnonzero(found.shares[:, 0]).tolist() == [5, 6, 11, 13, *range(15, 20)]
    assert np.flatnonzero(found.shares[:, 1]).tolist() == [5, *range(7, 14), 15]


def test_drifts_draw_apart_and_apart_from_pixels() -> None:
    two = schedule(*[drift("gradual", width=1000)] * 2).samples(IDS)
    assert abs(np.corrcoef(two.drawn.T)[0, 1]) < 0.1
    other = schedule(drift("gradual", width=1000), seed=43).samples(IDS)
    assert abs(np.corrcoef(two.drawn[:, 0], other.drawn[:, 0])[0, 1]) < 0.1
    assert seeds.CHANCE == 2**62


KINDS = st.sampled_from(
    [
        drift("abrupt", start=0.3, until=0.6),
        drift("gradual", 0.7, start=100, width=0.5, curve="sigmoid"),
        drift("incremental", 0.3, start=200, width=300, where={"class": "cat"}),
        drift("recurring", 0.5, period=70, phase=0.3, where={"class": "dog"}),
        drift("seasonal", 1.0, period=90, start="1970-01-05"),
        drift("seasonal", 0.2, period="2d", varies="chance"),
    ]
)


@settings(max_examples=30, deadline=None)
@given(st.lists(KINDS, max_size=4), st.lists(st.integers(0, SAMPLES), max_size=6), st.data())
def test_a_sample_gets_the_same_whichever_others_are_asked_about(
    drifts: list[Drift], cuts: list[int], data: st.DataObject
) -> None:
    meant = np.random.default_rng(0).random((SAMPLES, len(drifts))) < 0.5
    asked = schedule(*drifts, transforms=[TransformInfo("hue", 0.1)])
    whole = asked.samples(IDS, meant)
    parts = np.split(IDS, sorted(cuts))
    parts = [asked.samples(ids, meant[ids]) for ids in parts]
    assert np.array_equal(np.concatenate([one.levels for one in parts]), whole.levels)
    assert [text for one in parts for text in one.reasons()] == whole.reasons()
    chains = list(whole.chains())
    assert [chain for one in parts for chain in one.chains()] == chains
    one = data.draw(st.integers(0, SAMPLES - 1))
    alone = asked.samples(np.array([one]), meant[[one]])
    assert next(alone.chains()) == chains[one]
    assert max(info.drift_level for info in chains[one]) == whole.levels[one]


def test_drifts_layer_in_their_order_each_at_a_place_of_its_own() -> None:
    first = Drift(["hue:0.1", "rotate:0.2"], start=10, until=20)
    second = Drift(["hue:0.4"], start=15)
    chains = list(
        schedule(first, second, transforms=[TransformInfo("contrast", 0.3)])
        .samples(np.arange(30))
        .chains()
    )
    assert {tuple(info.transf_type for info in chain) for chain in chains} == {
        ("contrast", "hue", "rotate", "hue")
    }
    assert [info.drift_level for info in chains[5]] == [0.3, 0, 0, 0]
    assert [info.drift_level for info in chains[12]] == [0.3, 0.1, 0.2, 0]
    assert [info.drift_level for info in chains[17]] == [0.3, 0.1, 0.2, 0.4]
    assert [info.drift_level for info in chains[25]] == [0.3, 0, 0, 0.4]


def test_another_drift_behind_it_changes_nothing_of_a_drift() -> None:
    gradual = drift("gradual", width=1000)
    alone = schedule(gradual).samples(IDS)
    layered = schedule(gradual, drift("recurring", period=10)).samples(IDS)
    assert np.array_equal(alone.shares[:, 0], layered.shares[:, 0])


def test_reasons_tell_what_was_due_and_what_was_drawn() -> None:
    asked = schedule(
        drift("gradual", 0.7, start=100, width=200),
        drift("incremental", 0.5, start=150, width=100, where={"class": ["cat"]}),
        drift("recurring", 0.2, start=160, until=170, period=4),
    )
    found = asked.samples(np.array([99, 143, 165, 165]), np.array([[True] * 3] * 3 + [[1, 0, 1]]))
    chance = f"drawn {found.drawn[1, 0]:.3f}"
    assert found.reasons()[0] == "no drift"
    assert found.reasons()[1] == (
        f"gradual gaussian_blur:0.7 from sample 100 over 200: chance 0.215, {chance}"
    )
    assert found.reasons()[2].split("; ")[1:] == [
        "incremental gaussian_blur:0.5 from sample 150 over 100 where class in cat: level 0.075",
        "recurring gaussian_blur:0.2 from sample 160 until 170 for 0.5 of every 4: on",
    ]
    assert found.reasons()[3].split("; ")[1].endswith("where class in cat: not of these")
    assert found.shares[3, 1] == 0


def test_without_a_timeline_every_sample_gets_the_transforms() -> None:
    both = (TransformInfo("hue", 0.2), TransformInfo("rotate", 0.5))
    found = schedule(transforms=both).samples(np.array([0, 7]))
    assert list(found.chains()) == [both, both]
    assert found.levels.tolist() == [0.5, 0.5]
    assert found.reasons() == ["hue:0.2 + rotate:0.5 on every sample"] * 2
    clean = schedule().samples(np.array([0]))
    assert (list(clean.chains()), clean.levels.tolist()) == ([()], [0.0])
    assert clean.reasons() == ["no drift"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"start": 1000}, "abrupt gaussian_blur:0.8: start 1000 is outside the stream of 1,000"),
        ({"start": 500, "until": 0.5}, "it begins at sample 500, until 500: give a later end"),
        ({"kind": "recurring", "period": 1}, "a period of 1 samples: give at least 2"),
        ({"kind": "seasonal", "period": "90min"}, "a period of 1.5 samples: give at least 2"),
    ],
)
def test_a_drift_that_does_not_fit_the_stream_is_refused(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        schedule(drift(**({"kind": "abrupt"} | values)))
    assert message in str(caught.value)
