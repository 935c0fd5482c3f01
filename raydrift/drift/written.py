"""What was drawn for an image, as the tables keep it, and back."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from raydrift.drift.sampled import SampledTransform
from raydrift.transforms import TransformInfo, plain_name


def written(chain: Iterable[SampledTransform]) -> list[dict[str, Any]]:
    """An image's transforms as a value of the column ``transforms`` (``schemas.TRANSFORMS``).

    The parameters are one JSON object: every reader of Parquet knows text, few know maps. JSON
    keeps every digit of a float.

    >>> info = TransformInfo("rotate", 0.3)
    >>> written([SampledTransform(info, "rotate", {"degrees": 12.5})])[0]["parameters"]
    '{"degrees": 12.5}'
    """
    return [
        {
            "type": str(drawn.info.name),
            "level": drawn.info.drift_level,
            "kernel": str(drawn.kernel),
            "parameters": as_text(drawn.parameters),
        }
        for drawn in chain
    ]


def read_back(value: Iterable[Mapping[str, Any]]) -> list[SampledTransform]:
    """An image's transforms from a value of that column, as ``to_pylist`` gives it."""
    return [
        SampledTransform(
            TransformInfo(one["type"], one["level"]),
            plain_name(one["kernel"]),
            parameters_of(one["parameters"]),
        )
        for one in value
    ]


def as_text(parameters: Mapping[str, Any]) -> str:
    """Parameters as JSON."""
    return json.dumps(dict(parameters), allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    """Numbers and arrays of numpy as Python's own."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a parameter is {type(value).__name__}: draw() gives numbers, lists or text")


def check_parameters(parameters: object) -> None:
    """Makes sure that what a transform drew can be kept.

    Raises:
        TypeError: It is no mapping, an empty one, or has values that JSON does not know.
        ValueError: It has a number that is none.
    """
    if not isinstance(parameters, Mapping) or not parameters:
        raise TypeError(f"draw() returned {parameters!r}: return a dict of at least one parameter")
    as_text(parameters)


def parameters_of(kept: str | Iterable[tuple[str, float]]) -> dict[str, Any]:
    """Parameters from JSON, or from the map of numbers that earlier versions wrote.

    >>> parameters_of('{"sigma": 0.5, "size": 5}'), parameters_of([("sigma", 0.5)])
    ({'sigma': 0.5, 'size': 5}, {'sigma': 0.5})
    """
    found: dict[str, Any] = json.loads(kept) if isinstance(kept, str) else dict(kept)
    return found
