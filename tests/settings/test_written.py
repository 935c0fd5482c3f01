"""A run's settings, written as TOML, are read back as the same."""

import tomllib
from typing import Any

import pytest

from raydrift.settings.toml import generate_settings
from raydrift.settings.written import run_toml

MATRIX = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"seed": 2**64 - 1, "num_samples": 5, "shuffle": False, "split": "train", "masks": "m"},
        {"class_mapping": {"cat": 3}, "image": {"height": 64, "value_range": [0, 100]}},
        {"transforms": ["isp_gamma:0.25"], "camera": {"fixed": {"gamma": 1.0 + 2**-50}}},
        {
            "transforms": ["isp_colour_matrix:1"],
            "camera": {"mode": "full", "fixed": {"matrix": MATRIX, "share": 1 / 3}},
        },
        {"profile": {"isp_gamma": {"stops": 1.5}}, "transforms": ["isp_gamma:1"]},
        {"raw": {}},
        {"raw": {"files": "tiff", "cfa": "RGGB", "gains": "drone", "matrix": "drone"}},
        {"label_shift": [{"start": 0.5, "proportions": {"cat": 1.0}}], "stream": 50},
    ],
)
def test_what_is_written_makes_the_same_images(values: dict[str, Any]) -> None:
    settings = generate_settings({"input": "in", "output": "out", **values})
    written = run_toml(settings, "One line,\nanother.")
    assert written.startswith("# One line,\n# another.\ninput = ")
    assert generate_settings(tomllib.loads(written) | {"output": "out"}) == settings


def test_nothing_else_is_written() -> None:
    secret = {"storage_options": {"key": "secret"}, "write": {"overwrite": True}}
    settings = generate_settings({"input": "in", "output": "out", **secret})
    assert run_toml(settings) == 'input = "in"\n'
