"""What a file with trained generators says of itself: safetensors, read without torch.

All facts stand in one metadata key as sorted JSON: several keys would be written in any order, and
the same weights would not give the same bytes.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from pyarrow import fs

from raydrift.errors import SettingsError, reason
from raydrift.paths import StoragePath, redacted

MODEL_FOLDER: Final = "model"
MODEL_FILE: Final = "generator.safetensors"
"""In the folder of a run: what its images are made with."""

CYCLEGAN: Final = "cyclegan"
STYLEGAN: Final = "stylegan2"
"""The kinds of models."""

ONE_GENERATOR: Final = "generator"
"""What the generator of a StyleGAN2 is called."""

SEPARATE_KEY: Final = "separate"
"""In a description: there is a generator for each class, by its name."""

FORMAT: Final = 1
"""Goes up when the file says the same in another way."""

KEY: Final = "raydrift"
"""The metadata key that has all facts."""

_SIZE: Final = 8  # bytes of the number that a safetensors file begins with
_LONGEST_HEADER: Final = 100_000_000
_GIVE: Final = (
    f"give the folder of a finished run of translate or synthesize, or its "
    f"{MODEL_FOLDER}/{MODEL_FILE}"
)


@dataclass(frozen=True)
class ModelContent:
    """The content of a model's file.

    Attributes:
        description: What its networks are: ``kind``, sizes, settings.
        generators: The names of its networks.
        digest: SHA-256 of the file.
        content: The file's bytes.
    """

    description: Mapping[str, Any]
    generators: tuple[str, ...]
    digest: str
    content: bytes = field(repr=False)


def model_place(
    path: str | os.PathLike[str] | StoragePath, options: Mapping[str, Any] | None = None
) -> StoragePath:
    """Where the file of a model is.

    Args:
        path: The folder of a run, its folder ``model``, or the file itself; a path or a URI.
        options: How a remote place is reached (``StoragePath.of``).

    Raises:
        SettingsError: Nothing is there, or a folder without a model.
    """
    place = path if isinstance(path, StoragePath) else StoragePath.of(path, options)
    try:
        kind = place.info().type
        if kind == fs.FileType.File:
            return place
        for inside in (place / MODEL_FOLDER / MODEL_FILE, place / MODEL_FILE):
            if inside.is_file():
                return inside
    except OSError as error:
        raise SettingsError(f"model {place}: {redacted(reason(error))}: {_GIVE}") from None
    if kind == fs.FileType.NotFound:
        raise SettingsError(f"model {place} is not there: {_GIVE}")
    raise SettingsError(f"model {place} has no {MODEL_FOLDER}/{MODEL_FILE}: {_GIVE}")


def read_content(place: StoragePath, kind: str | None = None) -> ModelContent:
    """Reads the file of a model.

    Args:
        place: The file.
        kind: The kind that is asked for, ``cyclegan`` or ``stylegan2``; None: any.

    Raises:
        SettingsError: It cannot be read, is no model of raydrift's, damaged, or of another kind.
    """
    try:
        content = place.read_bytes()
    except OSError as error:
        raise SettingsError(f"model {place}: {redacted(reason(error))}: {_GIVE}") from None
    return content_of(content, f"model {place}", kind)


def content_of(content: bytes, what: str, kind: str | None = None) -> ModelContent:
    """Checks the bytes of a model's file.

    Args:
        content: The bytes.
        what: What they are called in messages, as ``model out/model/generator.safetensors``.
        kind: As for ``read_content``.

    Raises:
        SettingsError: As ``read_content``.
    """
    facts, data = _facts(content, what)
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        there = facts.get("format") if isinstance(facts, dict) else None
        raise SettingsError(
            f"{what} is of format {there!r} of another version of raydrift, this one reads "
            f"{FORMAT}: train it with this version, or use that one"
        )
    if sha256(data).hexdigest() != facts.get("weights"):
        raise _damaged(what)
    if not isinstance(facts.get("description"), dict) or "generators" not in facts:
        raise _damaged(what)
    found = ModelContent(
        facts["description"], tuple(facts["generators"]), sha256(content).hexdigest(), content
    )
    check_kind(found.description, kind, what)
    return found


def check_kind(description: Mapping[str, Any], kind: str | None, what: str) -> None:
    """Makes sure that a model is of the kind that is asked for.

    Raises:
        SettingsError: It is of another one.
    """
    there = description.get("kind")
    if kind is not None and there != kind:
        raise SettingsError(
            f"{what} is a {there}, and a {kind} is asked for: give one of that kind"
        )


def weights_begin(content: bytes) -> int:
    """Where the weights begin in a safetensors file, behind its header."""
    return _SIZE + int.from_bytes(content[:_SIZE], "little")


def _facts(content: bytes, what: str) -> tuple[Any, memoryview]:
    """What the metadata says, and the bytes of the weights."""
    begin = weights_begin(content)
    if begin - _SIZE > _LONGEST_HEADER or content[_SIZE : _SIZE + 1] != b"{":
        raise SettingsError(f"{what} {_what_else(content, what)}: {_GIVE}")
    try:
        header = json.loads(content[_SIZE:begin])
        metadata = header.pop("__metadata__", {})
        ends = max((one["data_offsets"][1] for one in header.values()), default=0)
        told = metadata.get(KEY)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise _damaged(what) from None
    if told is None:
        raise SettingsError(f"{what} is a safetensors file of other origin: {_GIVE}")
    if begin + ends != len(content):
        raise _damaged(what)
    try:
        return json.loads(told), memoryview(content)[begin:]
    except (ValueError, TypeError):
        raise _damaged(what) from None


def _what_else(content: bytes, what: str) -> str:
    """What a file is that is not safetensors, by its first bytes or its name."""
    if not content:
        return "is empty"
    if what.lower().endswith(".pb"):
        return "is a frozen graph of TensorFlow (.pb), which is not read"
    if content.startswith(b"PK"):
        return "is a file of torch (.pt, .pth or .pt2), which is not opened"
    if content.startswith(b"\x80"):
        return "is a pickle, which is not opened"
    return "is not a safetensors file, or damaged"


def _damaged(what: str) -> SettingsError:
    return SettingsError(f"{what} is cut off or damaged: copy it again, or train it anew")
