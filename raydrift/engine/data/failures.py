"""A worker's failure: on its way to the driver, and in the one line that is said of it."""

import re
from pathlib import PurePath
from typing import Final

import pyarrow as pa

from raydrift.errors import RaydriftError
from raydrift.paths import redacted

FAILURE: Final = "failure"
"""The column with the name of an error's class; empty where all went well."""

MESSAGE: Final = "message"
"""The column with what the error says."""

_LONGEST: Final = 300
_CHAINED: Final = re.compile(
    r"^(?:The above exception was the direct cause of the following exception:"
    r"|During handling of the above exception, another exception occurred:)$",
    re.MULTILINE,
)
_FRAME: Final = re.compile(r'^\s+File "(?P<file>.+)", line (?P<line>\d+), in ')
_RAISED: Final = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*)(?:: (?P<said>.*))?$")
_BEGINS: Final = ("Traceback (most recent call last)", "ray::")  # Ray leaves frames out
_RAYS: Final = "ray."
_COLOUR: Final = re.compile(r"\x1b\[[\d;]*m")


def failure_row(error: RaydriftError) -> pa.Table:
    """What goes to the driver in the place of a result: Ray would lose the error's type."""
    return pa.Table.from_pylist([{FAILURE: type(error).__name__, MESSAGE: str(error)}])


def explain_failure(error: BaseException) -> str:
    """Says why a worker failed, and how to go on.

    Ray hands on an exception of its own, whose text has the worker's traceback: the reason is what
    was raised last that is not Ray's. Without a traceback the reason is the text's first line; what
    follows are hints.
    """
    return (
        f"a worker failed: {redacted(_reason(error))}: what is finished is kept; "
        "run the same command again, with --verbose for Ray's log"
    )


def _reason(error: BaseException) -> str:
    text = _COLOUR.sub("", str(error))
    raised = [found for part in _CHAINED.split(text) if (found := _raised(part)) is not None]
    ours = [found for kind, found in raised if not kind.startswith(_RAYS)]
    if ours:
        return ours[-1]
    for one in (getattr(error, "cause", None), error, error.__cause__):
        lines = [] if one is None else _COLOUR.sub("", str(one)).strip().splitlines()
        if lines:
            return f"{type(one).__name__}: {lines[0].strip()}"[:_LONGEST]
    return type(error).__name__


def _raised(traceback: str) -> tuple[str, str] | None:
    """What a traceback ends with: the exception's type, and that with its words and its place."""
    begun, place = False, ""
    lines = iter(traceback.splitlines())
    for line in lines:
        frame = _FRAME.match(line)
        if frame:
            begun, place = True, f" ({PurePath(frame['file']).name}:{frame['line']})"
        elif line.startswith(_BEGINS):
            begun = True
        elif begun and (found := _RAISED.match(line)):
            said = " ".join([found["said"] or "", *lines]).split()
            words = f": {' '.join(said)}"[:_LONGEST] if said else ""
            return found["kind"], f"{found['kind'].rpartition('.')[2]}{words}{place}"
    return None
