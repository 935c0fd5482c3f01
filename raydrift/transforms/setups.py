"""What the transforms of a family share: one frozen dataclass of settings."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib import import_module
from typing import Any

from raydrift.errors import SettingsError, suggest
from raydrift.transforms.names import SETUPS


@cache
def published_setup(family: str) -> Any:
    """The settings of a family as they are published."""
    return _class(family)()


def setup_of(family: str, written: object) -> Any:
    """The settings of a family as Python or TOML has them.

    Args:
        family: The name of the family.
        written: The settings themselves, or a table of them.

    Raises:
        SettingsError: It is neither, or has a setting that there is not, or that cannot be.
    """
    kind = _class(family)
    if isinstance(written, kind):
        return written
    if not isinstance(written, Mapping):
        raise SettingsError(f"{family} is {written!r}: write it as a table, [{family}]")
    names = [item.name for item in fields(kind)]
    for key in written:
        if key not in names:
            raise SettingsError(f"unknown key {family}.{key}: {suggest(str(key), names)}")
    return kind(**written)


def _class(family: str) -> Any:
    module, _, name = SETUPS[family].partition(":")
    return getattr(import_module(module), name)
