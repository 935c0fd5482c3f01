"""The model of a run: one that was trained before, or one that is trained now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Model:
    """A trained model.

    Attributes:
        content: The bytes of its ``generator.safetensors``.
        digest: Their SHA-256.
        description: What the networks are.
        shown: Where it is, as ``run.json`` shows it.
        notes: Plain sentences about its training.
    """

    content: bytes
    digest: str
    description: Mapping[str, Any]
    shown: str
    notes: tuple[str, ...] = ()
