"""All three demosaicers: the published numbers, and what holds of each."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.camera import CFA, Camera, Demosaicer, demosaic
from raydrift.camera.black_level import without_black
from tests.camera.mosaics import flat, uneven

REACH = {"bi": 1, "ma": 2, "me": 8}
"""How far from a border its kind makes a difference."""

each = pytest.mark.parametrize("demosaicer", Demosaicer)
sizes = st.integers(2, 13)
shares = st.floats(0, 1, allow_subnormal=False)


@each
def test_compat_makes_the_published_numbers(
    demosaicer: Demosaicer, oracle: Mapping[str, np.ndarray], cameras: Mapping[str, Camera]
) -> None:
    for mosaic in ("drone", "rose", "finch"):
        for name, camera in cameras.items():
            seen = without_black(oracle[f"mosaic/{mosaic}"], camera.black_level)
            found = demosaic(seen, demosaicer, compat=True)
            published = oracle[f"demosaic/{mosaic}/{name}/{demosaicer}"]
            assert np.abs(found.transpose(1, 2, 0) - published).max() < 1e-12


@each
@pytest.mark.parametrize("cfa", CFA)
def test_compat_makes_them_of_each_pattern(
    demosaicer: Demosaicer, cfa: CFA, oracle: Mapping[str, np.ndarray]
) -> None:
    found = demosaic(oracle["mosaic/rose"], demosaicer, cfa, compat=True)
    published = oracle[f"cfa/rose/{cfa}/{demosaicer}"]
    assert np.abs(found.transpose(1, 2, 0) - published).max() < 1e-12


@pytest.mark.parametrize("demosaicer", [Demosaicer.BILINEAR, Demosaicer.MALVAR])
def test_mirrored_borders_are_those_of_the_repaired_reference(
    demosaicer: Demosaicer, oracle: Mapping[str, np.ndarray]
) -> None:
    for mosaic in ("drone", "rose", "finch"):
        found = demosaic(oracle[f"mosaic/{mosaic}"], demosaicer)
        repaired = oracle[f"demosaic_mirror/{mosaic}/{demosaicer}"]
        assert np.abs(found.transpose(1, 2, 0) - repaired).max() < 1e-12


@each
def test_inside_both_modes_are_the_same(
    demosaicer: Demosaicer, oracle: Mapping[str, np.ndarray]
) -> None:
    reach = REACH[demosaicer]
    for mosaic in ("drone", "rose", "finch"):
        fixed, compat = (
            demosaic(oracle[f"mosaic/{mosaic}"], demosaicer, compat=compat)[
                :, reach:-reach, reach:-reach
            ]
            for compat in (False, True)
        )
        assert (fixed == compat).all()


@each
@given(
    colour=st.tuples(shares, shares, shares),
    height=sizes,
    width=sizes,
    cfa=st.sampled_from(CFA),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_a_flat_colour_stays_flat_to_the_last_pixel(
    demosaicer: Demosaicer,
    colour: tuple[float, float, float],
    height: int,
    width: int,
    cfa: CFA,
    dtype: type,
) -> None:
    mosaic = flat(colour, height, width, cfa).astype(dtype)
    found = demosaic(mosaic, demosaicer, cfa)
    assert (found.shape, found.dtype) == ((3, height, width), dtype)
    expected = np.array(colour, dtype)[:, None, None]
    assert np.abs(found - expected).max() <= (1e-12 if dtype == np.float64 else 1e-6)


def test_compat_bleeds_colours_at_the_border() -> None:
    red = demosaic(np.ones((6, 6)), Demosaicer.BILINEAR, compat=True)[0]
    assert (red[0, 0], red[0, 3], red[3, 0], red[-1, 2], red[-1, -1]) == (2.25, 1.5, 1.5, 0.5, 0.25)
    assert (red[1:-1, 1:-1] == 1).all()
    menon = demosaic(np.ones((6, 6)), Demosaicer.MENON, compat=True)
    assert (menon == 1).all(), "which was right already"


@each
@given(height=sizes, width=sizes, cfa=st.sampled_from(CFA))
def test_what_a_pixel_has_seen_is_as_it_was(
    demosaicer: Demosaicer, height: int, width: int, cfa: CFA
) -> None:
    mosaic = uneven(height, width)
    seen = mosaic.copy()
    found = demosaic(mosaic, demosaicer, cfa)
    assert (mosaic == seen).all()
    for place, colour in enumerate(cfa.colours):
        row, column = divmod(place, 2)
        assert (found[colour, row::2, column::2] == mosaic[row::2, column::2]).all()


@each
@given(height=sizes, width=sizes, cfa=st.sampled_from(CFA))
def test_a_flipped_mosaic_makes_the_flipped_picture(
    demosaicer: Demosaicer, height: int, width: int, cfa: CFA
) -> None:
    """Of even and odd lengths, as borders are mirrored everywhere."""
    mosaic = uneven(height, width)
    found = demosaic(mosaic, demosaicer, cfa)
    upside_down = demosaic(
        np.ascontiguousarray(mosaic[::-1]), demosaicer, cfa.flipped_up_down(height)
    )
    assert upside_down[:, ::-1] == pytest.approx(found, abs=1e-14)
    back_to_front = demosaic(
        np.ascontiguousarray(mosaic[:, ::-1]), demosaicer, cfa.flipped_left_right(width)
    )
    assert back_to_front[:, :, ::-1] == pytest.approx(found, abs=1e-14)


@each
@pytest.mark.parametrize(("top", "left"), [(0, 1), (1, 0), (1, 1), (3, 5)])
def test_a_crop_moves_the_pattern(demosaicer: Demosaicer, top: int, left: int) -> None:
    mosaic, reach = uneven(40, 44), REACH[demosaicer]
    whole = demosaic(mosaic, demosaicer, CFA.GRBG)[:, top:, left:]
    part = demosaic(
        np.ascontiguousarray(mosaic[top:, left:]), demosaicer, CFA.GRBG.cropped(top, left)
    )
    inside = np.s_[:, reach:-reach, reach:-reach]
    assert part[inside] == pytest.approx(whole[inside], abs=1e-14)


@each
def test_float32_is_float64_but_for_its_digits(demosaicer: Demosaicer) -> None:
    mosaic = uneven(61, 74)
    exact = demosaic(mosaic, demosaicer)
    assert demosaic(mosaic.astype(np.float32), demosaicer) == pytest.approx(exact, abs=1e-6)


def test_the_directional_one_keeps_stripes_that_the_others_blur() -> None:
    """Grey stripes of one pixel up and down: rows change, columns do not."""
    stripes = np.tile([0.25, 0.25, 0.75, 0.75], (24, 6))
    wrong = {
        str(demosaicer): np.abs(
            demosaic(stripes, demosaicer)[:, 6:-6, 6:-6] - stripes[6:-6, 6:-6]
        ).max()
        for demosaicer in Demosaicer
    }
    assert wrong == {"bi": 0.25, "ma": 0.0625, "me": 0.0}
