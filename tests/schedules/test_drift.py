"""What a drift can be configured as, and what is refused."""

from typing import Any

import numpy as np
import pytest

from raydrift.errors import SettingsError
from raydrift.schedules.curves import risen
from raydrift.schedules.drift import Drift
from raydrift.schedules.where import plain_where, where_text


def refusal(**values: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        Drift(**({"transforms": ["hue:0.5"]} | values))
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "sudden"}, "unknown drift 'sudden': choose from: abrupt, gradual, incremental"),
        ({"transforms": []}, "transforms is empty: give at least one"),
        ({"transforms": "hue:1"}, "transforms is 'hue:1': write a list"),
        ({"width": 5}, "width is of gradual and incremental drifts, this is abrupt"),
        ({"period": 5}, "period is of recurring and seasonal drifts, this is abrupt"),
        ({"kind": "seasonal", "period": 5, "duty": 0.5}, "duty is of recurring drifts"),
        (
            {"kind": "gradual"},
            "gradual drift: width is missing: give --width 0.2, or in a TOML file width = 0.2: a "
            'fraction of the stream, a number of samples such as 200, or a duration such as "7d"',
        ),
        ({"kind": "recurring"}, "recurring drift: period is missing"),
        ({"kind": "recurring", "period": 9, "duty": 1.0}, "duty is 1.0: give the share"),
        (
            {"kind": "recurring", "period": 100, "duty": 1e-9},
            "duty is 1e-09: give the share of a period, from 0.000001 to 0.999999",
        ),
        ({"kind": "recurring", "period": 100, "duty": 1 - 1e-9}, "duty is 0.999999999: give the"),
        ({"kind": "recurring", "period": 9, "duty": True}, "duty is True: give the share"),
        ({"kind": "seasonal", "period": 9, "varies": "levels"}, "did you mean 'level'?"),
        ({"kind": "gradual", "width": 9, "curve": "sigmoit"}, "did you mean 'sigmoid'?"),
        ({"kind": "gradual", "width": 9, "curve": [1]}, "curve is [1]: give linear, sigmoid"),
        ({"kind": "gradual", "width": 9, "curve": [0, 2]}, "curve has the value 2: give numbers"),
        ({"kind": "gradual", "width": 9, "curve": lambda t: None}, "curve has the value None"),
        ({"kind": "gradual", "width": 9, "curve": lambda t: 2 * t}, "curve has the value 1.0078"),
        ({"where": "class=cat"}, "where has 'class=cat': write filters as"),
        ({"where": [["class", "cat"]]}, "where has ['class', 'cat']: write filters as"),
        ({"where": [["class", "inn", ["cat"]]]}, "where has 'inn': did you mean 'in'?"),
        ({"where": [["class", "in", "cat"]]}, "where class in 'cat': in takes a list"),
        ({"where": [["class", "==", ["cat"]]]}, "where class == ['cat']: == takes one value"),
        ({"where": {"class": []}}, "where class in []: give at least one value"),
        (
            {"where": {"class": None}},
            "where class: None is no text, number, truth value, date or time",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_remedy(values: dict[str, Any], message: str) -> None:
    assert message in refusal(**values)


def test_a_function_is_kept_as_the_values_it_has() -> None:
    drift = Drift(["hue:1"], "incremental", width=100, curve=lambda over: over**2)  # type: ignore[arg-type]
    assert drift.curve == tuple((step / 256) ** 2 for step in range(257))
    same = Drift(**drift.written())
    assert same == drift
    assert hash(same) == hash(drift)


@pytest.mark.parametrize("curve", ["linear", "sigmoid", (0.0, 1.0), (0.0, 0.25, 1.0)])
def test_a_curve_rises_from_0_before_its_window_to_1_behind_it(curve: Any) -> None:
    values = risen(curve, np.linspace(-1, 2, 301))
    assert (values[:101] == 0).all()
    assert (values[200:] == 1).all()
    assert (np.diff(values) >= 0).all()


def test_the_sigmoid_is_symmetric_and_steepest_in_the_middle() -> None:
    values = risen("sigmoid", np.linspace(0, 1, 101))
    np.testing.assert_allclose(values + values[::-1], 1.0, atol=1e-12)
    assert np.diff(values).argmax() in (49, 50)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (None, ""),
        ({"class": ["cat", "dog"], "label": 3}, "class in cat, dog and label == 3"),
        ([("t", "<", 5)], "t < 5"),
        ([[("t", "<", 5), ("u", "=", "x")], [("t", ">", 9)]], "t < 5 and u == x or t > 9"),
    ],
)
def test_filters_have_one_form_and_can_be_told(where: Any, words: str) -> None:
    plain = plain_where(where)
    assert where_text(plain) == words
    assert plain_where([[list(one) for one in group] for group in plain]) == plain
