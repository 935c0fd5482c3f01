"""From the name of a transform to its class.

Names are those of the catalogue, of entry points that other packages have in the group
``raydrift.transforms``, and ``MODULE:CLASS``.
"""

import os
import re
import sys
from dataclasses import MISSING, fields
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, Final

from raydrift.errors import SettingsError, reason, suggest
from raydrift.transforms.names import ImageTransform, Name
from raydrift.transforms.transform import Transform

GROUP: Final = "raydrift.transforms"
"""The entry points with which a package makes its transforms known."""

_OF_A_CLASS: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_HERE: Final = "__main__"
_NAMES: Final = frozenset(map(str, ImageTransform))


def plain_name(written: str) -> Name:
    """The name as the catalogue or an entry point has it, or ``MODULE:CLASS``.

    Raises:
        SettingsError: There is no such transform; the message suggests one.

    >>> plain_name("Gaussian-Blur")
    <ImageTransform.GAUSSIAN_BLUR: 'gaussian_blur'>
    """
    name = written.strip()
    if names_class(name):
        transform_class(name)
        return name
    name = _short(name)
    if name in _NAMES:
        return ImageTransform(name)
    others = [point.name for point in entry_points(group=GROUP)]
    if name in others:
        return name
    known = [*map(str, ImageTransform), *others]
    raise SettingsError(f"unknown transform {written!r}: {suggest(name, known)}")


def plain_transforms() -> list[Name]:
    """The transforms of the catalogue that do something themselves, in its order."""
    return [one for one in ImageTransform if published(one).resolve(1.0)[0] == one]


def names_class(name: str) -> bool:
    """Whether a name is ``MODULE:CLASS``."""
    return _OF_A_CLASS.fullmatch(name.strip()) is not None


def is_short(name: str) -> bool:
    """Whether a name is in the catalogue, or an entry point's."""
    short = _short(name.strip())
    return short in _NAMES or bool(entry_points(group=GROUP, name=short))


def _short(name: str) -> str:
    return name.lower().replace("-", "_")


@cache
def published(name: ImageTransform) -> Transform:
    """A transform of the catalogue with its own ranges."""
    return transform_class(name)()


def transform_class(name: str) -> type[Transform]:
    """The class of a transform.

    Raises:
        SettingsError: There is none of that name, or it cannot be loaded or is no transform.
    """
    if isinstance(name, ImageTransform):
        module, _, attribute = name.home.partition(":")
        return _class(name, getattr(import_module(module), attribute))
    if ":" in name:
        module, _, attribute = name.partition(":")
        return _class(name, _loaded(name, module, attribute))
    for point in entry_points(group=GROUP, name=name):
        return _class(name, _loaded(name, point.module, point.attr))
    found = plain_name(name)
    if isinstance(found, ImageTransform):
        return transform_class(found)
    raise SettingsError(f"unknown transform {name!r}")


def _loaded(name: str, module: str, attribute: str) -> Any:
    """What a module has under a name; the module is searched for where Python was started, too."""
    try:
        value: Any = sys.modules[_HERE] if module == _HERE else _imported(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise SettingsError(
                f"transform {name!r}: there is no module {module}: install its package, or run "
                f"where {module.partition('.')[0]}.py is"
            ) from None
        raise SettingsError(
            f"transform {name!r}: {module} needs {error.name}: install it"
        ) from None
    except Exception as error:  # whatever a module of the user's raises
        told = f"{module} cannot be loaded: {reason(error)}"
        raise SettingsError(f"transform {name!r}: {told}") from None
    for part in attribute.split("."):
        value = getattr(value, part, None)
    if value is None:
        raise SettingsError(f"transform {name!r}: {module} has no {attribute}")
    return value


def _imported(module: str) -> Any:
    here = os.getcwd()  # which Python leaves out where it runs an installed command
    sys.path.append(here)
    try:
        return import_module(module)
    finally:
        sys.path.remove(here)


def _class(name: str, found: Any) -> type[Transform]:
    if not isinstance(found, type) or not issubclass(found, Transform) or found is Transform:
        told = f"that is {type(found).__name__}, not a subclass of raydrift.Transform"
        raise SettingsError(f"transform {name!r}: {told}")
    for item in fields(found):
        if item.default is MISSING and item.default_factory is MISSING:
            raise SettingsError(f"transform {name!r}: {item.name} has no default: give it one")
    if found.needs and find_spec(found.needs) is None:
        raise SettingsError(f"transform {name!r} needs {found.needs}: install it")
    return found
