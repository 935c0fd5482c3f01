"""What must not be in an archive of ``torch.export`` before torch may load it.

``torch.export.load`` unpickles what the archive says is pickled, evaluates the text of its symbolic
shapes, and calls whatever its nodes name. A program of a convolutional network, a transformer or
the like needs none of that beyond tensors, arithmetic and torch's operators.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

import torch

_OPERATORS: Final = re.compile(
    r"torch\.ops\.\w+\.\w+(\.\w+)?"
    r"|torch\.sym_(float|int|ite|max|min|not|sum|sqrt)|torch\._sym_sqrt"
    r"|math\.(ceil|floor|trunc)"
    r"|_operator\.(add|and_|eq|floordiv|ge|getitem|gt|le|lt|mod|mul|ne|neg|not_|or_|pos|pow|sub"
    r"|truediv)"
)
"""What a node of a program may call."""

_FUNCTIONS: Final = {
    "Abs", "And", "CeilDiv", "CeilToInt", "CleanDiv", "Eq", "Equality", "FloatPow",
    "FloatTrueDiv", "FloorDiv", "FloorToInt", "GreaterThan", "Identity", "IntTrueDiv", "Integer",
    "LShift", "LessThan", "Max", "Min", "Mod", "ModularIndexing", "Mul", "Add", "Ne", "Not", "Or",
    "Pow", "PowByNatural", "PythonMod", "RShift", "Rational", "RoundDecimal", "RoundToInt",
    "StrictGreaterThan", "StrictLessThan", "Symbol", "ToFloat", "TruncToFloat", "TruncToInt",
    "Unequality", "Where", "ceiling", "floor",
}  # fmt: skip
"""What the text of a symbolic shape may call."""

_ARITHMETIC: Final = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.keyword,
    ast.Name, ast.Constant, ast.Load, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip


def check_archive(data: bytes) -> None:
    """Makes sure that loading a program runs nothing but torch.

    Args:
        data: The bytes of the archive.

    Raises:
        ValueError: It has something else; the text says what.
    """
    with ZipFile(BytesIO(data)) as archive:
        members = {name.partition("/")[2]: name for name in archive.namelist()}
        for inner, name in members.items():
            if inner.endswith("_config.json"):
                _check_payloads(json.loads(archive.read(name)))
            elif inner.startswith("data/") and inner.endswith(".pt"):
                _check_tensors(inner, archive.read(name))
            elif inner.startswith("data/aotinductor"):
                raise ValueError("it has compiled code")
            elif inner.startswith("models/"):
                for key, value in _leaves(json.loads(archive.read(name))):
                    _check_text(key, value)


def _check_payloads(config: Mapping[str, Any]) -> None:
    """Weights and constants are plain bytes, or tensors that are read without being unpickled."""
    for called, payload in config["config"].items():
        path = payload["path_name"]
        if payload["use_pickle"] or not path.startswith(("weight_", "tensor_")):
            raise ValueError(f"{called} is pickled: export the model without it")


def _check_tensors(name: str, data: bytes) -> None:
    """The inputs that it was exported with; torch unpickles what it cannot read as tensors."""
    if not data:
        return
    try:
        torch.load(BytesIO(data), weights_only=True)
    except Exception:  # whatever a file of anything makes torch raise
        raise ValueError(f"{name} holds more than tensors") from None


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value in nested JSON, with the key of the table that it is in."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, key)
    else:
        yield key, value


def _check_text(key: str, value: Any) -> None:
    if not isinstance(value, str):
        return
    if key == "target" and _called(value) and not _OPERATORS.fullmatch(value):
        raise ValueError(f"it calls {value[:60]!r}, which is no operator of torch")
    if key == "expr_str" and not _is_arithmetic(value):
        raise ValueError(f"the size {value[:60]!r} is no arithmetic")


def _called(target: str) -> bool:
    """Whether a target is something to call: parameters and buffers have targets, too."""
    return target.startswith(("torch", "math", "_operator", "#"))


def _is_arithmetic(text: str) -> bool:
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError):
        return False
    called = [one.func for one in nodes if isinstance(one, ast.Call)]
    return all(isinstance(one, _ARITHMETIC) for one in nodes) and all(
        isinstance(one, ast.Name) and one.id in _FUNCTIONS for one in called
    )
