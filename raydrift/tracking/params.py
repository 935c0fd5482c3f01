"""Settings as a tracking server has them: flat names, text."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_LONGEST: Final = 500  # of a value, on servers before MLflow 2.11
_LONGEST_NAME: Final = 250
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_\-./ ]")


def flat_params(settings: Mapping[str, Any]) -> dict[str, str]:
    """The settings that are said, by flat names.

    Args:
        settings: Nested, as a record has them; it leaves credentials out.

    Returns:
        Text by name, tables joined with dots; lists are JSON. What is not set has no name. A value
        that is longer than servers take ends with ``…``.

    >>> flat_params({"seed": 7, "image": {"height": 64, "value_range": None}, "levels": [0.5, 1.0]})
    {'seed': '7', 'image.height': '64', 'levels': '[0.5, 1.0]'}
    """
    return {plain_name(name): _cut(_text(value)) for name, value in _leaves(settings, "")}


def plain_name(name: str) -> str:
    """A name with the signs that every server takes.

    >>> plain_name("mine:Fog"), plain_name("bi,s,me")
    ('mine_Fog', 'bi_s_me')
    """
    return _NOT_IN_NAMES.sub("_", name)[:_LONGEST_NAME]


def _leaves(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping) and name != "class_mapping":  # which has a key a class
            yield from _leaves(value, f"{prefix}{name}.")
        elif value is not None and value != {}:
            yield prefix + name, value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
