"""Checks of settings: of their types, where no parser of text or TOML looked at them; of values."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from raydrift.errors import SettingsError

_WANTED: Final = {int: "a whole number", float: "a number", bool: "True or False", str: "text"}
_NOT_SHOWN: Final = ("storage_options",)


def check_types(settings: Any, prefix: str = "", leave: tuple[str, ...] = ()) -> None:
    """Makes sure that the fields of a frozen dataclass are of the types that they are declared as.

    Numbers of numpy become Python's own; a whole number is a number, too.

    Args:
        settings: The dataclass; its numbers are replaced.
        prefix: Stands before the fields' names in errors, as ``image.``.
        leave: Fields that are checked elsewhere.

    Raises:
        SettingsError: One is of another type.
    """
    hints = get_type_hints(type(settings))  # which are text where annotations are postponed
    for item in fields(settings):
        if item.name not in leave:
            value = _plain(getattr(settings, item.name), prefix + item.name, hints[item.name])
            object.__setattr__(settings, item.name, value)


def _plain(value: Any, name: str, declared: Any) -> Any:
    kinds = get_args(declared) if isinstance(declared, UnionType) else (declared,)
    if value is None and NoneType in kinds:
        return None
    for kind in kinds:
        if kind in _WANTED:
            plain = _number(value, kind)
            if plain is not None:
                return plain
        elif isinstance(value, get_origin(kind) or kind):
            return value
    wanted = " or ".join(_named(kind) for kind in kinds if kind is not NoneType)
    shown = "not to be shown" if name in _NOT_SHOWN else repr(value)
    raise SettingsError(f"{name} is {shown}: give {wanted}")


def _number(value: Any, kind: type) -> Any:
    """The value as Python's own of this type; None: it is of another type."""
    if kind is str:
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or type(value).__name__ == "bool":  # numpy's is of no number type
        return bool(value) if kind is bool else None
    if kind is bool:
        return bool(value) if isinstance(value, Integral) and value in (0, 1) else None
    if isinstance(value, Integral):
        return int(value)
    return float(value) if kind is float and isinstance(value, Real) else None


def _named(kind: Any) -> str:
    if kind in _WANTED:
        return _WANTED[kind]
    origin = get_origin(kind) or kind
    if issubclass(origin, Mapping):
        return "a mapping, as {'name': value}"
    return "a tuple" if origin is tuple else f"{kind.__name__}(…)"


def image_size(given: object) -> tuple[int, int]:
    """The height and the width of ``input_dim``.

    Raises:
        SettingsError: It is neither one whole number nor two.

    >>> image_size(224), image_size([192, 256])
    ((224, 224), (192, 256))
    """
    plain: Any = getattr(given, "tolist", lambda: given)()  # of numpy's arrays and numbers
    both = plain if isinstance(plain, Sequence) else (plain, plain)
    if len(both) != 2 or not all(
        type(one) is not bool and isinstance(one, Integral) for one in both
    ):
        raise SettingsError(
            f"input_dim is {given!r}: give (height, width) in whole pixels, as (224, 224), "
            "or one whole number for both"
        )
    return int(both[0]), int(both[1])


def path_text(name: str, path: object) -> str:
    """A path as text.

    Raises:
        SettingsError: It is neither text nor a path; the message calls it by the name.
    """
    found = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(found, str):
        raise SettingsError(f"{name} is {path!r}: give a path as text, or a pathlib.Path")
    return found


def require(ok: bool, name: str, value: object, remedy: str) -> None:
    """Raises SettingsError where a setting cannot be; it names the setting and the remedy."""
    if not ok:
        raise SettingsError(f"{name} is {value!r}: {remedy}")


def at_least(least: int, name: str, value: int | None) -> None:
    """Raises SettingsError where a number is smaller than the least; None is none."""
    require(value is None or value >= least, name, value, f"give at least {least}")


def choose(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raises SettingsError where a word is not one of the choices."""
    require(value in choices, name, value, f"choose from: {', '.join(choices)}")


def check_apart(source: str, output: str) -> None:
    """Raises SettingsError where the output is the input: results would lie among its classes."""
    apart = as_written(source) != as_written(output)
    require(apart, "output", output, "that is the input: choose another folder")


def check_disjoint(source: str, output: str) -> None:
    """Raises SettingsError where one of input and output is a folder in the other, or both are one.

    A manifest may lie beside what is written.
    """
    check_apart(source, output)
    there, here = (f"{as_written(place)}/" for place in (source, output))
    require(
        not here.startswith(there), "output", output, "that is in the input: choose another folder"
    )
    manifest = source.lower().endswith((".csv", ".tsv", ".parquet", ".manifest", ".jsonl"))
    inside = there.startswith(here) and not manifest
    require(not inside, "output", output, "the input is in it: choose another folder")


def check_masks_apart(masks: str, source: str, output: str, split: str | None) -> None:
    """Raises SettingsError where masks would be taken for images, or be written over."""
    there, here, results = (f"{as_written(place)}/" for place in (masks, source, output))
    remedy = "that is the input: give the folder of the masks"
    require(there != here, "masks", masks, remedy)
    remedy = "that is in the input, where it is taken for a class: move it beside the input"
    require(split is not None or not there.startswith(here), "masks", masks, remedy)
    require(not there.startswith(results), "masks", masks, "that is in the output: move it")


def as_written(place: str) -> str:
    """A path or URI without what makes no difference."""
    return place.rstrip("/") if "://" in place else os.path.abspath(place)
