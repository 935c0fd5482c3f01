"""What was drawn, as the tables keep it."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift import schemas
from raydrift.drift import SampledTransform
from raydrift.drift.written import as_text, parameters_of, read_back, written
from raydrift.transforms import ImageTransform, TransformInfo

INFO = TransformInfo(ImageTransform.DEFAULT, 0.1)
EARLIER = pa.map_(pa.string(), pa.float64())  # the parameters' type in version 0.1's first files


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False) | st.integers()))
def test_every_digit_comes_back(parameters: dict[str, float]) -> None:
    drawn = [
        SampledTransform(INFO, ImageTransform.GAUSSIAN_BLUR, parameters),
        SampledTransform(INFO, INFO.transf_type),
    ]
    (stored,) = pa.array([written(drawn)], schemas.TRANSFORMS).to_pylist()
    assert read_back(stored) == drawn


def test_parameters_may_be_text_and_lists_too() -> None:
    parameters = {"angle": 0.1, "padding": "reflect", "corners": [[0, 1], [2.5, 3]], "流れ": True}
    assert parameters_of(as_text(parameters)) == parameters


def test_they_are_json_that_others_read() -> None:
    assert as_text({"angle": 12.5}) == '{"angle": 12.5}'
    assert json.loads(as_text({})) == {}
    with pytest.raises(ValueError, match="Out of range float values"):
        as_text({"angle": float("nan")})  # which is no JSON


def test_the_maps_of_earlier_files_are_read() -> None:
    (stored,) = pa.array([[("sigma", 0.25), ("size", 5.0)]], EARLIER).to_pylist()
    assert parameters_of(stored) == {"sigma": 0.25, "size": 5.0}
