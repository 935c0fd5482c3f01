"""What is taken of Keras where the user has imported it; nothing here imports it."""

import sys
from functools import cache
from typing import Any

RANDOM_ORDER = (
    "batches are asked for in random order, which this process makes alone: give model.fit "
    "shuffle=False, and the workers make them"
)
"""The warning where Keras shuffles batches whose workers make them in order."""

_PACKAGES = ("keras", "tf_keras")


def with_keras_base(cls: type) -> type:
    """A class that ``model.fit`` of the imported Keras takes, or the class itself.

    Args:
        cls: A class of batches with ``__len__`` and ``__getitem__``.

    Returns:
        A subclass of it and of ``keras.utils.PyDataset`` (of older versions and of tf_keras,
        ``Sequence``), with its name; the class itself where no Keras was imported.
    """
    bases = tuple(base for base in _datasets() if not issubclass(cls, base))
    return _joined(cls, bases) if bases else cls


def plain_class(cls: type) -> type:
    """The class that ``with_keras_base`` was given: what a pickle names."""
    plain: type = cls.__dict__.get("_plain", cls)
    return plain


def begin_keras_base(flow: Any, **told: Any) -> None:
    """Calls the constructor of the Keras class that a flow is of, if it is of one.

    Args:
        flow: The flow.
        **told: What Keras' class is told: workers, use_multiprocessing, max_queue_size.
    """
    for base in _datasets():
        if isinstance(flow, base) and "__init__" in vars(base):
            vars(base)["__init__"](flow, **told)


def image_data_format() -> str:
    """``channels_last``, or what the imported Keras is set to."""
    return str(_backend("image_data_format", "channels_last"))


def floatx() -> str:
    """``float32``, or what the imported Keras is set to."""
    return str(_backend("floatx", "float32"))


def _backend(name: str, otherwise: str) -> Any:
    for package in _PACKAGES:
        asked = getattr(getattr(sys.modules.get(package), "backend", None), name, None)
        if asked is not None:
            return asked()
    return otherwise


def _datasets() -> list[type]:
    found: list[type] = []
    for package in _PACKAGES:
        there = getattr(sys.modules.get(package), "utils", None)
        base = getattr(there, "PyDataset", None) or getattr(there, "Sequence", None)
        if isinstance(base, type) and base not in found:
            found.append(base)
    return found


@cache
def _joined(cls: type, bases: tuple[type, ...]) -> type:
    told = {name: getattr(cls, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(cls.__name__, (cls, *bases), {**told, "_plain": cls})
