"""The output folder of an experiment: a few files, the last of which says that all are there."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from raydrift.errors import OutputError, reason
from raydrift.paths import StoragePath, redacted
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from raydrift.storage.output import failing_as_output, made_folder
from raydrift.storage.record import differences

FORMAT: Final = 1
"""Goes up when the same settings give other numbers or other files."""


@dataclass
class EvaluationRecord:
    """The content of ``evaluation.json``.

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
        task: What the user's model gets right; None: none was asked, and there is no such key.
    """

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
    task: dict[str, Any] | None = None


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
    with made_folder(locked), failing_as_output(locked):
        try:
            with OutputLock(locked, tell=report) as lock:
                folder.create()
                yield lock
        finally:
            with suppress(OSError):
                folder.delete_if_empty()


def check_replaceable(
    output: StoragePath,
    record: EvaluationRecord,
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
    found = _found(output, overwrite) if layout.EVALUATION in names else None
    if found is None:
        held = [name for name in (*layout.EVALUATED, *layout.OF_TASK) if name in names]
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
                f"output {output} holds another evaluation ({'; '.join(differs)}): "
                "choose another output, or replace it with --overwrite"
            )


def write_evaluation(
    output: StoragePath, record: EvaluationRecord, files: Mapping[str, bytes]
) -> None:
    """Writes the results, each file whole or not at all, and then that they are complete.

    Raises:
        OutputError: They cannot be written.
    """
    record.status = "running"
    begun = {layout.EVALUATION: _as_json(record)}
    record.status = "complete"
    _write(output, begun)
    for name in layout.OF_TASK:
        if name not in files:
            _delete(output, name)  # of an evaluation that is replaced
    _write(output, {**files, layout.EVALUATION: _as_json(record)})


def _found(output: StoragePath, overwrite: bool) -> dict[str, Any] | None:
    place = output / layout.EVALUATION
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


def _as_json(record: EvaluationRecord) -> bytes:
    content = asdict(record)
    if record.task is None:
        del content["task"]
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
