"""Where the user's model comes from, and what kind of file it is. Nothing here needs torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from raydrift.errors import TaskError, reason
from raydrift.paths import StoragePath, redacted
from raydrift.settings.task import TaskSettings

_ZIP: Final = b"PK"
_PICKLE: Final = b"\x80"  # how every pickle begins since protocol 2
_ACCEPTED: Final = (
    "give a program of torch.export.save, a TorchScript file, or resnet18:PATH or resnet34:PATH "
    "for a state dict"
)


class TaskKind(StrEnum):
    """What kind of file a model is."""

    PROGRAM = "torch.export program"
    SCRIPT = "TorchScript file"
    STATE = "state dict"


@dataclass(frozen=True)
class TaskFile:
    """A model, ready to be sent to the processes that ask it.

    Attributes:
        name: What the user called it, without credentials.
        kind: What kind of file it is.
        architecture: ``resnet18`` or ``resnet34`` for a state dict; None: the file has it.
        digest: SHA-256 of the file.
        data: The file's bytes.
    """

    name: str
    kind: TaskKind
    architecture: str | None
    digest: str
    data: bytes


def find_task(settings: TaskSettings, options: Mapping[str, Any] | None = None) -> TaskFile:
    """Reads the user's model; its kind is told by its content, whatever its name.

    Args:
        settings: Say where it is.
        options: How a remote file is reached (``StoragePath.of``).

    Raises:
        TaskError: The file is not there, or not of a kind that can be used.
    """
    name = redacted(settings.model)
    try:
        data = StoragePath.of(settings.path, options).read_bytes()
    except (OSError, ValueError) as error:
        said = redacted(reason(error))
        raise TaskError(f"task {name!r}: {said}: give the path of a model") from None
    try:
        kind = _kind(data, settings.architecture)
    except ValueError as error:
        raise TaskError(f"task {name!r}: {error}") from None
    return TaskFile(name, kind, settings.architecture, sha256(data).hexdigest(), data)


def _kind(data: bytes, architecture: str | None) -> TaskKind:
    """The kind of a file.

    Raises:
        ValueError: It cannot be used; the text says why, and what to give instead.
    """
    if not data:
        raise ValueError(f"the file is empty: {_ACCEPTED}")
    kind = _kind_of_zip(data) if data.startswith(_ZIP) else None
    if kind is None and data.startswith(_PICKLE):
        kind = TaskKind.STATE
    if kind is None:
        raise ValueError(f"not a model in a known format: {_ACCEPTED}")
    if kind is TaskKind.STATE and architecture is None:
        raise ValueError(
            "a pickle of weights or of a whole module, which is not opened: export the model "
            "with torch.export.save, or give resnet18:PATH or resnet34:PATH for a state dict"
        )
    if kind is not TaskKind.STATE and architecture is not None:
        raise ValueError(f"a {kind}, which has its network itself: leave {architecture}: out")
    return kind


def _kind_of_zip(data: bytes) -> TaskKind | None:
    """The kind of a zip, by the names of its members; torch puts all of them into one folder."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
    except BadZipFile:
        raise ValueError("the file is cut off or damaged: copy it again") from None
    inner = {name.partition("/")[2] for name in names}
    if "serialized_exported_program.json" in names:
        raise ValueError("a program of torch before 2.8: export it again with torch.export.save")
    if "archive_format" in inner:
        return _kind_of_archive(sorted(inner))
    if "constants.pkl" in inner and any(name.startswith("code/") for name in inner):
        return TaskKind.SCRIPT
    return TaskKind.STATE if "data.pkl" in inner else None


def _kind_of_archive(inner: Sequence[str]) -> TaskKind:
    """That of torch's archives, which may hold programs, and what was compiled of them."""
    if "models/model.json" in inner:
        return TaskKind.PROGRAM
    raise ValueError(
        "an archive without a program, compiled or of other names: "
        "write the model with torch.export.save"
    )
