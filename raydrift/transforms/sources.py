"""The source of modules that do not come with raydrift: read here, imported on a worker.

A worker then has what Python loaded here, whatever the module keeps at its top level: caches, locks
and open files are made anew there, as by any import.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Final

from raydrift.errors import SettingsError
from raydrift.transforms.code import HERE, code_digest, content_of

_MOST_BYTES: Final = 64 * 2**20


@dataclass(frozen=True)
class SourceFile:
    """A module's file.

    Attributes:
        path: Where it lies on the machine that read it.
        content: Its bytes.
    """

    path: str
    content: bytes


Sources = Mapping[str, SourceFile]
"""Modules' files, by the modules' full names."""


def is_as_loaded(kind: type) -> bool:
    """Whether importing a class's module anew, from its file, would give that class."""
    module, root = sys.modules.get(kind.__module__), root_of(kind)
    if root is None or module is None or not (_has_source(module) and _has_source(root)):
        return False
    found: object = module
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind and getattr(kind, "code", None) == code_digest(kind)


def sources_of(kinds: Iterable[type]) -> Sources:
    """The source of the modules or whole packages that some classes are from.

    Raises:
        SettingsError: A package has too much of it to be sent to workers.
    """
    found: dict[str, SourceFile] = {}
    roots = {root.__name__: root for kind in kinds if (root := root_of(kind)) is not None}
    for name, root in roots.items():
        if isinstance(root.__loader__, _Importer):
            found |= root.__loader__.sources
            continue
        file = Path(root.__file__ or "")
        paths = {name: file} | (_below(name, file.parent) if hasattr(root, "__path__") else {})
        files = {name: SourceFile(str(path), path.read_bytes()) for name, path in paths.items()}
        size = sum(len(file.content) for file in files.values())
        if size > _MOST_BYTES:
            raise SettingsError(
                f"package {name} has {size // 2**20} MiB of source, all of which goes to the "
                f"workers, up to {_MOST_BYTES // 2**20} MiB: move its transforms to a smaller one"
            )
        found |= files
    return found


def root_of(kind: type) -> ModuleType | None:
    """The module of a class, or the outermost package that holds it; namespaces are none.

    Of a class of a script or a notebook there is none.
    """
    parts = kind.__module__.split(".")
    names = [".".join(parts[: end + 1]) for end in range(len(parts))]
    modules = [sys.modules[name] for name in names if name in sys.modules and name != HERE]
    with_file = [module for module in modules if getattr(module, "__file__", None)]
    return next(iter(with_file + modules[-1:]), None)


def folder_of(module: ModuleType) -> str:
    """The folder that Python found a module or package in."""
    file = Path(module.__file__ or "").absolute()
    return str(file.parents[1] if file.name == "__init__.py" else file.parent)


def _has_source(module: ModuleType) -> bool:
    """Not so of what is in a zip, compiled, or made by hand."""
    if isinstance(getattr(module, "__loader__", None), _Importer):
        return True
    file = Path(getattr(module, "__file__", None) or "")
    return file.suffix == ".py" and file.is_file()


def _below(root: str, folder: Path) -> dict[str, Path]:
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts and all(part.isidentifier() for part in parts):
            found[".".join((root, *parts))] = path
    return found


def install(sources: Sources) -> None:
    """Makes this process import modules from what was read; other versions of them are forgotten.

    Args:
        sources: From ``sources_of``, on this machine or another.
    """
    importer = _Importer(sources)
    if not sources or importer in sys.meta_path:
        return
    loaded = [name for name in sources if name in sys.modules]
    if any(content_of(sys.modules[name]) != sources[name].content for name in loaded):
        for name in loaded:
            del sys.modules[name]
    sys.meta_path.insert(0, importer)


@dataclass(frozen=True)
class _Importer(SourceLoader):
    """Imports modules from source that was read elsewhere."""

    sources: Sources

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _: ModuleType | None = None
    ) -> ModuleSpec | None:
        here = fullname in self.sources
        above = any(name.startswith(f"{fullname}.") for name in self.sources)
        if not here and not above:
            return None
        local = PathFinder.find_spec(fullname, path)
        if not here:  # a namespace
            return local or ModuleSpec(fullname, None, is_package=True)
        spec = spec_from_loader(fullname, self)
        if spec is not None and spec.submodule_search_locations is not None and local is not None:
            # Compiled modules, which do not travel, are where the package is installed.
            spec.submodule_search_locations += local.submodule_search_locations or ()
        return spec

    def get_filename(self, fullname: str) -> str:
        return self.sources[fullname].path

    def get_data(self, path: str) -> bytes:
        for file in self.sources.values():
            if file.path == path:
                return file.content
        return Path(path).read_bytes()
