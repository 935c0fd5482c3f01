"""From the name of a transform to its class.

Names are those of the catalogue, of entry points that other packages have in the group
``raydrift.transforms``, and ``MODULE:CLASS``.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, fields
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import PurePath
from typing import Any, Final

from raydrift.errors import SettingsError, reason, suggest
from raydrift.transforms.code import HERE
from raydrift.transforms.names import ImageTransform, Name
from raydrift.transforms.transform import Transform, check_class

GROUP: Final = "raydrift.transforms"
"""The entry points with which a package makes its transforms known."""

_OF_A_CLASS: Final = re.compile(r"(?P<module>.+):(?P<name>[^\W\d]\w*(\.[^\W\d]\w*)*)")
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
    packages = _packages()
    if name in packages:
        _entry_point(name)
        return name
    if name in _NAMES:
        return ImageTransform(name)
    known = [*map(str, ImageTransform), *packages]
    raise SettingsError(f"unknown transform {written!r}: {suggest(name, known)}")


def plain_transforms(with_twins: bool = False) -> list[Name]:
    """The transforms of the catalogue that do something themselves, in its order.

    Args:
        with_twins: Whether those are among them that blend an image with its twin.
    """
    transforms = {one: published(one) for one in ImageTransform}
    return [
        name
        for name, one in transforms.items()
        if one.resolve(1.0)[0] == name and (with_twins or not one.blends)
    ]


def names_class(name: str) -> bool:
    """Whether a name is, or is meant to be, ``MODULE:CLASS``."""
    return _OF_A_CLASS.fullmatch(name.strip()) is not None


def is_short(name: str) -> bool:
    """Whether a name is in the catalogue, or an entry point's."""
    short = _short(name.strip())
    return short in _NAMES or short in _packages()


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
    if name in _packages():
        point = _entry_point(name)
        return _class(name, _loaded(name, point.module, point.attr))
    found = plain_name(name)
    if isinstance(found, ImageTransform):
        return transform_class(found)
    raise SettingsError(f"unknown transform {name!r}")


def _packages() -> Mapping[str, Sequence[EntryPoint]]:
    """The entry points of all packages, by their names; Python's path is searched once.

    Once more where that, or a folder on it, has changed: as where a package was installed.
    """
    return _packages_on(tuple((folder, _changed(folder)) for folder in sys.path))


@lru_cache(maxsize=1)
def _packages_on(_: tuple[tuple[str, float], ...]) -> Mapping[str, Sequence[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(_short(point.name), []).append(point)
    return found


def _changed(folder: str) -> float:
    with suppress(OSError):
        return os.stat(folder or ".").st_mtime
    return 0.0


def _entry_point(name: str) -> EntryPoint:
    """The only one of a name.

    Raises:
        SettingsError: Several packages have it.
    """
    points = _packages()[name]
    owners = ["raydrift"] * (name in _NAMES) + [_owner(point) for point in points]
    if len(owners) == 1:
        return points[0]
    written = " or ".join(point.value for point in points)
    raise SettingsError(
        f"transform {name!r} is of several packages ({', '.join(sorted(owners))}): "
        f"uninstall all but one, or write {written}"
    )


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module


def _loaded(name: str, module: str, attribute: str) -> Any:
    """What a module has under a name; the module is searched for where Python was started, too."""
    if not all(part.isidentifier() for part in module.split(".")):
        raise _not_there(name, module, attribute)
    try:
        value: Any = sys.modules[HERE] if module == HERE else _imported(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise _not_there(name, module, attribute) from None
        raise SettingsError(
            f"transform {name!r}: {module} needs {error.name}: install it"
        ) from None
    except Exception as error:  # whatever a module of the user's raises
        problem = f"{module} cannot be loaded: {reason(error)}"
        if "non-frozen dataclass from a frozen" in problem:
            problem = f"{attribute} is not frozen: write @dataclass(frozen=True) above it"
        raise SettingsError(f"transform {name!r}: {problem}") from None
    for part in attribute.split("."):
        value = getattr(value, part, None)
    if value is None:
        raise SettingsError(f"transform {name!r}: {module} has no {attribute}")
    return value


def _not_there(name: str, module: str, attribute: str) -> SettingsError:
    file = PurePath(module.replace("\\", "/"))
    first = module.partition(".")[0]
    remedy = f"install its package, or run where {first}.py is"
    if file.suffix == ".py":
        there = "" if str(file.parent) == "." else f", and run in {file.parent}"
        remedy = f"write {file.stem}:{attribute}{there}"
    elif not first.isidentifier():
        better = re.sub(r"\W+", "_", first).strip("_")
        remedy = f"Python has no such names: call it {better}.py, and write {better}:{attribute}"
    return SettingsError(f"transform {name!r}: there is no module {module}: {remedy}")


def _imported(module: str) -> Any:
    here = os.getcwd()  # which Python leaves out where it runs an installed command
    if here in sys.path:
        return import_module(module)
    sys.path.append(here)
    try:
        return import_module(module)
    finally:
        sys.path.remove(here)


def _class(name: str, found: Any) -> type[Transform]:
    if not isinstance(found, type) or not issubclass(found, Transform) or found is Transform:
        problem = f"that is {type(found).__name__}, not a subclass of raydrift.Transform"
        raise SettingsError(f"transform {name!r}: {problem}")
    check_class(found, name)
    for item in fields(found):
        if item.default is MISSING and item.default_factory is MISSING:
            raise SettingsError(f"transform {name!r}: {item.name} has no default: give it one")
    return found
