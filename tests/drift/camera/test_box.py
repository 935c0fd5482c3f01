"""The box of drifted cameras is what ``generate`` draws, no more and no less."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.camera import XYZ_TO_CAMERA, colour_matrix_from
from raydrift.drift.camera.box import Box
from raydrift.drift.camera.span import Span
from raydrift.errors import SettingsError
from raydrift.transforms import DriftProfile, TransformInfo

SEARCHED = [
    "isp_black_level", "isp_white_balance", "isp_colour_matrix", "isp_gamma", "isp_sharpen",
    "isp_denoise", "isp_demosaic", "isp",
]  # fmt: skip
ALONE = [TransformInfo(name, 0.4) for name in SEARCHED[:-1]]

transforms = pytest.mark.parametrize("name", SEARCHED)
levels = st.floats(0, 1)


def inside(value: Any, span: Span) -> bool:
    least, most = map(np.array, span)
    return bool(((least <= np.array(value)) & (np.array(value) <= most)).all())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("isp_black_level", {"black": (-0.025, 0.025)}),
        ("isp_white_balance", {"gain_r": (2**-0.28, 2**0.28), "gain_b": (2**-0.28, 2**0.28)}),
        ("isp_gamma", {"gamma": (2**-0.4, 2**0.4)}),
        ("isp_sharpen", {"sharpen": (0, 1.2)}),
        ("isp_denoise", {"denoise": (0, 0.8)}),
        ("isp_demosaic", {"demosaic_share": (0, 0.4)}),
    ],
)
def test_a_level_spans_what_the_table_of_transforms_says(
    name: str, expected: Mapping[str, tuple[float, float]]
) -> None:
    spans = Box.of([TransformInfo(name, 0.4)]).spans
    assert set(spans) == set(expected)
    for parameter, ends in expected.items():
        assert tuple(spans[parameter]) == pytest.approx(ends), parameter


def test_ranges_of_a_profile_are_the_boxs() -> None:
    profile = DriftProfile(isp_gamma={"stops": 0.5}, isp_sharpen={"amount": 10.0})
    box = Box.of([TransformInfo("isp_gamma", 1.0), TransformInfo("isp_sharpen", 0.5)], profile)
    assert box.spans == {"gamma": Span(2**-0.5, 2**0.5), "sharpen": Span(0.0, 5.0)}


def test_isp_spans_what_its_parts_do_and_chooses_the_demosaicer() -> None:
    whole, parts = Box.of([TransformInfo("isp", 0.4)]), Box.of(ALONE)
    assert whole.spans == {
        name: span for name, span in parts.spans.items() if name != "demosaic_share"
    }
    assert whole.choices == {"other": (0, 1), "demosaic_share": (0.0, 1.0)}
    assert parts.choices == {"other": (0, 1)}
    never = DriftProfile(isp={"demosaic_chance": 0.0})
    assert Box.of([TransformInfo("isp", 0.4)], never).choices["demosaic_share"] == (0.0,)


@transforms
@given(levels, st.floats(0.01, 1), st.integers(0, 2**32))
def test_what_is_drawn_at_a_lower_level_is_inside(
    name: str, most: float, share: float, seed: int
) -> None:
    most = max(most, 1e-3)
    box, lower = (Box.of([TransformInfo(name, level)]) for level in (most, most * share))
    drawn = lower.drawn(np.random.default_rng(seed))
    assert set(drawn) == {*box.spans, *box.choices}
    for parameter, span in box.spans.items():
        assert inside(drawn[parameter], span), parameter
    for parameter, values in box.choices.items():
        assert drawn[parameter] in values
    nearest = box.nearest(drawn)
    for parameter in box.spans:
        assert nearest[parameter] == pytest.approx(np.array(drawn[parameter]), abs=1e-12)


@transforms
@given(levels, st.lists(st.floats(-5, 5), min_size=18, max_size=18))
def test_the_nearest_is_inside_and_its_own_nearest(
    name: str, level: float, numbers: list[float]
) -> None:
    box = Box.of([TransformInfo(name, level)])
    anywhere: dict[str, Any] = dict(zip(box.spans, numbers[9:], strict=False))
    if "matrix" in anywhere:
        anywhere["matrix"] = np.reshape(numbers[:9], (3, 3)).tolist()
    found = box.nearest(anywhere)
    assert set(found) == set(box.spans)
    for parameter, span in box.spans.items():
        widened = Span(*(np.array(end) + off for end, off in zip(span, (-1e-9, 1e-9), strict=True)))
        assert inside(found[parameter], widened), parameter
        assert box.nearest(found)[parameter] == pytest.approx(np.array(found[parameter]), abs=1e-9)


def test_the_nearest_matrix_lies_between_a_cameras_and_none() -> None:
    box = Box.of([TransformInfo("isp_colour_matrix", 1.0)])
    camera, none = np.array(colour_matrix_from(XYZ_TO_CAMERA[2])), np.eye(3)
    between = 0.3 * none + 0.7 * camera
    across = np.cross((none - camera)[0], [1.0, 2.0, 3.0])
    away = between + 1e-3 * np.array([across, [0, 0, 0], [0, 0, 0]])
    found = box.nearest({"matrix": away.tolist(), "share": 2})
    assert found["share"] == 1
    assert np.array(found["matrix"]) == pytest.approx(between, abs=1e-12)


def test_gains_move_against_each_other() -> None:
    box = Box.of([TransformInfo("isp_white_balance", 1.0)])
    found = box.nearest({"gain_r": 2**0.5, "gain_b": 2**0.1})
    assert found == {"gain_r": pytest.approx(2**0.2), "gain_b": pytest.approx(2**-0.2)}
    assert box.nearest({"gain_r": 1.0, "gain_b": -3.0})["gain_r"] == 2**0.7


def test_boxes_of_higher_levels_hold_those_of_lower_ones() -> None:
    smaller, larger = (
        Box.of([TransformInfo(one.name, level) for one in ALONE]).spans for level in (0.2, 0.7)
    )
    for name, span in smaller.items():
        assert inside(span.least, larger[name])
        assert inside(span.most, larger[name])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["rotate"], "rotate is not of a camera: give transforms whose names begin with isp"),
        (
            ["isp_noise"],
            "isp_noise has no spans, as noise and rounding have none: leave it out",
        ),
        (
            ["isp_bits"],
            "isp_bits has no spans, as noise and rounding have none: leave it out",
        ),
        (["isp", "isp_gamma"], "isp and isp_gamma both draw gamma: give one of them"),
        (["isp_gamma", "isp_gamma"], "isp_gamma is given twice: give it once"),
        ([], "there are no transforms: give one whose name begins with isp"),
    ],
)
def test_what_is_no_box_is_told(names: list[str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Box.of([TransformInfo(name, 0.5) for name in names])
    assert str(caught.value) == said
