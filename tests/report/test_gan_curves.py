"""The curves of a training, put together from rows."""

import math

import numpy as np
import pyarrow as pa
import pytest

from raydrift import schemas
from raydrift.report.gan_curves import Curve, curves_of


def curve_of(values: list[float]) -> Curve:
    none = np.full(len(values), np.nan)
    steps = np.arange(1, len(values) + 1)
    return Curve(steps, steps, np.array(values), none, none)


def table_of(*rows: tuple[int, str, float | None]) -> pa.Table:
    whole = [(step, step, 0.0, name, value, None, None) for step, name, value in rows]
    columns = [list(column) for column in zip(*whole, strict=True)]
    return pa.table(columns, schema=schemas.GAN_PROGRESS)


def test_rows_become_curves_by_name() -> None:
    curves = curves_of(table_of((5, "a", 1.0), (5, "b", math.inf), (10, "a", 2.0)))
    assert list(curves) == ["a", "b"]
    assert curves["a"].steps.tolist() == [5, 10]
    assert (curves["a"].last, curves["a"].interval) == (2, None)
    assert math.isnan(curves["b"].last)


def test_after_a_return_to_a_save_the_later_rows_count() -> None:
    rows = [(5, "a", 1.0), (10, "a", 2.0), (15, "a", math.nan), (10, "a", 3.0), (20, "a", 4.0)]
    curve = curves_of(table_of(*rows))["a"]
    assert curve.steps.tolist() == [5, 10, 15, 20]
    assert curve.values[[0, 1, 3]].tolist() == [1, 3, 4]


def test_penalties_are_where_they_are() -> None:
    rows = [(5, "r1", math.nan), (10, "r1", 2.0), (15, "path", None)]
    curves = curves_of(table_of(*rows))
    assert list(curves) == ["r1"]
    assert curves["r1"].steps.tolist() == [10]


def test_nothing_has_no_curves() -> None:
    assert curves_of(schemas.GAN_PROGRESS.empty_table()) == {}


def test_a_running_mean_follows_and_leaves_out_what_is_not_defined() -> None:
    values = [*[1.0] * 100, math.nan, *[3.0] * 100]
    smooth = curve_of(values).smooth
    assert smooth[:100] == pytest.approx(1)
    assert math.isnan(smooth[100])
    assert 1 < smooth[101] < 2 < smooth[110] < 3
    assert smooth[-1] == pytest.approx(3, abs=0.01)


def test_of_many_points_the_extremes_are_drawn() -> None:
    values = np.random.default_rng(0).normal(size=20_000)
    values[[7777, 12_345]] = 50, -50
    values[3000] = math.nan
    shown = curve_of(values.tolist()).shown()
    assert {0, 3000, 7777, 12_345, 19_999} <= set(shown.tolist())
    assert len(shown) <= 2 * 600 + 3
    assert (np.diff(shown) > 0).all()
    assert curve_of([1.0] * 900).shown().tolist() == list(range(900))
