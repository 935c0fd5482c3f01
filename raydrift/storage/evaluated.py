"""The output folder of a measurement: a few files, the last of which says that all are there."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Final

from raydrift.errors import OutputError, reason
from raydrift.paths import StoragePath, redacted
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from raydrift.storage.output import failing_as_output, made_folder
from raydrift.storage.record import differences

FORMAT: Final = 2
"""Goes up when the same settings give other numbers or other files."""


@dataclass
class MeasuredRecord:
    """What is told of images that were measured, as JSON.

    Attributes:
        identity: All that the numbers depend on.
        settings: All settings, resolved.
        status: ``running`` or ``complete``.
        counts: Samples asked for, measured and rejected; batches.
        classes: Class name to label.
        ignored: Files of the input that were passed over, by reason.
        rejected: The first images that could not be used, and why.
        notes: What is odd about the input, in plain sentences.
        remarks: On images that were measured but are worth a look, as in ``run.json``.
        unmeasured: Metrics that some batch is too small for, and why.
        timings: Seconds, by what they were spent on.
        versions: The versions of Python and of the packages that the numbers come from.
    """

    file: ClassVar[str]
    """The name of the record in the output folder."""
    results: ClassVar[tuple[str, ...]]
    """The names of all the files that it may tell of."""
    what: ClassVar[str]
    """What it is a record of, for errors."""

    identity: dict[str, Any]
    settings: dict[str, Any]
    status: str = "running"
    counts: dict[str, int] = field(default_factory=dict)
    classes: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    remarks: list[dict[str, Any]] = field(default_factory=list)
    unmeasured: dict[str, str] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


@dataclass
class EvaluationRecord(MeasuredRecord):
    """The content of ``evaluation.json``.

    Attributes:
        task: What the user's model gets right; None: none was asked, and there is no such key.
    """

    file = layout.EVALUATION
    results = (*layout.EVALUATED, *layout.OF_TASK)
    what = "evaluation"

    task: dict[str, Any] | None = None


@dataclass
class MatrixRecord(MeasuredRecord):
    """The content of ``matrix.json``.

    Attributes:
        views: The codes of the views, in the order of the rows and columns of all tables.
        probe: Of what a probe gets right: means and standard deviations over the splits, by name a
            table with a row a view that it was trained on; None: there is no such key.
        trained: The same of trained networks.
        divergence: The metric; median and quartiles of the batches, a table with a row a view that
            is gone out from; None: there is no such key.
        corruptions: The names of the corruptions, and of each severity what a probe gets right on
            its own view under each of them, a table with a row a view; the mean drop, and its ratio
            to that on other views; None: there is no such key.
    """

    file = layout.MATRIX_RECORD
    results = layout.MATRIX_RESULTS
    what = "matrix"

    views: tuple[str, ...] = ()
    probe: dict[str, Any] | None = None
    trained: dict[str, Any] | None = None
    corruptions: dict[str, Any] | None = None
    divergence: dict[str, Any] | None = None


@dataclass
class AdjustRecord(MeasuredRecord):
    """The content of ``adjust.json``.

    Attributes:
        adjustment: What was found, in short.
    """

    file = layout.ADJUST_RECORD
    results = layout.ADJUST_RESULTS
    what = "adjustment"

    adjustment: dict[str, Any] | None = None


@dataclass
class ForensicsRecord(MeasuredRecord):
    """The content of ``forensics.json``.

    Attributes:
        task: The model, and what it gets right of the originals.
        parts: Of each part of the camera the first level at which more than the drop is lost, null
            where it is none of them, and what the worst cameras leave by level.
        worst: The worst camera of all, and the file that makes it.
    """

    file = layout.FORENSICS_RECORD
    results = layout.FORENSICS_RESULTS
    what = "search"

    task: dict[str, Any] | None = None
    parts: list[dict[str, Any]] = field(default_factory=list)
    worst: dict[str, Any] | None = None


@contextmanager
def working_folder(
    folder: StoragePath, locked: StoragePath, report: Callable[[str], object]
) -> Iterator[OutputLock]:
    """Makes the folder of a job whose results go elsewhere, and holds it for this job alone.

    What is in it stays where the job is stopped, so that the same command goes on. An empty one is
    deleted at the end.

    Args:
        folder: The folder.
        locked: Whose lock holds it: its own, or the folder that the results go to.
        report: Is told, in one line, why there is a wait.

    Raises:
        LockedError: Another job is at work there.
        OutputError: The folder cannot be made or written.
    """
    with (
        made_folder(locked),
        failing_as_output(locked),
        kept_if_filled(folder),
        OutputLock(locked, tell=report) as lock,
    ):
        folder.create()
        yield lock


@contextmanager
def kept_if_filled(folder: StoragePath) -> Iterator[None]:
    """Deletes a folder at the end, if nothing is in it."""
    try:
        yield
    finally:
        with suppress(OSError):
            folder.delete_if_empty()


def check_replaceable(
    output: StoragePath,
    record: MeasuredRecord,
    overwrite: bool,
    defaults: Callable[..., Mapping[str, Any]] = lambda *_: {},
) -> None:
    """Makes sure that the results may be written, before there are any.

    The same experiment again, and one that was not finished, are replaced.

    Args:
        output: The folder.
        record: The record of this experiment.
        overwrite: Whether another one's results may be replaced.
        defaults: As for ``storage.output.find_run``.

    Raises:
        OutputError: Another experiment's results are there and may not be overwritten.
    """
    names = output.names()
    found = _found(output / record.file, overwrite) if record.file in names else None
    if found is None:
        held = [name for name in record.results if name in names]
        if held and not overwrite:
            raise OutputError(
                f"output {output} holds {held[0]} of another origin: "
                "choose another output, or replace it with --overwrite"
            )
    elif found["status"] == "complete" and not overwrite:
        there, here = found["identity"], record.identity
        differs = differences(there, here, defaults(there, here))
        if differs:
            raise OutputError(
                f"output {output} holds another {record.what} ({'; '.join(differs)}): "
                "choose another output, or replace it with --overwrite"
            )


def write_evaluation(
    output: StoragePath, record: MeasuredRecord, files: Mapping[str, bytes]
) -> None:
    """Writes the results, each file whole or not at all, and then that they are complete.

    Raises:
        OutputError: They cannot be written.
    """
    record.status = "running"
    begun = {record.file: _as_json(record)}
    record.status = "complete"
    _write(output, begun)
    for name in record.results:
        if name not in files:
            _delete(output, name)  # of another one, which is replaced
    _write(output, {**files, record.file: _as_json(record)})


def _found(place: StoragePath, overwrite: bool) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(place.read_bytes())
        if found["format"] != FORMAT:
            raise ValueError
        return {"status": found["status"], "identity": dict(found["identity"])}
    except (ValueError, TypeError, KeyError):
        if overwrite:
            return None
        raise OutputError(
            f"{place} is not of this version of raydrift: choose another output, "
            "or replace it with --overwrite"
        ) from None


def _as_json(record: MeasuredRecord) -> bytes:
    content = {name: value for name, value in asdict(record).items() if value is not None}
    return json.dumps(content, indent=2).encode() + b"\n"


def _write(output: StoragePath, files: Mapping[str, bytes]) -> None:
    try:
        for name, content in files.items():
            (output / name).write_bytes(content)
    except OSError as error:
        raise _cannot_write(output, error) from error


def _delete(output: StoragePath, name: str) -> None:
    try:
        (output / name).delete()
    except OSError as error:
        raise _cannot_write(output, error) from error


def _cannot_write(output: StoragePath, error: OSError) -> OutputError:
    said = redacted(reason(error))
    return OutputError(f"output {output} cannot be written: {said}: choose another")
