"""The code of transforms that do not come with raydrift: what it was when Python loaded it."""

import inspect
import sys
from collections.abc import Callable
from hashlib import sha256
from types import FunctionType, ModuleType
from typing import Final

_PACKAGE: Final = __name__.partition(".")[0]
HERE: Final = "__main__"
"""The module of a script or a notebook."""


def is_ours(kind: type) -> bool:
    """Whether a class comes with raydrift."""
    return kind.__module__.partition(".")[0] == _PACKAGE


def code_digest(kind: type) -> str:
    """SHA-256 of the code of a class and of those that it is made from, raydrift's left out.

    Of a module that is its whole file, of a script or a notebook the methods of the class. What a
    module imports is not looked at.
    """
    total = sha256()
    for one in kind.__mro__:
        if one is not object and not is_ours(one):
            total.update(_of_module(one) or _of_methods(one))
    return total.hexdigest()


def content_of(module: ModuleType) -> bytes:
    """The bytes of a module's file; none of a script or a notebook, or where they cannot be had."""
    file: str | None = getattr(module, "__file__", None)
    read: Callable[[str], bytes] | None = getattr(module.__loader__, "get_data", None)
    if module.__name__ == HERE or file is None or read is None:
        return b""
    try:
        return read(file)
    except OSError:
        return b""


def _of_module(kind: type) -> bytes:
    module = sys.modules.get(kind.__module__)
    return b"" if module is None else content_of(module)


def _of_methods(kind: type) -> bytes:
    methods = [one for one in vars(kind).values() if isinstance(one, FunctionType)]
    return "".join(map(_source, methods)).encode(errors="replace")


def _source(method: FunctionType) -> str:
    try:
        return inspect.getsource(method)
    except (OSError, TypeError):
        code = method.__code__
        return f"{code.co_code!r} {code.co_consts!r} {code.co_names!r}"
